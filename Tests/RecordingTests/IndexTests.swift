import Contract
import Testing

@testable import Recording

@Suite struct IndexTests {
    @Test(arguments: IndexStore.allCases)
    func sessionsAreListedAndFound(store: IndexStore) async throws {
        let scratch = try Scratch()
        let writer = try scratch.writer()
        let index = try await store.index(scratch)
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

    @Test(arguments: IndexStore.allCases)
    func lostIndexesAreRebuiltTheSame(store: IndexStore) async throws {
        let scratch = try Scratch()
        var options = SegmentWriter.Options()
        options.segmentBytes = 400
        let writer = try scratch.writer(options)
        let index = try await store.index(scratch)
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
    @Test(arguments: IndexStore.allCases)
    func anotherRecordingOfTheSameNameIsReadAnew(store: IndexStore) async throws {
        let scratch = try Scratch()
        let index = try await store.index(scratch)
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

    /// Retention removes the first segment, by which a recording was known.
    @Test(arguments: IndexStore.allCases)
    func anotherRecordingIsKnownWithoutItsFirstSegment(store: IndexStore) async throws {
        let scratch = try Scratch()
        let index = try await store.index(scratch)
        for (session, count) in [("a", UInt64(20)), ("b", 40)] {
            var options = SegmentWriter.Options()
            options.segmentBytes = 400
            let writer = try scratch.writer(options)
            _ = try writer.append(records: [started(session)], durability: .written)
            if session == "a" { try index.apply(writer.takeIndexChanges()) }
            for sequence in 2...count {
                _ = try writer.append(records: [command(session, sequence)], durability: .written)
            }
            if session == "a" { try index.apply(writer.takeIndexChanges()) }
            try writer.finish()
            try scratch.remove("recorder-1/" + Format.segmentName(1))
            #expect(try index.catchUp(replica: "recorder-1") == (session == "a" ? .followed : .otherRecording))
            #expect(try index.list().map(\.id) == [session])
            if session == "a" { try scratch.remove("recorder-1") }
        }
    }

    /// Others may write to an index: a name from it does not lead out of the folder.
    @Test(arguments: IndexStore.allCases)
    func aNameThatLeadsElsewhereIsNotFollowed(store: IndexStore) async throws {
        let (scratch, other) = (try Scratch(), try Scratch())
        let index = try await store.index(scratch)
        for place in [scratch, other] {
            let writer = try place.writer()
            _ = try writer.append(records: [started("a")], durability: .written)
            if place === scratch { try index.apply(writer.takeIndexChanges()) }
            try writer.finish()
        }
        let name = "../" + (other.path.split(separator: "/").last ?? "") + "/recorder-1"
        try index.database.write { index throws(RecordingError) in
            try index.execute(
                "INSERT INTO session_segments(session, replica, segment, first_block) VALUES ($1, $2, $3, $4)",
                .text("a"), .text(name), .number(1), .number(1))
        }
        let parts = try index.parts(of: "a")
        #expect(parts.here.map(\.replica) == ["recorder-1"] && Array(parts.elsewhere.keys) == [name])
        #expect(try index.segmentSessions().map(\.replica) == ["recorder-1"])
        try index.rebuild()
        #expect(try index.parts(of: "a").here.map(\.replica) == ["recorder-1"])
    }

    @Test(arguments: IndexStore.allCases)
    func anOlderCopyIsReadAnew(store: IndexStore) async throws {
        let scratch = try Scratch()
        let index = try await store.index(scratch)
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

    @Test(arguments: IndexStore.allCases)
    func rebuildingPassesOverADamagedReplica(store: IndexStore) async throws {
        let scratch = try Scratch()
        for name in ["recorder-0", "recorder-1"] {
            let writer = try scratch.writer(named: name)
            _ = try writer.append(records: [started(name)], durability: .written)
            try writer.finish()
        }
        try scratch.overwrite(scratch.path + "/recorder-0/head", [1, 2, 3])
        let index = try await store.index(scratch)
        #expect(throws: RecordingError.self) { try index.rebuild() }
        #expect(try index.list().map(\.id) == ["recorder-1"])
    }

    @Test(arguments: IndexStore.allCases)
    func recordsAreReadByLocation(store: IndexStore) async throws {
        let scratch = try Scratch()
        var options = SegmentWriter.Options()
        options.segmentBytes = 400
        let writer = try scratch.writer(options)
        let index = try await store.index(scratch)
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

    /// Names come from policies, custom stages and clients.
    @Test(arguments: IndexStore.allCases)
    func hostileValuesAreValuesLikeOthers(store: IndexStore) async throws {
        let scratch = try Scratch()
        let writer = try scratch.writer()
        let index = try await store.index(scratch)
        let long = String(repeating: "ä", count: 100_000)
        let names = [
            "O'Brien\"; DROP TABLE sessions; --", "a\0b", "$1", "\\x00", "\u{FFFF}\u{10FFFF}", "%", long,
            "\n\r\t\u{1B}[2J",
            "x' OR ''='",
        ]
        for (place, name) in names.enumerated() {
            var start = started("s\(place)", identity: name)
            start.sessionStarted.principal.groups = [name]
            start.sessionStarted.principal.sourceAddress = name
            start.sessionStarted.resource = name
            var decision = command("s\(place)", 2)
            decision.decision.verdict = .allow
            decision.decision.rule = name
            var result = command("s\(place)", 3)
            result.result.masked = [count(name)]
            var end = ended("s\(place)", 4)
            end.sessionEnded.reason = name
            _ = try writer.append(records: [start, decision, result, end], durability: .written)
        }
        // An id with quotes, and one with a NUL.
        _ = try writer.append(records: [started("'\"$1"), started("a\0b")], durability: .written)
        try index.apply(writer.takeIndexChanges())
        #expect(try index.list(.init(limit: 100)).count == names.count + 2)
        for (place, name) in names.enumerated() {
            let shown = name.replacing("\0", with: "\u{FFFD}")
            for filter in [
                RecordingIndex.Filter(identity: name), .init(resource: name), .init(rule: name), .init(entity: name),
            ] {
                #expect(try index.list(filter).map(\.id) == ["s\(place)"], "\(name.prefix(20))")
            }
            let session = try index.session("s\(place)")
            #expect(session.identity == shown && session.resource == shown && session.source == shown)
            #expect(session.endReason == shown)
        }
        #expect(try index.session("'").id == "'\"$1")
        #expect(try index.session("a\0b").id == "a\u{FFFD}b")
        #expect(try index.totals(.init(limit: 100), by: .rule).count == names.count)
        let before = try index.list(.init(limit: 100))
        try index.rebuild()
        #expect(try index.list(.init(limit: 100)) == before)
    }
}
