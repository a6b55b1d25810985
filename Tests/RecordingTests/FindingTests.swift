import Contract
import Recording
import Testing

/// Sessions are found by what was done in them.
@Suite struct FindingTests {
    private static let hour: UInt64 = 3_600_000_000

    /// Three sessions: `a` reads and is masked, `b` is refused by a memoised decision, `c` is held and goes on.
    private static func index(
        _ scratch: Scratch, of writer: SegmentWriter, in store: IndexStore
    ) async throws -> RecordingIndex {
        let index = try await store.index(scratch)
        var allowed = command("a", 3)
        allowed.decision.command = 2
        allowed.decision.verdict = .allow
        allowed.decision.rule = "reads"
        var result = command("a", 4)
        result.result.command = 2
        result.result.bytes = 100
        result.result.masked = [count("email", 3), count("*.ssn")]
        let first = [started("a"), command("a", 2), allowed, result, ended("a", 5)]
        var refused = command("b", 2)
        refused.command.memoised.verdict = .refuse
        refused.command.memoised.rule = "no drops"
        let second = [started("b", identity: "agent-2"), refused, ended("b", 3)]
        var hold = command("c", 3)
        hold.hold.command = 2
        hold.hold.id = "h1"
        hold.hold.status = "pending"
        let third = [started("c", identity: "agent-2"), command("c", 2), hold]
        for (place, records) in [first, second, third].enumerated() {
            let moved = records.map { record in
                var record = record
                record.timeUs = record.sequence + UInt64(place + 1) * hour
                return record
            }
            _ = try writer.append(records: moved, durability: .written)
            try index.apply(writer.takeIndexChanges())
        }
        return index
    }

    @Test(arguments: IndexStore.allCases)
    func byWhatWasDecidedMaskedAndWhen(store: IndexStore) async throws {
        let scratch = try Scratch()
        let writer = try scratch.writer()
        let index = try await Self.index(scratch, of: writer, in: store)
        let hour = Self.hour
        for (filter, expected) in [
            (RecordingIndex.Filter(), ["c", "b", "a"]), (.init(identity: "agent-2"), ["c", "b"]),
            (.init(rule: "reads"), ["a"]), (.init(rule: "no drops"), ["b"]), (.init(rule: "read"), []),
            (.init(decision: .allow), ["a"]), (.init(decision: .refuse), ["b"]), (.init(decision: .hold), ["c"]),
            (.init(entity: "email"), ["a"]), (.init(entity: "*.ssn"), ["a"]), (.init(entity: "ssn"), []),
            (.init(since: hour + 6), ["c", "b"]), (.init(since: hour + 5), ["c", "b", "a"]),
            (.init(since: 100 * hour), ["c"]), (.init(until: 2 * hour + 1), ["a"]), (.init(until: hour), []),
            (.init(since: 2 * hour, until: 3 * hour), ["b"]), (.init(isOpen: true), ["c"]),
            (.init(isOpen: false), ["b", "a"]), (.init(identity: "agent-2", rule: "reads"), []),
            (.init(limit: 1), ["c"]),
        ] {
            #expect(try index.list(filter).map(\.id) == expected, "\(filter)")
        }
        // The segments tell the same.
        let before = try index.totals(.init(), by: .rule)
        try index.rebuild()
        #expect(try index.list(.init(rule: "no drops", decision: .refuse)).map(\.id) == ["b"])
        #expect(try index.totals(.init(), by: .rule) == before && before.count == 2)
    }

    @Test(arguments: IndexStore.allCases)
    func sumsByGroup(store: IndexStore) async throws {
        let scratch = try Scratch()
        let writer = try scratch.writer()
        let index = try await Self.index(scratch, of: writer, in: store)
        func totals(
            _ grouping: RecordingIndex.Grouping, _ filter: RecordingIndex.Filter = .init()
        ) throws -> [String] {
            try index.totals(filter, by: grouping).map {
                "\($0.group) \($0.sessions) \($0.open) \($0.commands) \($0.refused) \($0.held) \($0.bytes)"
            }
        }
        #expect(try totals(.identity) == ["agent-2 2 1 4 1 1 0", "agent-1 1 0 2 0 0 100"])
        #expect(try totals(.resource) == ["orders 3 1 6 1 1 100"])
        #expect(try totals(.day) == ["1970-01-01 3 1 6 1 1 100"])
        #expect(try totals(.rule) == ["no drops 1 0 2 1 0 0", "reads 1 0 2 0 0 100"])
        #expect(try totals(.entity) == ["*.ssn 1 0 2 0 0 100", "email 1 0 2 0 0 100"])
        #expect(try totals(.decision, .init(identity: "agent-1")) == ["allow 1 0 2 0 0 100"])
        #expect(try totals(.decision, .init(isOpen: true)) == ["hold 1 1 2 0 1 0"])
        #expect(try totals(.identity, .init(limit: 1)).count == 1)
        #expect(try totals(.rule, .init(identity: "nobody")).isEmpty)
    }

    @Test(arguments: IndexStore.allCases)
    func sumsBeyondWhatTheDatabaseAdds(store: IndexStore) async throws {
        let scratch = try Scratch()
        let writer = try scratch.writer()
        let index = try await store.index(scratch)
        let largest = UInt64(Int64.max)
        for (session, bytes) in [("a", largest), ("b", UInt64.max), ("c", 3)] {
            var result = command(session, 2)
            result.result.bytes = bytes
            var last = command(session, 3)
            last.command.command = bytes
            _ = try writer.append(records: [started(session, identity: session), result, last], durability: .written)
        }
        try index.apply(writer.takeIndexChanges())
        let totals = try #require(try index.totals(.init(limit: 2), by: .resource).first)
        #expect(totals.bytes == .max && totals.commands == .max)
        #expect(try index.totals(.init(identity: "a"), by: .resource).map(\.bytes) == [largest])
        #expect(try index.totals(.init(), by: .identity).map(\.group) == ["a", "b", "c"])
    }

    /// A page goes on behind the one before it.
    @Test(arguments: IndexStore.allCases)
    func pagesJoin(store: IndexStore) async throws {
        let scratch = try Scratch()
        let writer = try scratch.writer()
        let index = try await Self.index(scratch, of: writer, in: store)
        var found: [String] = []
        var page = try index.page(.init(), after: nil, count: 2)
        while let last = page.last {
            found += page.map(\.id)
            page = try index.page(.init(), after: last, count: 2)
        }
        #expect(found == ["a", "b", "c"])
        #expect(try index.page(.init(identity: "agent-2"), after: nil).map(\.id) == ["b", "c"])
    }

    /// What was indexed by a former schema is read from the segments again.
    @Test(arguments: IndexStore.allCases)
    func aForgottenReplicaTakesItsMarksAlong(store: IndexStore) async throws {
        let scratch = try Scratch()
        let writer = try scratch.writer()
        let index = try await Self.index(scratch, of: writer, in: store)
        try writer.finish()
        try scratch.remove("recorder-1")
        let other = try scratch.writer()
        _ = try other.append(records: [started("d")], durability: .written)
        try index.apply(other.takeIndexChanges())
        #expect(try index.list(.init(rule: "reads")).isEmpty)
        #expect(try index.totals(.init(), by: .rule).isEmpty)
    }
}
