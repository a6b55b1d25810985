import Foundation

/// How far a long input is, in one line on standard error when that is a terminal and the output is none.
struct MaskProgress {
    private static let firstAfter = Duration.seconds(1)
    private static let every = Duration.milliseconds(500)

    private let isShown = isatty(STDERR_FILENO) == 1 && isatty(STDOUT_FILENO) == 0
    private let begin = ContinuousClock.now
    private var latest: ContinuousClock.Instant?
    private var bytes = 0
    /// Of a file; nil for what has no length.
    private let total = MaskProgress.length(of: STDIN_FILENO)

    mutating func add(_ count: Int) {
        bytes += count
        guard isShown else { return }
        let now = ContinuousClock.now
        guard now - begin >= Self.firstAfter, latest.map({ now - $0 >= Self.every }) ?? true else { return }
        latest = now
        let seconds = (now - begin) / .seconds(1)
        let share = total.map { $0 > 0 ? ", \(min(100, bytes * 100 / $0)) %" : "" } ?? ""
        show("\r\(bytes >> 20) MiB masked\(share), \(Int(Double(bytes >> 20) / seconds)) MiB/s\u{1b}[K")
    }

    func end() {
        if latest != nil { show("\r\u{1b}[K") }
    }

    private func show(_ text: String) {
        FileHandle.standardError.write(Data(text.utf8))
    }

    private static func length(of descriptor: Int32) -> Int? {
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        return Int(status.st_size)
    }
}
