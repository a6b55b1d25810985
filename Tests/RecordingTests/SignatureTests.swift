import Contract
import Foundation
import Testing

@testable import Recording

@Suite struct SignatureTests {
    /// Segments of one or two blocks each.
    private func recording(_ blocks: UInt64, key: RecordingKey? = nil, former: [RecordingKey] = []) throws -> Scratch {
        let scratch = try Scratch()
        try write(scratch, 1...blocks, key: key ?? scratch.key, former: former)
        return scratch
    }

    private func write(
        _ scratch: Scratch, _ sequences: ClosedRange<UInt64>, key: RecordingKey, former: [RecordingKey] = []
    ) throws {
        var options = SegmentWriter.Options()
        options.segmentBytes = 300
        options.formerKeys = former
        let writer = try SegmentWriter(directory: scratch.replica, key: key, options: options)
        for sequence in sequences {
            let record = sequence == 1 ? started("a") : command("a", sequence)
            _ = try writer.append(records: [record], durability: .written)
        }
        try writer.finish()
    }

    private func copy(_ scratch: Scratch) throws -> String {
        let path = scratch.path + "/copy-" + UUID().uuidString
        try FileManager.default.copyItem(atPath: scratch.replica, toPath: path)
        return path
    }

    @Test func anOlderCopyOfEverythingIsFoundByACheckpointKeptElsewhere() throws {
        let scratch = try recording(4)
        let older = try copy(scratch)
        try write(scratch, 5...8, key: scratch.key)
        let kept = try Scratch()
        try FileManager.default.copyItem(atPath: scratch.replica + "/checkpoint", toPath: kept.path + "/checkpoint")
        try FileManager.default.removeItem(atPath: scratch.replica)
        try FileManager.default.moveItem(atPath: older, toPath: scratch.replica)
        let keys = VerificationKeys(trusted: [scratch.key.verification])
        #expect(verify([scratch.path], keys: keys).problems == [])
        var options = VerificationOptions()
        options.remembered = [try SignedCheckpoint(file: kept.path + "/checkpoint")]
        let found = verify([scratch.path], keys: keys, options: options)
        #expect(found.problems.map(\.file) == [kept.path + "/checkpoint"])
        // And another history of the same length.
        try write(scratch, 5...8, key: scratch.key)
        #expect(verify([scratch.path], keys: keys).problems == [])
        #expect(!verify([scratch.path], keys: keys, options: options).isWhole)
    }

    @Test func everySegmentThatGoesIsFoundWithoutTheHead() throws {
        let scratch = try recording(6)
        let keys = VerificationKeys(trusted: [scratch.key.verification])
        #expect(verify([scratch.path], keys: keys).problems == [])
        for file in scratch.segments {
            let whole = try scratch.bytes(file)
            try FileManager.default.removeItem(atPath: file)
            #expect(verify([scratch.path], keys: keys).problems.contains { $0.file == file }, "\(file)")
            try scratch.overwrite(file, whole)
        }
        for name in ["checkpoint", "leaves"] {
            let whole = try scratch.bytes(scratch.replica + "/" + name)
            try FileManager.default.removeItem(atPath: scratch.replica + "/" + name)
            #expect(!verify([scratch.path], keys: keys).isWhole, "\(name)")
            for index in whole.indices {
                var changed = whole
                changed[index] ^= 0x01
                try scratch.overwrite(scratch.replica + "/" + name, changed)
                #expect(!verify([scratch.path], keys: keys).isWhole, "\(name) \(index)")
            }
            try scratch.overwrite(scratch.replica + "/" + name, whole)
        }
        #expect(verify([scratch.path], keys: keys).problems == [])
    }

    /// Whoever can write there, and has another key, makes everything anew.
    @Test func everythingMadeAnewUnderAnotherKeyIsFound() throws {
        let scratch = try recording(6, key: testKey(9))
        let own = VerificationKeys(trusted: [testKey(9).verification])
        #expect(verify([scratch.path], keys: own).problems == [])
        #expect(!verify([scratch.path], keys: VerificationKeys(trusted: [scratch.key.verification])).isWhole)
        #expect(verify([scratch.path], keys: VerificationKeys()).notes.contains { $0.contains("no public key") })
    }

