import Contract
import Foundation
@testable import Recording
import Testing

@Suite struct WriterTests {
    @Test func interleavedSessionsAreReadBack() throws {
        let scratch = try Scratch()
        let writer = try scratch.writer()
        let ack = try writer.append(
            records: [started("a"), started("b"), command("a", 2), command("b", 2), command("a", 3)],
            durability: .written)
        #expect(ack["a"]?.through == 3)
        #expect(ack["b"]?.through == 2)
        #expect(ack.error.isEmpty)
        #expect(try scratch.records(of: "a").map(\.sequence) == [1, 2, 3])
        #expect(try scratch.records(of: "b").map(\.sequence) == [1, 2])
        #expect(scratch.verified().isWhole)
    }

    @Test func duplicatesAreAcknowledgedOnceWritten() throws {
        let scratch = try Scratch()
        let writer = try scratch.writer()
        _ = try writer.append(records: [started("a"), command("a", 2)], durability: .written)
        let ack = try writer.append(records: [started("a"), command("a", 2), command("a", 3)], durability: .synced)
        #expect(ack["a"]?.through == 3)
        #expect(try writer.append(records: [command("a", 2)], durability: .synced)["a"]?.through == 3)
        #expect(try scratch.records(of: "a").count == 3)
    }

    @Test func gapsStayUnacknowledged() throws {
        let scratch = try Scratch()
        let writer = try scratch.writer()
        let ack = try writer.append(
            records: [
                started("a"), command("a", 3), command("a", 2), command("late", 2), command("", 1), command("z", 0),
            ],
            durability: .written)
        #expect(ack["a"]?.through == 1)
        #expect(ack["a"]?.error == "")
        #expect(ack["late"]?.error.isEmpty == false)
        #expect(ack["late"]?.through == 0)
        #expect(ack[""]?.error.isEmpty == false)
        #expect(ack["z"]?.error.isEmpty == false)
        #expect(try writer.append(records: [command("a", 2)], durability: .written)["a"]?.through == 2)
    }

    @Test func endedSessionsTakeDuplicatesOnly() throws {
        let scratch = try Scratch()
        var writer = try scratch.writer()
        for _ in 0..<2 {
            _ = try writer.append(records: [started("a"), ended("a", 2)], durability: .written)
            #expect(try writer.append(records: [ended("a", 2)], durability: .written)["a"]?.error == "")
            let ack = try writer.append(records: [command("a", 3)], durability: .written)
            #expect(ack["a"]?.error.isEmpty == false)
            #expect(ack["a"]?.through == 2)
            try writer.finish()
            writer = try scratch.writer()
        }
    }

    @Test func oversizedRecordsAreRefusedAlone() throws {
        let scratch = try Scratch()
        var options = SegmentWriter.Options()
        options.maxRecordBytes = 1000
        options.maxBlockBytes = 1500
        let writer = try scratch.writer(options)
        let long = String(repeating: "x", count: 900)
        let ack = try writer.append(
            records: [
                started("a"), command("a", 2, long + long), started("b"), command("b", 2, long), command("b", 3, long),
            ],
            durability: .written)
        #expect(ack["a"]?.through == 1)
        #expect(ack["a"]?.error.isEmpty == false)
        // The block is full: the rest is neither an error nor acknowledged.
        #expect(ack["b"]?.through == 2)
        #expect(ack["b"]?.error == "")
        #expect(try writer.append(records: [command("b", 3, long)], durability: .written)["b"]?.through == 3)
    }

    @Test func segmentsRollAndSessionsGoOn() throws {
        let scratch = try Scratch()
        var options = SegmentWriter.Options()
        options.segmentBytes = 600
        var writer = try scratch.writer(options)
        _ = try writer.append(records: [started("a"), started("gone"), ended("gone", 2)], durability: .written)
        for sequence in UInt64(2)...40 {
            if sequence.isMultiple(of: 7) {
                try writer.finish()
                writer = try scratch.writer(options)
                #expect(writer.recovery == .init())
            }
            #expect(
                try writer.append(records: [command("a", sequence)], durability: .written)["a"]?.through == sequence)
        }
        #expect(scratch.segments.count > 3)
        #expect(try writer.append(records: [ended("gone", 2)], durability: .written)["gone"]?.through == 2)
        #expect(try scratch.records(of: "a").map(\.sequence) == Array(1...40))
        let report = scratch.verified()
        #expect(report.problems == [])
        #expect(report.records == 42)
        #expect(report.sessions == 2)
        #expect(report.openSessions == 1)
        #expect(report.segments == scratch.segments.count)
    }

    @Test func oneWriterPerDirectory() throws {
        let scratch = try Scratch()
        let writer = try scratch.writer()
        do {
            _ = try scratch.writer()
            Issue.record("a second writer started")
        } catch let error as RecordingError {
            #expect(error.code == .locked)
        }
        try writer.finish()
        try scratch.writer().finish()
    }

    @Test func anotherKeyIsRefused() throws {
        let scratch = try Scratch()
        try scratch.writer().finish()
        #expect(throws: RecordingError.self) {
            try SegmentWriter(directory: scratch.replica, key: testKey(8))
        }
        #expect(!verify([scratch.path], keys: VerificationKeys(recording: [testKey(8)])).isWhole)
    }

    @Test func namesThatLeaveTheDirectoryAreRefused() throws {
        let scratch = try Scratch()
        for name in ["..", ".hidden", "a b", "ä", String(repeating: "x", count: 57)] {
            #expect(throws: RecordingError.self) {
                try SegmentWriter(directory: scratch.path + "/" + name, key: scratch.key)
            }
        }
    }

    @Test func keyIsCreatedOnceAndPrivate() throws {
        let scratch = try Scratch()
        let path = scratch.path + "/key"
        let key = try RecordingKey.load(creatingAt: path, for: scratch.path)
        #expect(try scratch.bytes(path).count == 32)
        #expect(try RecordingKey.load(creatingAt: path, for: scratch.path).verification == key.verification)
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
        #expect(mode == 0o600)
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
        #expect(throws: RecordingError.self) { try RecordingKey.load(path) }
    }

    @Test func noNewKeyForRecordings() throws {
        let scratch = try Scratch()
        try scratch.writer().finish()
        let path = scratch.path + "/key"
        #expect(throws: RecordingError.self) { try RecordingKey.load(creatingAt: path, for: scratch.path) }
        #expect(!FileManager.default.fileExists(atPath: path))
        try scratch.remove("recorder-1")
        _ = try RecordingKey.load(creatingAt: path, for: scratch.path)
        #expect(try scratch.bytes(path).count == 32)
    }

    @Test(arguments: [
        (0o600, 1000, true), (0o400, 1000, true), (0o640, 1000, false), (0o604, 1000, false),
        (0o400, 0, true), (0o440, 0, true), (0o640, 0, true), (0o660, 0, false), (0o444, 0, false), (0o450, 0, false),
    ])
    func keyMayBeReadByAGroupOnlyWhenRootHandsItOver(mode: UInt32, owner: UInt32, isPrivate: Bool) {
        var status = stat()
        status.st_mode = S_IFREG | mode
        status.st_uid = owner
        #expect(RecordingKey.isPrivate(status) == isPrivate)
    }
}
