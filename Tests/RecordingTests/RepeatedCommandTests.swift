import Contract
import Foundation
import Testing

@testable import Recording

/// A command of which less may be recorded has several records, and is one.
@Suite struct RepeatedCommandTests {
    enum Event: String {
        case undecided, metadata, full, remembered, held, decision, result, ended
    }

    struct Case: CustomTestStringConvertible {
        let events: [Event]
        /// nil: nothing of it is recorded.
        var text: String? = Self.text
        var decision: RecordingIndex.Filter.Decision? = .allow
        var wasHeld = false

        static let text = "DELETE FROM orders"
        var testDescription: String { events.map(\.rawValue).joined(separator: " ") }
    }

    /// As ingress writes them, and further ones.
    static let cases = [
        Case(events: [.undecided, .full, .decision, .result]),
        Case(events: [.undecided, .full, .decision]),
        Case(events: [.undecided, .decision, .full, .result]),
        Case(events: [.undecided, .held, .full, .decision, .held, .result], wasHeld: true),
        Case(events: [.undecided, .metadata, .decision, .result], text: nil),
        Case(events: [.undecided, .metadata, .decision, .ended], text: nil),
        Case(events: [.undecided, .held, .metadata, .decision, .result], text: nil, wasHeld: true),
        Case(events: [.remembered, .result], text: nil),
        // Refused after all, by what no rule says.
        Case(events: [.undecided, .metadata, .decision, .full, .result]),
        Case(events: [.remembered, .full, .result]),
        // Never decided.
        Case(events: [.undecided, .full, .result], decision: nil),
        Case(events: [.undecided, .full, .ended], decision: nil),
        Case(events: [.undecided], text: nil, decision: nil),
        // Sent again to another recorder.
        Case(events: [.undecided, .undecided, .full, .full, .decision, .result]),
    ]

    /// Command 1 of session "a", each record a microsecond after the one before.
    private static func records(_ events: [Event]) -> [Record] {
        events.enumerated().map { place, event in
            var record = command("a", UInt64(place) + 2)
            switch event {
            case .undecided:
                record.command = CommandReceived()
                record.command.undecided = true
            case .metadata, .remembered:
                record.command = CommandReceived()
                record.command.recording = .metadata
                if event == .remembered { record.command.memoised = decided() }
            case .full: record.command.text = Case.text
            case .held:
                record.hold.command = 1
                record.hold.status = "pending"
            case .decision: record.decision = decided()
            case .result: record.result.command = 1
            case .ended: record.sessionEnded = SessionEnded()
            }
            if case .command = record.event { record.command.command = 1 }
            return record
        }
    }

    private static func decided() -> DecisionMade {
        var decision = DecisionMade()
        decision.command = 1
        decision.verdict = .allow
        decision.rule = "quiet"
        decision.tables = ["public.orders"]
        return decision
    }

    private struct Silent: ReplyTextReader { func add(_ record: Record) -> String { "" } }

    /// In an index that learns each record by itself, and in one that learns all at once.
    @Test(arguments: cases, [SearchIndex.Content.commands, .output])
    func isFoundOnce(_ wanted: Case, _ content: SearchIndex.Content) throws {
        let scratch = try Scratch()
        var options = SegmentWriter.Options()
        options.segmentBytes = 400
        let writer = try scratch.writer(options)
        let slow = try SearchIndex(writing: scratch.path + "/slow.sqlite", of: scratch.path, content)
        for record in [started("a")] + Self.records(wanted.events) {
            _ = try writer.append(records: [record], durability: .written)
            try slow.update(replies: Silent())
        }
        let quick = try SearchIndex(writing: scratch.path + "/quick.sqlite", of: scratch.path, content)
        try quick.update(replies: Silent())
        for index in [slow, quick] {
            func found(_ filter: SearchFilter) throws -> [SearchHit] { try index.find(filter, replies: Silent()) }
            let hits = try found(SearchFilter(identity: "agent-1"))
            let hit = try #require(hits.first)
            #expect(hits.count == 1 && hit.command == 1 && hit.problem == nil && hit.decision == wanted.decision)
            #expect(hit.text.map { String(decoding: $0, as: UTF8.self) } == wanted.text ?? "")
            #expect(hit.time == 1_700_000_000_000_002)
            #expect(try found(SearchFilter(until: hit.time + 1)).count == 1)
            #expect(try found(.init(query: try SearchQuery("delete"))).count == (wanted.text == nil ? 0 : 1))
            let isDecided = wanted.decision == nil ? 0 : 1
            #expect(try found(.init(rule: "quiet")).count == isDecided)
            #expect(try found(.init(decision: .allow, table: TableName("orders"))).count == isDecided)
            #expect(try found(.init(decision: .hold)).count == (wanted.wasHeld ? 1 : 0))
        }
    }

    @Test(arguments: cases) func isScannedOnce(_ wanted: Case) throws {
        let scratch = try Scratch()
        let writer = try scratch.writer()
        for record in [started("a")] + Self.records(wanted.events) {
            _ = try writer.append(records: [record], durability: .written)
        }
        let hits = try TextScan(recordings: scratch.path, text: "FROM").find(SearchFilter()).hits
        #expect(hits.map(\.decision) == (wanted.text == nil ? [] : [wanted.decision]))
        #expect(hits.allSatisfy { $0.time == 1_700_000_000_000_002 })
    }

    @Test(arguments: cases) func isListedOnce(_ wanted: Case) throws {
        let scratch = try Scratch()
        let writer = try scratch.writer()
        let index = try RecordingIndex(recordings: scratch.path)
        var records = Self.records(wanted.events)
        for place in records.indices {
            if case .decision = records[place].event { records[place].decision.verdict = .refuse }
            if records[place].command.hasMemoised { records[place].command.memoised.verdict = .refuse }
        }
        for record in [started("a")] + records {
            _ = try writer.append(records: [record], durability: .written)
            try index.apply(writer.takeIndexChanges())
        }
        let session = try index.session("a")
        #expect(session.commands == 1 && session.refused == (wanted.decision == nil ? 0 : 1))
    }

    @Test(arguments: cases) func isOneEntry(_ wanted: Case) throws {
        var log = CommandLog()
        var entries: [CommandLog.Entry] = []
        for record in Self.records(wanted.events) {
            if let entry = log.add(record) { entries.append(entry) }
        }
        entries += log.unfinished()
        let entry = try #require(entries.first)
        #expect(entries.count == 1 && entry.received == 1_700_000_000_000_002 && entry.text == wanted.text ?? "")
        #expect(entry.verdict == (wanted.decision == nil ? .unspecified : .allow))
        #expect(entry.rule == (wanted.decision == nil ? "" : "quiet") && entry.holds.count == (wanted.wasHeld ? 1 : 0))
        #expect(entry.recording == (wanted.text == nil ? .metadata : .full))
    }
}
