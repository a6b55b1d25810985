import Glibc
import Telemetry
import Testing

@testable import Supervisor

@Suite("Output queue")
struct OutputQueueTests {
    private func withQueue(_ body: (inout OutputQueue, Int32) throws -> Void) throws {
        let ends = try PipeEnds(blocking: false)
        var queue = OutputQueue(NonblockingOutput(ends.writer)) { "lost \($0)\n" }
        try body(&queue, ends.reader)
        ends.closeBoth()
    }

    private func read(_ reader: Int32, while flush: () -> Void) -> [Substring] {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = Glibc.read(reader, &buffer, buffer.count)
            guard count > 0 else { break }
            bytes += buffer[..<count]
            flush()
        }
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n")
    }

    @Test func linesComeInTheirOrder() throws {
        try withQueue { queue, reader in
            for number in 0..<3 { queue.add("\(number)\n") }
            #expect(queue.polled != nil)
            queue.flush()
            #expect(queue.polled == nil)
            #expect(read(reader, while: {}) == ["0", "1", "2"])
        }
    }

    @Test func withoutAReaderLinesAreCountedAndToldInTheirPlace() throws {
        try withQueue { queue, reader in
            let line = String(repeating: "x", count: 999) + "\n"
            let count = 3 * OutputQueue.maximumBytes / line.utf8.count
            for _ in 0..<count {
                queue.add(line)
                queue.flush()
            }
            let waiting = try #require(queue.polled)
            #expect(waiting.events == Int16(POLLOUT))
            let lines = read(reader) { queue.flush() }
            let lost = try #require(lines.last?.split(separator: " ").last.flatMap { Int($0) })
            #expect(lost > 0 && lines.count - 1 + lost == count)
            #expect(lines.dropLast().allSatisfy { $0.utf8.count == 999 })
            queue.add("after\n")
            queue.flush()
            #expect(read(reader, while: {}) == ["after"])
        }
    }

    @Test func endingDoesNotWaitForWhoDoesNotRead() throws {
        try withQueue { queue, reader in
            for _ in 0..<1000 { queue.add(String(repeating: "x", count: 999) + "\n") }
            queue.finish(milliseconds: 1)
            #expect(queue.polled != nil)
        }
    }

    @Test func aReaderThatIsGoneIsNoReasonToSpin() throws {
        _ = signal(SIGPIPE, SIG_IGN)
        let ends = try PipeEnds(blocking: false)
        var queue = OutputQueue(NonblockingOutput(ends.writer)) { "lost \($0)\n" }
        close(ends.reader)
        for _ in 0..<3 {
            queue.add("x\n")
            queue.flush()
            #expect(queue.polled == nil)
        }
        close(ends.writer)
    }
}

@Suite("Line limit")
struct LineLimitTests {
    @Test func passesSoManyInASecondAndTellsTheRestOnce() {
        var limit = LineLimit()
        let lines = (0..<700).map { "\($0)" }
        #expect(limit.take(lines, now: 5000) == (0, lines[...]))
        #expect(limit.take(lines, now: 5999).lines.count == LineLimit.perSecond - 700)
        #expect(limit.leftOut == 400)
        #expect(limit.take(["x"], now: 5999) == (0, []))
        let next = limit.take(["y"], now: 6000)
        #expect(next == (401, ["y"]))
        #expect(limit.take([], now: 7000) == (0, []))
    }
}
