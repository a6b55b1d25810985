import Contract
import Foundation
import Testing

@testable import Recording

@Suite struct EncryptionTests {
    private static let secret = "SELECT 'a word that stands in no other place'"

    private func records(_ scratch: Scratch, _ keys: DecryptionKeys?) throws -> [Record] {
        var found: [Record] = []
        try RecordingArchive(recordings: scratch.path, access: RecordingAccess(keys: keys)).forEachRecord(of: "a") {
            record throws(RecordingError) in found.append(record)
        }
        return found
    }

    @Test func onlyRecipientsReadAndEverybodyVerifies() throws {
        let scratch = try Scratch()
        let folder = try Scratch()
        let one = try KeyPair("one", KeyPair.x25519, in: folder.path)
        let two = try KeyPair("two", KeyPair.rsa, in: folder.path)
        let other = try KeyPair("other", KeyPair.x25519, in: folder.path)
        var options = SegmentWriter.Options()
        options.segmentBytes = 2000
        options.recipients = [one.recipient, two.recipient]
        let writer = try scratch.writer(options)
        _ = try writer.append(records: [started("a")], durability: .written)
        for sequence in UInt64(2)...30 {
            _ = try writer.append(records: [command("a", sequence, Self.secret)], durability: .written)
        }
        try writer.finish()
        #expect(scratch.segments.count > 2)
        for file in scratch.segments { #expect(Data(try scratch.bytes(file)).range(of: Data("a word".utf8)) == nil) }

        for keys in [try one.keys, try two.keys] {
            #expect(try records(scratch, keys).dropFirst().allSatisfy { $0.command.text == Self.secret })
            #expect(try records(scratch, keys).count == 30)
        }
        for keys in [nil, try other.keys] {
            let error = #expect(throws: RecordingError.self) { try records(scratch, keys) }
            #expect(error?.code == .encrypted)
        }

        let publicOnly = VerificationKeys(trusted: [scratch.key.verification])
        let proven = verify([scratch.path], keys: publicOnly)
        #expect(proven.problems == [])
        #expect(proven.records == 30)
        #expect(proven.sessions == 1)
        let read = verify([scratch.path], keys: VerificationKeys(recording: [scratch.key], decryption: try one.keys))
        #expect(read.problems == [])
        #expect(!verify([scratch.path], keys: VerificationKeys(trusted: [testKey(9).verification])).isWhole)
    }

    /// The recorder cannot go on with a segment whose data key only the process before it had.
    @Test func aStartGoesOnInANewSegment() throws {
        let scratch = try Scratch()
        let folder = try Scratch()
        let one = try KeyPair("one", KeyPair.x25519, in: folder.path)
        var options = SegmentWriter.Options()
        options.recipients = [one.recipient]
        for start in UInt64(0)..<4 {
            let writer = try scratch.writer(options)
            let first = start * 5
            if start == 0 { _ = try writer.append(records: [started("a")], durability: .written) }
            for sequence in (first + 1)...(first + 5) where sequence > 1 {
                _ = try writer.append(records: [command("a", sequence)], durability: .written)
            }
            try writer.finish()
        }
        #expect(scratch.segments.count == 4)
        #expect(try records(scratch, try one.keys).map(\.sequence) == Array(1...20))
        #expect(scratch.verified().problems == [])
        // Without recipients again, what comes next is not encrypted.
        let plain = try scratch.writer()
        _ = try plain.append(records: [command("a", 21)], durability: .written)
        try plain.finish()
        #expect(scratch.segments.count == 5)
        #expect(try records(scratch, try one.keys).count == 21)
        #expect(scratch.verified().problems == [])
    }

    /// Every byte of ciphertext, manifest, nonce and tag is bound.
    @Test func everyChangedByteOfAnEncryptedSegmentIsFound() throws {
        let scratch = try Scratch()
        let folder = try Scratch()
        let one = try KeyPair("one", KeyPair.x25519, in: folder.path)
        var options = SegmentWriter.Options()
        options.recipients = [one.recipient]
        let writer = try scratch.writer(options)
        _ = try writer.append(records: [started("a"), command("a", 2)], durability: .written)
        try writer.finish()
        let keys = VerificationKeys(trusted: [scratch.key.verification])
        let whole = try scratch.bytes(scratch.segments[0])
        for index in whole.indices {
            var changed = whole
            changed[index] ^= 0x01
            try scratch.overwrite(scratch.segments[0], changed)
            #expect(!verify([scratch.path], keys: keys).isWhole, "byte \(index)")
        }
    }

    /// A data key that opens, but is not the one that the segment was written with.
    @Test func anotherDataKeyIsFound() throws {
        let scratch = try Scratch()
        let folder = try Scratch()
        let one = try KeyPair("one", KeyPair.x25519, in: folder.path)
        var options = SegmentWriter.Options()
        options.recipients = [one.recipient]
        let writer = try scratch.writer(options)
        _ = try writer.append(records: [started("a")], durability: .written)
        try writer.finish()
        let sidecar = scratch.replica + "/00000001.slkeys"
        let name = SegmentName(replica: "recorder-1", number: 1)
        try scratch.overwrite(
            sidecar, try KeySidecar.encoded([UInt8](repeating: 1, count: 32), name, to: [one.recipient]))
        let keys = VerificationKeys(recording: [scratch.key], decryption: try one.keys)
        #expect(verify([scratch.path], keys: keys).problems.map(\.file) == [sidecar])
        #expect(throws: RecordingError.self) { try records(scratch, try one.keys) }
    }

    @Test func readingGoesOnBehindADestroyedDataKey() throws {
        let scratch = try Scratch()
        let folder = try Scratch()
        let one = try KeyPair("one", KeyPair.x25519, in: folder.path)
        var options = SegmentWriter.Options()
        options.recipients = [one.recipient]
        options.segmentBytes = 300
        let writer = try scratch.writer(options)
        _ = try writer.append(records: [started("a")], durability: .written)
        for sequence in UInt64(2)...3 {
            _ = try writer.append(records: [command("a", sequence)], durability: .written)
        }
        try FileManager.default.removeItem(atPath: scratch.replica + "/00000001.slkeys")
        let archive = RecordingArchive(recordings: scratch.path, access: RecordingAccess(keys: try one.keys))
        let tail = try ReplicaTail.open(archive, "recorder-1", at: .beginning).tail
        var last: UInt64?
        while let record = try tail.next() { last = record.sequence }
        #expect(last == 3)
        #expect(tail.takeFindings() == [.erased(from: 1)])
    }

    @Test func aDestroyedDataKeyMustBeNoted() throws {
        let scratch = try Scratch()
        let folder = try Scratch()
        let one = try KeyPair("one", KeyPair.x25519, in: folder.path)
        var options = SegmentWriter.Options()
        options.recipients = [one.recipient]
        options.segmentBytes = 300
        let writer = try scratch.writer(options)
        _ = try writer.append(records: [started("a")], durability: .written)
        _ = try writer.append(records: [command("a", 2)], durability: .written)
        try FileManager.default.removeItem(atPath: scratch.replica + "/00000001.slkeys")
        #expect(scratch.verified().problems.map(\.file) == [scratch.replica + "/00000001.slkeys"])
        #expect(try writer.carryOut(RemovalOrder(.erase, 1...1, reason: "asked for by the person")) == nil)
        try writer.finish()
        let keys = VerificationKeys(recording: [scratch.key], decryption: try one.keys)
        let report = verify([scratch.path], keys: keys)
        #expect(report.problems == [])
        #expect(report.notes.contains { $0.contains("data key is gone") })
    }

    /// Keys that are no recipients', with what to do.
    @Test(arguments: [["-algorithm", "ED25519"], ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"]])
    func otherKeysAreRefused(algorithm: [String]) throws {
        let folder = try Scratch()
        let error = #expect(throws: RecordingError.self) { try KeyPair("one", algorithm, in: folder.path) }
        #expect(error?.detail.contains("X25519") == true)
    }
}