    @Test func aRotatedKeyIsNamedByTheOneBefore() throws {
        let (old, new) = (testKey(1), testKey(2))
        let scratch = try recording(3, key: old)
        #expect(throws: RecordingError.self) { try write(scratch, 4...5, key: new) }
        try write(scratch, 4...5, key: new, former: [old])
        for trusted in [old, new] {
            let report = verify([scratch.path], keys: VerificationKeys(trusted: [trusted.verification]))
            #expect(report.problems == [])
        }
        #expect(verify([scratch.path], keys: VerificationKeys(recording: [new, old])).problems == [])
        #expect(!verify([scratch.path], keys: VerificationKeys(trusted: [testKey(3).verification])).isWhole)
        // A second time, and back at work without the first one.
        try write(scratch, 6...7, key: testKey(3), former: [new, old])
        try write(scratch, 8...9, key: testKey(3))
        #expect(verify([scratch.path], keys: VerificationKeys(trusted: [old.verification])).problems == [])
    }

    /// Whoever can write there names the trusted key in a seal of an own one, and in the header behind that seal. That key
    /// signed nothing of it.
    @Test func aTrustedKeyThatAForgedSealNamesProvesNothing() throws {
        let (forger, trusted) = (testKey(1), testKey(2))
        let scratch = try recording(1, key: forger)
        try write(scratch, 2...2, key: trusted, former: [forger])
        let file = scratch.replica + "/checkpoint"
        try scratch.overwrite(file, try SignedCheckpoint(file: file).checkpoint.signed(forger))
        for key in [forger, trusted] {
            let report = verify([scratch.path], keys: VerificationKeys(trusted: [key.verification]))
            #expect(report.problems.map(\.file).contains(file))
        }
        #expect(!verify([scratch.path], keys: VerificationKeys()).isWhole)
    }

    @Test func removedSegmentsMustBeNoted() throws {
        let scratch = try recording(8)
        let keys = VerificationKeys(trusted: [scratch.key.verification])
        for file in scratch.segments[..<3] { try FileManager.default.removeItem(atPath: file) }
        #expect(!verify([scratch.path], keys: keys).isWhole)
        let writer = try scratch.writer()
        #expect(try writer.carryOut(RemovalOrder(.remove, 1...3, reason: "older than 90 days")) == nil)
        try writer.finish()
        let report = verify([scratch.path], keys: keys)
        #expect(report.problems == [])
        #expect(report.notes.contains { $0.contains("3 segments were removed") })
        // One more than the notice says.
        try FileManager.default.removeItem(atPath: scratch.segments[0])
        #expect(!verify([scratch.path], keys: keys).isWhole)
    }

    @Test func oneSessionOrTimeIsProvenByItsSegmentsAlone() throws {
        let scratch = try Scratch()
        var options = SegmentWriter.Options()
        options.segmentBytes = 300
        let writer = try scratch.writer(options)
        for session in ["a", "b", "c"] {
            _ = try writer.append(records: [started(session), command(session, 2)], durability: .written)
            _ = try writer.append(records: [ended(session, 3)], durability: .written)
        }
        try writer.finish()
        let keys = VerificationKeys(trusted: [scratch.key.verification])
        let everything = verify([scratch.path], keys: keys)
        #expect(everything.problems == [])
        var scope = VerificationOptions()
        scope.scope = .session("b")
        let one = verify([scratch.path], keys: keys, options: scope)
        #expect(one.problems == [])
        #expect(one.records < everything.records && one.records >= 3)
        let file = scratch.segments[0]
        let whole = try scratch.bytes(file)
        var changed = whole
        changed[240 + 70] ^= 1
        try scratch.overwrite(file, changed)
        #expect(verify([scratch.path], keys: keys, options: scope).problems == [])
        #expect(!verify([scratch.path], keys: keys).isWhole)
        try scratch.overwrite(file, whole)
        scope.scope = .session("nobody")
        #expect(!verify([scratch.path], keys: keys, options: scope).isWhole)
        scope.scope = .time(0...1)
        #expect(verify([scratch.path], keys: keys, options: scope).records < everything.records)
        scope.scope = .time(0 ... .max)
        #expect(verify([scratch.path], keys: keys, options: scope).records == everything.records)
    }
}

