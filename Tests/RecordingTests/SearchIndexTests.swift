import Contract
import Foundation
import SwiftProtobuf
import Testing

@testable import Recording

/// Commands are found by their words, and proven by the recordings.
@Suite struct SearchIndexTests {
    /// A command with its decision in the same record.
    private static func decided(
        _ session: String, _ sequence: UInt64, _ text: String, _ verdict: Verdict = .allow, rule: String = "reads",
        tables: [String] = [], time: UInt64? = nil
    ) -> Record {
        var record = command(session, sequence, text)
        if let time { record.timeUs = time }
        record.command.memoised.verdict = verdict
        record.command.memoised.rule = rule
        record.command.memoised.tables = tables
        return record
    }

    private static func decision(_ session: String, _ sequence: UInt64, of number: UInt64, _ verdict: Verdict) -> Record
    {
        var record = command(session, sequence)
        record.decision.command = number
        record.decision.verdict = verdict
        record.decision.rule = "late"
        record.decision.tables = ["public.orders"]
        return record
    }

    private static func index(_ scratch: Scratch, _ content: SearchIndex.Content = .commands) throws -> SearchIndex {
        try SearchIndex(writing: scratch.path + "/" + SearchIndex.fileName, of: scratch.path, content)
    }

    private static func found(
        _ index: SearchIndex, _ filter: SearchFilter, _ replies: (any ReplyTextReader)? = nil
    ) throws -> [String] {
        try index.find(filter, replies: replies).map { "\($0.session)\($0.command)\($0.problem == nil ? "" : "!")" }
    }

    private static func found(_ index: SearchIndex, _ query: String) throws -> [String] {
        try found(index, SearchFilter(query: try SearchQuery(query)))
    }

