import Contract
import Recording
import Testing

/// Records are read as they are acknowledged.
@Suite struct FollowerTests {
    private static func read(_ follower: RecordingFollower) throws -> [String] {
        var found: [String] = []
        try follower.poll { record throws(RecordingError) in found.append("\(record.session)\(record.sequence)") }
        return found
    }

    @Test func onlyWhatIsNew() throws {
        let scratch = try Scratch()
        var options = SegmentWriter.Options()
        options.segmentBytes = 400
        let writer = try scratch.writer(options)
        _ = try writer.append(records: [started("a")], durability: .written)
        let follower = RecordingFollower(recordings: scratch.path)
        try follower.start()
        #expect(try Self.read(follower).isEmpty)
        var expected: [String] = []
        // Over several segments.
        for sequence in UInt64(2)...12 {
            _ = try writer.append(records: [command("a", sequence)], durability: .written)
            expected.append("a\(sequence)")
            if sequence % 3 == 0 {
                #expect(try Self.read(follower) == expected)
                expected = []
            }
        }
        #expect(scratch.segments.count > 2)
        #expect(try Self.read(follower) == expected)
        #expect(try Self.read(follower).isEmpty)
    }

    /// A session that has moved to a replica that sorts before: what came later comes later.
    @Test func movedSessionsKeepTheirOrder() throws {
        let scratch = try Scratch()
        let (first, second) = (try scratch.writer(named: "recorder-1"), try scratch.writer(named: "recorder-0"))
        let follower = RecordingFollower(recordings: scratch.path)
        try follower.start()
        let answer = try first.append(records: [started("a"), command("a", 2)], durability: .written)
        _ = try second.append(
            records: [command("a", 3), command("a", 4)], durability: .written, resumptions: [answer.resumption("a")])
        let read = try Self.read(follower)
        #expect(read.filter { $0 != "a2" } == ["a1", "a3", "a4"], "\(read)")
    }

    @Test func aNewReplicaFromItsBeginning() throws {
        let scratch = try Scratch()
        let writer = try scratch.writer(named: "recorder-0")
        _ = try writer.append(records: [started("a")], durability: .written)
        let follower = RecordingFollower(recordings: scratch.path)
        try follower.start()
        let second = try scratch.writer(named: "recorder-1")
        _ = try second.append(records: [started("b")], durability: .written)
        _ = try writer.append(records: [command("a", 2)], durability: .written)
        #expect(try Self.read(follower) == ["b1", "a2"])
    }

    /// What stands behind the head is not acknowledged.
    @Test func damageIsNamed() throws {
        let scratch = try Scratch()
        let writer = try scratch.writer()
        _ = try writer.append(records: [started("a")], durability: .written)
        let follower = RecordingFollower(recordings: scratch.path)
        try follower.start()
        let before = try scratch.bytes(scratch.segments[0]).count
        _ = try writer.append(records: [command("a", 2)], durability: .written)
        var bytes = try scratch.bytes(scratch.segments[0])
        bytes[before + 70] ^= 1
        try scratch.overwrite(scratch.segments[0], bytes)
        #expect(throws: RecordingError.self) { try Self.read(follower) }
    }
}