/// What somebody makes who can write there and has no key of ours.
@Suite struct ForgeryTests {
    private let other = testKey(9)

    /// Segments 1 to `segments`, of a block each but the last one.
    fileprivate func recording(_ segments: Int, key: RecordingKey, in scratch: Scratch) throws {
        var options = SegmentWriter.Options()
        options.segmentBytes = 300
        let writer = try SegmentWriter(directory: scratch.replica, key: key, options: options)
        var sequence: UInt64 = 1
        while scratch.segments.count < segments {
            let record = sequence == 1 ? started("a") : command("a", sequence)
            _ = try writer.append(records: [record], durability: .written)
            sequence += 1
        }
        try writer.finish()
    }

    fileprivate func isWhole(_ scratch: Scratch) -> Bool {
        verify([scratch.path], keys: VerificationKeys(trusted: [scratch.key.verification])).isWhole
    }

    /// Notices in the recording excuse nothing, nor does a list that another key signed.
    @Test func whatNobodySignedExcusesNothing() throws {
        let scratch = try Scratch()
        try recording(4, key: scratch.key, in: scratch)
        let writer = try scratch.writer()
        try writer.note(["removed: segments 1-2: nobody asked"])
        try writer.finish()
        #expect(isWhole(scratch))
        for file in scratch.segments[..<2] { try FileManager.default.removeItem(atPath: file) }
        #expect(!isWhole(scratch))
        var list = RemovalList(replica: "recorder-1")
        list.add(RemovalOrder(.remove, 1...2, reason: "nobody asked"))
        try list.write(scratch.replica, key: other, files: SystemFiles())
        #expect(!isWhole(scratch))
        try list.write(scratch.replica, key: scratch.key, files: SystemFiles())
        #expect(isWhole(scratch))
    }

    /// The genuine checkpoint beside a recording of somebody's own.
    @Test func anotherRecordingUnderTheGenuineCheckpointIsFound() throws {
        let scratch = try Scratch()
        try recording(3, key: scratch.key, in: scratch)
        let checkpoint = try scratch.bytes(scratch.replica + "/checkpoint")
        let list = try scratch.bytes(scratch.path + "/replicas")
        try scratch.remove("recorder-1", "replicas")
        try recording(3, key: other, in: scratch)
        let own = try SegmentWriter(directory: scratch.replica, key: other)
        #expect(try own.carryOut(RemovalOrder(.remove, 1...2, reason: "nobody asked")) == nil)
        try own.finish()
        try scratch.overwrite(scratch.replica + "/checkpoint", checkpoint)
        try scratch.overwrite(scratch.path + "/replicas", list)
        #expect(!isWhole(scratch))
        for file in scratch.segments {
            try FileManager.default.removeItem(atPath: file)
            #expect(!isWhole(scratch))
        }
    }

    /// Somebody's own key, which the next segments name as the one before the genuine one.
    @Test func aKeyThatNamesATrustedOneIsNotTrusted() throws {
        let scratch = try Scratch()
        try recording(3, key: other, in: scratch)
        var options = SegmentWriter.Options()
        options.formerKeys = [other]
        let writer = try SegmentWriter(directory: scratch.replica, key: scratch.key, options: options)
        _ = try writer.append(records: [started("b")], durability: .written)
        try writer.finish()
        // Rotated by who has both keys: proven by the new one.
        #expect(isWhole(scratch))
        // And back to the other key, which the trusted one never named.
        options.formerKeys = [scratch.key]
        try SegmentWriter(directory: scratch.replica, key: other, options: options).finish()
        let report = verify(
            [scratch.path],
            keys: VerificationKeys(trusted: [try RecordingKey(seed: [UInt8](repeating: 5, count: 32)).verification]))
        #expect(!report.isWhole)
    }