    @Test func byWordsTableRuleAndDecision() throws {
        let scratch = try Scratch()
        let writer = try scratch.writer()
        var bound = Self.decided("b", 3, "SELECT $1")
        bound.command.parameters = [
            .with { $0.value = Data("carol@example.com".utf8) },
            .with {
                $0.format = 1
                $0.value = Data([0, 0, 0, 7])
            },
        ]
        _ = try writer.append(
            records: [
                started("a"), Self.decided("a", 2, "SELECT email FROM customers", tables: ["customers"]),
                Self.decided("a", 3, "DROP TABLE customers_2026", .refuse, rule: "no drops"),
                command("a", 4, "SELECT 1234567"),
                Self.decision("a", 5, of: 4, .allow),
            ], durability: .written)
        _ = try writer.append(
            records: [
                started("b", identity: "agent-2"),
                Self.decided("b", 2, "UPDATE sales.customers SET id = 7", tables: ["sales.customers"]), bound,
            ], durability: .written)
        let index = try Self.index(scratch)
        #expect(try index.update(replies: nil) == 5)
        #expect(try index.update(replies: nil) == 0)
        #expect(try index.blocksBehind().isEmpty)
        for (query, expected) in [
            ("select", ["a4", "b3", "a2"]), ("customers", ["a2", "b2"]), ("customer*", ["a3", "a2", "b2"]),
            ("1234567", ["a4"]), ("1234*", ["a4"]), ("carol@example.com", ["b3"]), ("\"drop table\"", ["a3"]),
            ("\"table drop\"", []), ("nothing", []), ("select update", []), ("cust* drop", ["a3"]),
        ] { #expect(try Self.found(index, query) == expected, "\(query)") }
        for (filter, expected) in [
            (SearchFilter(table: TableName("customers")), ["a2", "b2"]),
            (.init(table: TableName("sales.customers")), ["a2", "b2"]),
            (.init(table: TableName("public.customers")), ["a2"]), (.init(table: TableName("orders")), ["a4"]),
            (.init(rule: "no drops"), ["a3"]), (.init(rule: "none"), []), (.init(decision: .refuse), ["a3"]),
            (.init(identity: "agent-2"), ["b3", "b2"]), (.init(resource: "orders", limit: 1), ["a4"]),
            (.init(query: try SearchQuery("select"), identity: "agent-1", rule: "late"), ["a4"]),
            (.init(since: 1_700_000_000_000_003), ["a4", "a3", "b3"]),
            (.init(until: 1_700_000_000_000_003), ["a2", "b2"]),
        ] { #expect(try Self.found(index, filter).sorted() == expected.sorted(), "\(filter)") }
        let hit = try #require(try index.find(SearchFilter(query: try SearchQuery("drop")), replies: nil).first)
        #expect(hit.identity == "agent-1" && hit.resource == "orders" && hit.rule == "no drops")
        #expect(hit.text.map { String(decoding: $0[hit.match], as: UTF8.self) } == "DROP")
    }

    /// One that waits for a reviewer is found meanwhile, and once it was decided by that too; over a new start.
    @Test func whatIsNotDecidedYet() throws {
        let scratch = try Scratch()
        let writer = try scratch.writer()
        var hold = command("a", 3)
        hold.hold.command = 2
        hold.hold.status = "pending"
        _ = try writer.append(
            records: [started("a"), command("a", 2, "DELETE FROM orders"), hold], durability: .written)
        do {
            let index = try Self.index(scratch)
            #expect(try index.update(replies: nil) == 0)
            #expect(try Self.found(index, "delete") == ["a2"])
            #expect(try Self.found(index, SearchFilter(decision: .hold)) == ["a2"])
        }
        _ = try writer.append(records: [Self.decision("a", 4, of: 2, .allow)], durability: .written)
        let index = try Self.index(scratch)
        #expect(try index.update(replies: nil) == 1)
        for filter in [SearchFilter(decision: .hold), .init(decision: .allow), .init(rule: "late")] {
            #expect(try Self.found(index, filter) == ["a2"])
        }
    }

    @Test func repliesWhereTheyAreKept() throws {
        struct Plain: ReplyTextReader {
            func add(_ record: Record) -> String { String(decoding: record.result.output, as: UTF8.self) }
        }
        let scratch = try Scratch()
        let writer = try scratch.writer()
        var result = command("a", 3)
        result.result.command = 2
        result.result.output = Data("Zanzibar".utf8)
        _ = try writer.append(records: [started("a"), Self.decided("a", 2, "SELECT 1"), result], durability: .written)
        let index = try Self.index(scratch, .output)
        #expect(try index.update(replies: Plain()) == 1)
        let filter = SearchFilter(query: try SearchQuery("zanzibar select"))
        #expect(try Self.found(index, filter, Plain()) == ["a2"])
    }

    /// Another content is another index.
    @Test func changedContentIsReadAnew() throws {
        let scratch = try Scratch()
        let writer = try scratch.writer()
        _ = try writer.append(records: [started("a"), Self.decided("a", 2, "SELECT 1")], durability: .written)
        struct Silent: ReplyTextReader { func add(_ record: Record) -> String { "" } }
        do {
            let index = try Self.index(scratch)
            #expect(try index.update(replies: nil) == 1)
        }
        let index = try Self.index(scratch, .output)
        #expect(try index.content() == .output)
        #expect(try index.blocksBehind() == ["recorder-1": 1])
        #expect(try index.update(replies: Silent()) == 0)
        #expect(try Self.found(index, SearchFilter(query: try SearchQuery("select")), Silent()) == ["a2"])
    }

    @Test func anotherVersionIsReadAnew() throws {
        let scratch = try Scratch()
        let writer = try scratch.writer()
        _ = try writer.append(records: [started("a"), Self.decided("a", 2, "SELECT 1")], durability: .written)
        do {
            let index = try Self.index(scratch)
            try index.update(replies: nil)
        }
        let path = scratch.path + "/" + SearchIndex.fileName
        // The user version in SQLite's header (sqlite.org/fileformat.html).
        var bytes = try scratch.bytes(path)
        bytes[63] = 99
        try scratch.overwrite(path, bytes)
        #expect(throws: RecordingError.self) { try SearchIndex(reading: path, of: scratch.path) }
        let index = try Self.index(scratch)
        #expect(try index.update(replies: nil) == 1)
    }

    /// An older copy that was put back, and one that was emptied by another process while it was read.
    @Test func whatChangedUnderneathIsReadAnew() throws {
        let scratch = try Scratch()
        do {
            let writer = try scratch.writer()
            _ = try writer.append(
                records: [started("a"), Self.decided("a", 2, "SELECT 1"), Self.decided("a", 3, "SELECT 2")],
                durability: .written)
        }
        let index = try Self.index(scratch)
        #expect(try index.update(replies: nil) == 2)
        try scratch.remove("recorder-1")
        let writer = try scratch.writer()
        _ = try writer.append(records: [started("b"), Self.decided("b", 2, "SELECT 3")], durability: .written)
        #expect(try index.update(replies: nil) == 1)
        #expect(try Self.found(index, "select") == ["b2"])
        _ = try writer.append(records: [Self.decided("b", 3, "SELECT 4")], durability: .written)
        let other = try SearchIndex(reading: index.path, of: scratch.path)
        var isCleared = false
        try index.update(replies: nil) {
            if !isCleared { try? other.clear() }
            isCleared = true
            return true
        }
        #expect(try Self.found(index, "select").isEmpty)
        #expect(try index.update(replies: nil) == 2)
        #expect(try Self.found(index, "select") == ["b3", "b2"])
    }

    /// Interrupted after any block it goes on from there: nothing is missing, nothing comes twice.
    @Test func interruptedUpdatesGoOn() throws {
        let scratch = try Scratch()
        var options = SegmentWriter.Options()
        options.segmentBytes = 400
        let writer = try scratch.writer(options)
        _ = try writer.append(records: [started("a")], durability: .written)
        for number in UInt64(1)...20 {
            _ = try writer.append(records: [command("a", number * 2, "SELECT \(number)")], durability: .written)
            _ = try writer.append(
                records: [Self.decision("a", number * 2 + 1, of: number * 2, .allow)], durability: .written)
        }
        var sum = 0
        for _ in 0..<100 where try !Self.index(scratch).blocksBehind().isEmpty {
            var blocks = 0
            sum += try Self.index(scratch).update(replies: nil) {
                blocks += 1
                return blocks <= 1
            }
        }
        #expect(scratch.segments.count > 3)
        let found = try Self.found(try Self.index(scratch), "select")
        #expect(found.count == Set(found).count && found.count == sum && sum == 20)
    }

    /// What only the index names is said to be so.
    @Test func hitsInRemovedOrChangedSegments() throws {
        let scratch = try Scratch()
        var options = SegmentWriter.Options()
        options.segmentBytes = 400
        let writer = try scratch.writer(options)
        _ = try writer.append(records: [started("a"), Self.decided("a", 2, "SELECT early")], durability: .written)
        for number in UInt64(3)...12 {
            _ = try writer.append(records: [Self.decided("a", number, "SELECT \(number)")], durability: .written)
        }
        let index = try Self.index(scratch)
        try index.update(replies: nil)
        let first = try #require(scratch.segments.first)
        let whole = try scratch.bytes(first)
        var changed = whole
        changed[300] ^= 1
        try scratch.overwrite(first, changed)
        #expect(try Self.found(index, "early") == ["a2!"])
        try FileManager.default.removeItem(atPath: first)
        let hit = try #require(try index.find(SearchFilter(query: try SearchQuery("early")), replies: nil).first)
        #expect(hit.problem?.contains("removed") == true && hit.text == nil && hit.identity == "agent-1")
        #expect(try Self.found(index, SearchFilter(limit: 1)) == ["a12"])
    }

    /// Folders that were read one after the other: the latest are the latest of all.
    @Test func theLatestOfSeveralReplicas() throws {
        let scratch = try Scratch()
        let index = try Self.index(scratch)
        for name in ["recorder-1", "recorder-2"] {
            let writer = try scratch.writer(named: name)
            let isLate = name == "recorder-1"
            let session = isLate ? "late" : "early"
            var records = [started(session)]
            for number in UInt64(2)...3000 {
                records.append(
                    Self.decided(session, number, "SELECT 1", time: (isLate ? 2_000_000_000 : 1_000_000_000) + number))
            }
            _ = try writer.append(records: records, durability: .written)
            #expect(try index.update(replies: nil) == 2999)
        }
        var filter = SearchFilter(query: try SearchQuery("select"), limit: 3)
        #expect(try Self.found(index, filter) == ["late3000", "late2999", "late2998"])
        filter.until = 2_000_000_000
        #expect(try Self.found(index, filter) == ["early3000", "early2999", "early2998"])
    }

    /// Both recorders have it, since the session moved before the acknowledgement came.
    @Test func movedSessions() throws {
        let scratch = try Scratch()
        let (first, second) = (try scratch.writer(named: "recorder-1"), try scratch.writer(named: "recorder-0"))
        let answer = try first.append(records: [started("a"), Self.decided("a", 2, "SELECT 1")], durability: .written)
        let both = Self.decided("a", 3, "SELECT 2")
        _ = try first.append(records: [both], durability: .written)
        _ = try second.append(
            records: [both, Self.decided("a", 4, "SELECT 3")], durability: .written,
            resumptions: [answer.resumption("a")])
        let index = try Self.index(scratch)
        try index.update(replies: nil)
        #expect(
            try Self.found(index, SearchFilter(query: try SearchQuery("select"), identity: "agent-1")) == [
                "a4", "a3", "a2",
            ])
    }

    /// A segment that somebody put into a folder of its own.
    @Test func aFolderThatNoRecorderWrote() throws {
        let scratch = try Scratch()
        let writer = try scratch.writer()
        _ = try writer.append(records: [started("a"), Self.decided("a", 2, "SELECT 1")], durability: .written)
        let stray = scratch.path + "/recorder-2"
        try FileManager.default.createDirectory(atPath: stray, withIntermediateDirectories: false)
        try FileManager.default.copyItem(atPath: scratch.segments[0], toPath: stray + "/00000001.slseg")
        #expect(try RecordingArchive(recordings: scratch.path).strays() == ["recorder-2"])
        let index = try Self.index(scratch)
        #expect(try index.update(replies: nil) == 1)
        #expect(try index.blocksBehind().isEmpty)
        #expect(try Self.found(index, "select") == ["a2"])
        #expect(try TextScan(recordings: scratch.path, text: "SELECT").find(SearchFilter()).hits.count == 1)
    }

    @Test func oneWriterAtATime() throws {
        let scratch = try Scratch()
        let index = try Self.index(scratch)
        #expect(throws: RecordingError.self) { try Self.index(scratch) }
        #expect(try SearchIndex(reading: index.path, of: scratch.path).content() == .commands)
    }

    @Test func piecesOfTextWithoutAnIndex() throws {
        let scratch = try Scratch()
        var options = SegmentWriter.Options()
        options.segmentBytes = 400
        let writer = try scratch.writer(options)
        _ = try writer.append(records: [started("a"), command("a", 2, "SELECT 'Ab-%c'")], durability: .written)
        _ = try writer.append(records: [Self.decision("a", 3, of: 2, .refuse)], durability: .written)
        _ = try writer.append(records: [Self.decided("a", 4, "SELECT 'ab-%c'")], durability: .written)
        func found(_ text: String, _ filter: SearchFilter = SearchFilter()) throws -> [String] {
            try TextScan(recordings: scratch.path, text: text).find(filter).hits.map { "\($0.session)\($0.command)" }
        }
        #expect(try found("b-%c'") == ["a4", "a2"])
        #expect(try found("Ab-") == ["a2"])
        #expect(try found("b-%", SearchFilter(decision: .refuse)) == ["a2"])
        #expect(try found("b-%", SearchFilter(identity: "agent-2")).isEmpty)
        #expect(try found("b-%", SearchFilter(identity: "agent-1", table: TableName("orders"))) == ["a2"])
    }
}
