import Contract
import Recording
import Testing

@Suite struct IndexTests {
    @Test func sessionsAreListedAndFound() throws {
        let scratch = try Scratch()
        let writer = try scratch.writer()
        let index = try RecordingIndex(recordings: scratch.path)
        var refusal = command("abc-1", 3)
        refusal.decision.verdict = .refuse
        var result = command("abc-1", 4)
        result.result.bytes = 120
        _ = try writer.append(
            records: [started("abc-1"), command("abc-1", 2), refusal, result, ended("abc-1", 5)], durability: .written)
        try index.apply(writer.takeIndexChanges())
        _ = try writer.append(records: [started("abd-2", identity: "agent-2")], durability: .written)
        try index.apply(writer.takeIndexChanges())
        try index.apply(writer.takeIndexChanges())

        let first = try index.session("abc")
        #expect(first.id == "abc-1")
        #expect(first.identity == "agent-1")
        #expect(first.groups == ["ai-agents", "night"])
        #expect(first.commands == 2)
        #expect(first.bytes == 120)
        #expect(first.refused == 1)
        #expect(first.endReason == "client closed")
        #expect(throws: RecordingError.self) { try index.session("ab") }
        #expect(throws: RecordingError.self) { try index.session("") }
        #expect(throws: RecordingError.self) { try index.session("%") }
        #expect(try index.list().count == 2)
        #expect(try index.list(.init(identity: "agent-2")).map(\.id) == ["abd-2"])
        #expect(try index.list(.init(resource: "other")).isEmpty)
        #expect(try index.locations(of: "abd-2") == [.init(replica: "recorder-1", segment: 1, firstBlock: 2)])
    }

    @Test func lostIndexesAreRebuiltTheSame() throws {
        let scratch = try Scratch()
        var options = SegmentWriter.Options()
        options.segmentBytes = 400
        let writer = try scratch.writer(options)
        let index = try RecordingIndex(recordings: scratch.path)
        for session in ["a", "b", "c"] {
            _ = try writer.append(records: [started(session)], durability: .written)
            for sequence in UInt64(2)...6 {
                _ = try writer.append(records: [command(session, sequence)], durability: .written)
                try index.apply(writer.takeIndexChanges())
            }
        }
        let before = try index.list()
        try index.rebuild()
        #expect(try index.list() == before)
        // Changes that were never applied are read from the segments.
        _ = try writer.append(records: [started("d")], durability: .written)
        _ = writer.takeIndexChanges()
        _ = try writer.append(records: [command("d", 2)], durability: .written)
        try index.apply(writer.takeIndexChanges())
        #expect(try index.session("d").commands == 2)
        #expect(try index.session("d").identity == "agent-1")
    }

    /// A new recording in the place of one that was moved away.
    @Test func anotherRecordingOfTheSameNameIsReadAnew() throws {
        let scratch = try Scratch()
        let index = try RecordingIndex(recordings: scratch.path)
        let former = try scratch.writer()
        for session in ["a", "b", "c"] { _ = try former.append(records: [started(session)], durability: .written) }
        try index.apply(former.takeIndexChanges())
        try former.finish()
        try scratch.remove("recorder-1")
        let writer = try scratch.writer()
        #expect(try index.list().count == 3)
        _ = try writer.append(records: [started("d")], durability: .written)
        try index.apply(writer.takeIndexChanges())
        #expect(try index.list().map(\.id) == ["d"])
        _ = try writer.append(records: [started("e")], durability: .written)
        try index.apply(writer.takeIndexChanges())
        #expect(try Set(index.list().map(\.id)) == ["d", "e"])
        #expect(scratch.verified().problems == [])
    }

    @Test func anOlderCopyIsReadAnew() throws {
        let scratch = try Scratch()
        let index = try RecordingIndex(recordings: scratch.path)
        let former = try scratch.writer()
        _ = try former.append(records: [started("a")], durability: .written)
        let files = [scratch.replica + "/head", scratch.replica + "/checkpoint", scratch.segments[0]]
        let older = try files.map { try scratch.bytes($0) }
        for sequence in UInt64(2)...9 {
            _ = try former.append(records: [command("a", sequence)], durability: .written)
        }
        _ = try former.append(records: [started("b")], durability: .written)
        try index.apply(former.takeIndexChanges())
        try former.finish()
        for (file, bytes) in zip(files, older) { try scratch.overwrite(file, bytes) }
        let writer = try scratch.writer()
        guard case .olderCopy = try index.catchUp(replica: "recorder-1") else {
            Issue.record("not seen")
            return
        }
        _ = try writer.append(records: [started("c")], durability: .written)
        try index.apply(writer.takeIndexChanges())
        #expect(try Set(index.list().map(\.id)) == ["a", "c"])
    }

    @Test func rebuildingPassesOverADamagedReplica() throws {
        let scratch = try Scratch()
        for name in ["recorder-0", "recorder-1"] {
            let writer = try scratch.writer(named: name)
            _ = try writer.append(records: [started(name)], durability: .written)
            try writer.finish()
        }
        try scratch.overwrite(scratch.path + "/recorder-0/head", [1, 2, 3])
        let index = try RecordingIndex(recordings: scratch.path)
        #expect(throws: RecordingError.self) { try index.rebuild() }
        #expect(try index.list().map(\.id) == ["recorder-1"])
    }

    @Test func recordsAreReadByLocation() throws {
        let scratch = try Scratch()
        var options = SegmentWriter.Options()
        options.segmentBytes = 400
        let writer = try scratch.writer(options)
        let index = try RecordingIndex(recordings: scratch.path)
        for sequence in UInt64(1)...30 {
            _ = try writer.append(
                records: [command("a", sequence), command("ab", sequence)], durability: .written)
        }
        try index.apply(writer.takeIndexChanges())
        var found: [UInt64] = []
        try RecordingArchive(recordings: scratch.path).forEachRecord(of: "a", in: index.locations(of: "a")) {
            record throws(RecordingError) in found.append(record.sequence)
        }
        #expect(found == Array(1...30))
    }
}