    /// A header is proven by its own hash alone: the time in it decides nothing.
    @Test func aSegmentThatIsNotReadHasItsOwnHeader() throws {
        let scratch = try Scratch()
        try recording(5, key: scratch.key, in: scratch)
        var options = VerificationOptions()
        options.scope = .time(0...UInt64(Date().timeIntervalSince1970 * 1_000_000))
        let keys = VerificationKeys(trusted: [scratch.key.verification])
        #expect(verify([scratch.path], keys: keys, options: options).isWhole)
        var bytes = try scratch.bytes(scratch.segments[1])
        for index in 0..<8 { bytes[24 + index] = index < 7 ? 0xff : 0x0f }
        let chain = try ChainHasher().digest(Array(bytes[..<Format.segmentHeaderHashed]))
        bytes.replaceSubrange(Format.segmentHeaderHashed..<Format.segmentHeaderSize, with: chain)
        try scratch.overwrite(scratch.segments[1], bytes)
        #expect(!verify([scratch.path], keys: keys, options: options).isWhole)
    }

    /// Numbers at which counting would end, each in a header that is proven by its own hash.
    @Test(arguments: [(32, UInt64(0)), (32, .max), (40, .max)])
    func impossibleNumbersAreDamage(place: Int, number: UInt64) throws {
        let scratch = try Scratch()
        try recording(2, key: scratch.key, in: scratch)
        var bytes = try scratch.bytes(scratch.segments[0])
        for index in 0..<8 { bytes[place + index] = UInt8(truncatingIfNeeded: number >> UInt64(8 * index)) }
        let chain = try ChainHasher().digest(Array(bytes[..<Format.segmentHeaderHashed]))
        bytes.replaceSubrange(Format.segmentHeaderHashed..<Format.segmentHeaderSize, with: chain)
        try scratch.overwrite(scratch.segments[0], bytes)
        #expect(!isWhole(scratch))
        try scratch.overwrite(scratch.segments[0], Array(bytes[..<Format.segmentHeaderSize]))
        #expect(!isWhole(scratch))
    }

    /// A leaf that was changed is not signed anew.
    @Test func aStartProvesItsLeaves() throws {
        let scratch = try Scratch()
        try recording(4, key: scratch.key, in: scratch)
        var leaves = try scratch.bytes(scratch.replica + "/leaves")
        leaves[3] ^= 1
        try scratch.overwrite(scratch.replica + "/leaves", leaves)
        #expect(throws: RecordingError.self) { try scratch.writer() }
    }

    @Test func blocksBehindTheCheckpointAreCounted() throws {
        let scratch = try Scratch()
        try recording(2, key: scratch.key, in: scratch)
        let checkpoint = try scratch.bytes(scratch.replica + "/checkpoint")
        let writer = try scratch.writer()
        try writer.note(["one more"])
        try writer.finish()
        try scratch.overwrite(scratch.replica + "/checkpoint", checkpoint)
        let report = verify([scratch.path], keys: VerificationKeys(trusted: [scratch.key.verification]))
        #expect(report.isWhole)
        #expect(report.unsignedBlocks == 1)
        #expect(report.notes.contains { $0.contains("signed by nobody") })
    }
}

extension ForgeryTests {
    /// Without a checkpoint the last seal still says what the tree was.
    @Test func aStartProvesItsLeavesByTheLastSealToo() throws {
        let scratch = try Scratch()
        try recording(4, key: scratch.key, in: scratch)
        try FileManager.default.removeItem(atPath: scratch.replica + "/checkpoint")
        let leaves = try scratch.bytes(scratch.replica + "/leaves")
        var changed = leaves
        changed[3] ^= 1
        try scratch.overwrite(scratch.replica + "/leaves", changed)
        #expect(throws: RecordingError.self) { try scratch.writer() }
        try scratch.overwrite(scratch.replica + "/leaves", Array(leaves[..<32]))
        try scratch.writer().finish()
        #expect(isWhole(scratch))
    }

