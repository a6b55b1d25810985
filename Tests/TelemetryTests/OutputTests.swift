import Foundation
import Glibc
import Testing

@testable import Telemetry

/// Standard output and error whose reader does not read.
@Suite("Nonblocking output")
struct OutputTests {
    enum Kind: CaseIterable, Sendable {
        case pipe, socket, terminal
    }

    /// Both ends; the writer blocks, as those that a process inherits do.
    private static func ends(_ kind: Kind) throws -> (reader: Int32, writer: Int32) {
        var ends: [Int32] = [-1, -1]
        switch kind {
        case .pipe: try #require(Glibc.pipe(&ends) == 0)
        case .socket: try #require(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0)
        case .terminal:
            // TIOCSPTLCK and TIOCGPTN of ioctl_tty(2): unlock it, and its number.
            ends[0] = open("/dev/ptmx", O_RDWR | O_NOCTTY)
            var (lock, number): (Int32, Int32) = (0, -1)
            try #require(ioctl(ends[0], 0x4004_5431, &lock) == 0 && ioctl(ends[0], 0x8004_5430, &number) == 0)
            ends[1] = open("/dev/pts/\(number)", O_RDWR | O_NOCTTY)
            try #require(ends[1] >= 0)
        }
        return (ends[0], ends[1])
    }

    private static func available(_ descriptor: Int32) -> Bool {
        var polled = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&polled, 1, 0) == 1
    }

    @Test(arguments: Kind.allCases)
    func neverWaitsForAReader(_ kind: Kind) throws {
        let (reader, writer) = try Self.ends(kind)
        defer {
            close(reader)
            close(writer)
        }
        let output = NonblockingOutput(writer)
        #expect(fcntl(writer, F_GETFL) & O_NONBLOCK == 0, "others have the same descriptor")
        let piece = [UInt8](repeating: 0x61, count: 10_000)
        var total = 0
        while case .written(let count) = piece.withUnsafeBytes(output.write) {
            #expect(count <= NonblockingOutput.atomicBytes)
            total += count
        }
        #expect(total > 0)
        #expect(piece.withUnsafeBytes(output.write) == .full)
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while Self.available(reader) { total -= read(reader, &buffer, buffer.count) }
        #expect(total == 0)
        #expect(piece.withUnsafeBytes(output.write) == .written(NonblockingOutput.atomicBytes))
    }

    @Test func whatCannotBeWrittenIsSaid() throws {
        let full = open("/dev/full", O_WRONLY | O_CLOEXEC)
        defer { close(full) }
        let output = NonblockingOutput(full)
        #expect([0x61].withUnsafeBytes(output.write) == .failed)
        #expect([0x61].withUnsafeBytes(NonblockingOutput(-1).write) == .failed)
    }

    @Test func aLogThatNobodyReadsIsCounted() throws {
        let (reader, writer) = try Self.ends(.pipe)
        defer {
            close(reader)
            close(writer)
        }
        let log = ProcessLog(descriptor: writer)
        log.use(.text, stage: "masker", replica: "0")
        let text = String(repeating: "x", count: LogEntry.maximumMessageBytes - 10)
        for number in 0..<100 { log.log(LogEntry(.error, "\(number) \(text)")) }
        #expect(log.suppressed.value > 0)
        #expect(log.suppressed.value + log.lines[.error].value == 100)
        // Whole lines only.
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while Self.available(reader) {
            let count = read(reader, &buffer, buffer.count)
            bytes += buffer[..<count]
        }
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
        #expect(lines.count == log.lines[.error].value)
        #expect(lines.allSatisfy { $0.hasSuffix("x") && $0.contains(" error masker.0: ") })
    }
}
