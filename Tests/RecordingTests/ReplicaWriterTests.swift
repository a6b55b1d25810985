import Contract
import Foundation
import Recording
import Testing

/// When a recorder takes work, and when it takes it again.
@Suite struct ReplicaWriterTests {
    private let scratch: Scratch
    private let files = FaultyFiles()
    private let second: UInt64 = 1_000_000_000

    init() throws { scratch = try Scratch() }

    private func writer() throws -> ReplicaWriter {
        try ReplicaWriter(directory: scratch.replica, key: scratch.key, files: files)
    }

    @Test func noWorkAfterAFailedWriteUntilOneSucceeds() throws {
        var writer = try writer()
        _ = try writer.append([try batch([started("a")])], now: second)
        #expect(writer.takesWork)
        files.set(.write(ENOSPC))
        #expect(throws: RecordingError.self) { try writer.append([try batch([command("a", 2)])], now: 2 * second) }
        #expect(writer.state == .failing(since: 2 * second, triedAt: 2 * second))
        writer.tick(now: 4 * second)
        #expect(writer.state == .failing(since: 2 * second, triedAt: 4 * second))
        files.set(.none)
        // Not more often than once a second.
        writer.tick(now: 4 * second + 1)
        #expect(!writer.takesWork)
        writer.tick(now: 5 * second)
        #expect(writer.takesWork && writer.problem == nil)
        #expect(try writer.append([try batch([command("a", 2)])], now: 6 * second).first?["a"]?.through == 2)
        try writer.finish()
        let report = scratch.verified()
        #expect(report.problems == [] && report.notes == [])
        #expect(try scratch.records(of: "").last?.notice.text == "recording goes on after a failure")
    }

    @Test func whatComesAnywayIsWrittenWhenItCanBe() throws {
        var writer = try writer()
        files.set(.write(ENOSPC))
        #expect(throws: RecordingError.self) { try writer.append([try batch([started("a")])], now: second) }
        files.set(.none)
        #expect(try writer.append([try batch([started("a")])], now: second + 1).first?["a"]?.through == 1)
        #expect(writer.takesWork)
    }

    /// The head could not be written: what is on disk is read anew, in this process.
    @Test func anUnknownHeadIsReadAnew() throws {
        var writer = try writer()
        _ = try writer.append([try batch([started("a")])], now: second)
        files.set(.writeOf(168))
        #expect(throws: RecordingError.self) { try writer.append([try batch([command("a", 2)])], now: 2 * second) }
        #expect(!writer.takesWork)
        writer.tick(now: 3 * second)
        #expect(!writer.takesWork)
        files.set(.none)
        #expect(throws: RecordingError.self) { try writer.append([try batch([command("a", 2)])], now: 3 * second) }
        writer.tick(now: 4 * second)
        #expect(writer.takesWork)
        #expect(try writer.append([try batch([command("a", 3)])], now: 5 * second).first?["a"]?.through == 3)
        try writer.finish()
        #expect(scratch.verified().problems == [])
    }

    @Test func aFailedSyncIsFinal() throws {
        var writer = try writer()
        _ = try writer.append([try batch([started("a")], .synced)], now: second)
        files.set(.synchronize)
        #expect(throws: RecordingError.self) {
            try writer.append([try batch([command("a", 2)], .synced)], now: 2 * second)
        }
        files.set(.none)
        for turn in UInt64(3)...10 {
            writer.tick(now: turn * second)
            #expect(throws: RecordingError.self) {
                try writer.append([try batch([command("a", 2)])], now: turn * second)
            }
            #expect(writer.state == .lost)
        }
        #expect(writer.problem?.detail.contains("replace the disk, then move the folder") == true)
        #expect(throws: RecordingError.self) { try self.writer() }
        // The operator moves the folder away.
        try scratch.remove("recorder-1")
        var next = try self.writer()
        #expect(try next.append([try batch([started("b")])], now: second).first?["b"]?.through == 1)
    }
}