    /// A kept checkpoint whose segment is not here is proven by nothing.
    @Test func aRollbackBehindTheSegmentOfAKeptCheckpointIsFound() throws {
        let scratch = try Scratch()
        try recording(3, key: scratch.key, in: scratch)
        let older = scratch.path + "-older"
        defer { try? FileManager.default.removeItem(atPath: older) }
        try FileManager.default.copyItem(atPath: scratch.replica, toPath: older)
        try recording(4, key: scratch.key, in: scratch)
        let kept = try Scratch()
        try FileManager.default.copyItem(atPath: scratch.replica + "/checkpoint", toPath: kept.path + "/checkpoint")
        let leaves = try scratch.bytes(scratch.replica + "/leaves")
        try scratch.remove("recorder-1")
        try FileManager.default.moveItem(atPath: older, toPath: scratch.replica)
        // As many blocks as there were, by somebody who even has the key of heads.
        let writer = try scratch.writer()
        for number in 0..<8 { try writer.note(["forged \(number)"]) }
        try writer.finish()
        try scratch.overwrite(scratch.replica + "/leaves", leaves)
        var options = VerificationOptions()
        options.remembered = [try SignedCheckpoint(file: kept.path + "/checkpoint")]
        let keys = VerificationKeys(trusted: [scratch.key.verification])
        #expect(!verify([scratch.path], keys: keys, options: options).isWhole)
    }

    /// Whoever holds the lock makes it look as if a recorder ran.
    @Test func whatNobodySignedIsCountedBesideALiveRecorderToo() throws {
        let scratch = try Scratch()
        try recording(2, key: scratch.key, in: scratch)
        let checkpoint = try scratch.bytes(scratch.replica + "/checkpoint")
        let writer = try scratch.writer()
        _ = try writer.append(records: [started("forged")], durability: .written)
        try scratch.overwrite(scratch.replica + "/checkpoint", checkpoint)
        let keys = VerificationKeys(trusted: [scratch.key.verification])
        #expect(verify([scratch.path], keys: keys).unsignedBlocks == 1)
        var options = VerificationOptions()
        options.scope = .session("forged")
        #expect(!verify([scratch.path], keys: keys, options: options).isWhole)
        try writer.finish()
    }

    @Test func anotherReplicasListIsNotTakenOver() throws {
        let scratch = try Scratch()
        try recording(4, key: scratch.key, in: scratch)
        var list = RemovalList(replica: "recorder-2")
        list.add(RemovalOrder(.remove, 1...1, reason: "theirs"))
        try list.write(scratch.replica, key: scratch.key, files: SystemFiles())
        #expect(!isWhole(scratch))
        let writer = try scratch.writer()
        #expect(try writer.carryOut(RemovalOrder(.remove, 1...1, reason: "asked for")) != nil)
        try writer.finish()
        #expect(scratch.segments.first?.hasSuffix("00000001.slseg") == true)
    }

    @Test(arguments: ["\u{301}x", "a  b", "ends \u{301}", "ü\u{a0}"])
    func reasonsAreReadAsTheyWereGiven(reason: String) throws {
        let scratch = try Scratch()
        try recording(4, key: scratch.key, in: scratch)
        let order = RemovalOrder(.remove, 1...1, reason: reason)
        try order.give(to: scratch.replica, key: scratch.key)
        let writer = try scratch.writer()
        #expect(try writer.removals.waiting() == [order])
        #expect(try writer.carryOut(order) == nil)
        #expect(try writer.carryOut(RemovalOrder(.remove, 2...2, reason: reason)) == nil)
        try writer.finish()
        #expect(isWhole(scratch))
        #expect(
            try RemovalList.read(scratch.replica, keys: [scratch.key.verification])?.entries.map(\.reason)
                == [reason, reason])
    }
}
