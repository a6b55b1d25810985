import Glibc
import Telemetry

/// Lines on their way to standard output, whose reader may be slow or stopped (Ctrl-S, a pager, a stuck collector):
/// the supervisor never waits for it. What does not fit is counted, and told in its place when lines flow again.
struct OutputQueue {
    /// Lines that wait, bytes.
    static let maximumBytes = 1 << 20

    private let output: NonblockingOutput
    private let notice: @Sendable (Int) -> String
    private var pending: [UInt8] = []
    /// Where in `pending` the bytes begin that are not written.
    private var start = 0
    private var lost = 0

    /// `notice`: the line that tells how many lines were lost.
    init(_ output: NonblockingOutput, notice: @escaping @Sendable (Int) -> String) {
        self.output = output
        self.notice = notice
    }

    /// What to wait for; nil when nothing waits.
    var polled: pollfd? {
        pending.isEmpty ? nil : pollfd(fd: output.descriptor, events: Int16(POLLOUT), revents: 0)
    }

    mutating func add(_ line: String) {
        // Once one is lost those after it are too, so that the notice stands where they are missing.
        guard lost == 0, pending.count - start + line.utf8.count <= Self.maximumBytes else {
            lost += 1
            return
        }
        pending += line.utf8
    }

    /// Writes what can be written at once.
    mutating func flush() {
        writePending()
        guard lost > 0, pending.isEmpty else { return }
        let count = lost
        lost = 0
        pending += notice(count).utf8
        writePending()
        // The notice itself could not be written.
        if lost > 0 { lost = count }
    }

    private mutating func writePending() {
        while start < pending.count {
            switch pending.withUnsafeBytes({ output.write(UnsafeRawBufferPointer(rebasing: $0[start...])) }) {
            case .written(let count): start += count
            case .full:
                pending.removeSubrange(..<start)
                start = 0
                return
            case .failed:
                lost += pending[start...].count { $0 == 0x0a }
                start = pending.count
            }
        }
        pending.removeAll(keepingCapacity: true)
        start = 0
    }

    /// Writes what waits, for at most so many milliseconds.
    mutating func finish(milliseconds: UInt64) {
        let deadline = Clock.monotonic() + milliseconds * 1_000_000
        flush()
        while var polled {
            let now = Clock.monotonic()
            guard now < deadline else { return }
            _ = poll(&polled, 1, Int32(clamping: (deadline - now + 999_999) / 1_000_000))
            flush()
        }
    }
}
