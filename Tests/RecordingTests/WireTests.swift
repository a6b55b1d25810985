import Contract
import Foundation
@testable import Recording
import SwiftProtobuf
import Testing

/// Batches as they come from the bus: found in their bytes without being decoded, and refused when they are none.
@Suite struct WireTests {
    private func batch() throws -> RecordBatch {
        var batch = RecordBatch()
        var decision = command("a", 3)
        decision.decision.verdict = .refuse
        batch.records = [started("a"), command("a", 2), decision, started("b"), ended("a", 4)]
        batch.durability = .synced
        var resumption = Resumption()
        resumption.session = "b"
        batch.resumptions = [resumption]
        return batch
    }

    @Test func recordsAreFoundAsTheyAre() throws {
        let batch = try batch()
        let found = try IncomingBatch(try batch.serializedBytes())
        #expect(found.durability == .synced)
        #expect(found.sessions == ["a", "b", "a"])
        #expect(found.resumptions["b"] == batch.resumptions[0])
        #expect(found.entries.map(\.head.sequence) == [1, 2, 3, 1, 4])
        #expect(found.entries.map(\.head.time) == batch.records.map(\.timeUs))
        let records = try found.entries.map { try Record(serializedBytes: Array(found.body[$0.record])) }
        #expect(records == batch.records)
    }

    @Test func cutBatchesAreNeverTakenForWhole() throws {
        let batch = try batch()
        let whole: [UInt8] = try batch.serializedBytes()
        for length in 0..<whole.count {
            // A cut between two fields leaves a batch of fewer records.
            guard let found = try? IncomingBatch(Array(whole[..<length])) else { continue }
            let records = try RecordBatch(serializedBytes: Array(whole[..<length])).records
            #expect(found.entries.count == records.count)
        }
    }

    @Test(
        arguments: [
            [0x0a], [0x0a, 0x05, 0x01], [0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
            [0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f], [0x00], [0x07], [0x0b],
            [0x08, 0x01], [0x12, 0x00],
            // A record with its session twice, with two events, with a session that is no text, with fields out of order.
            [0x0a, 0x06, 0x0a, 0x01, 0x61, 0x0a, 0x01, 0x62], [0x0a, 0x04, 0x52, 0x00, 0x5a, 0x00],
            [0x0a, 0x03, 0x0a, 0x01, 0xff], [0x0a, 0x05, 0x10, 0x01, 0x0a, 0x01, 0x61], [0x0a, 0x02, 0x08, 0x01],
        ] as [[UInt8]])
    func hostileBatchesAreRefused(_ bytes: [UInt8]) {
        #expect(throws: RecordingError.self) { try IncomingBatch(bytes) }
    }

    @Test func theIndexReadsTheSameAsADecoderDoes() throws {
        func event(_ change: (inout Record) -> Void) throws -> IndexedEvent {
            var record = command("a", 2)
            change(&record)
            let bytes: [UInt8] = try record.serializedBytes()
            return try bytes.withUnsafeBytes { raw in IndexedEvent(try RecordHead(raw), raw) }
        }
        #expect(try event { $0.command.command = 7 } == .command(7, nil))
        #expect(
            try event {
                $0.command.command = 7
                $0.command.memoised.verdict = .refuse
            } == .command(7, .init(verdict: .refuse)))
        #expect(try event { $0.decision.verdict = .refuse } == .decision(.init(verdict: .refuse)))
        guard case .decision(let decided) = try event({ $0.decision.rule = "no drops" }) else {
            Issue.record("no decision")
            return
        }
        #expect(decided.verdict == .unspecified && decided.rule.count == "no drops".utf8.count)
        #expect(try event { $0.hold.status = "pending" } == .held)
        #expect(try event { $0.hold.status = "approved" } == .other)
        #expect(try event { $0.result.bytes = 300 } == .result(bytes: 300, masked: []))
        #expect(try event { $0.result = CommandResult() } == .result(bytes: 0, masked: []))
        guard case .result(_, let masked) = try event({ $0.result.masked = [count("email"), count("ssn")] }) else {
            Issue.record("no result")
            return
        }
        #expect(masked.map(\.count) == [5, 3])
        #expect(try event { $0.output.data = Data([1]) } == .other)
        #expect(try event { $0.sessionEnded.reason = "bye" } == .ended(reason: "bye"))
        #expect(try event { $0.sessionResumed.after = 1 } == .resumed)
        var opening = SessionStarted()
        opening.resource = "orders"
        #expect(try event { $0.sessionStarted = opening } == .started(opening))
    }

    @Test func sequencesAreKeptAsRanges() throws {
        var set = SequenceSet()
        for sequence in UInt64(1)...100 { set.insert(sequence...sequence) }
        #expect(set.text == "1-100")
        set.insert(200...210)
        set.insert(150...160)
        set.insert(161...199)
        #expect(set.text == "1-100,150-210")
        set.insert(50...155)
        #expect(set.text == "1-210")
        set.insert(UInt64.max...UInt64.max)
        set.insert((UInt64.max - 1)...(UInt64.max - 1))
        #expect(set.ranges.last == (UInt64.max - 1)...UInt64.max)
        #expect(SequenceSet(text: set.text) == set)
        #expect(set.contains(210) && !set.contains(211))
        for text in ["1", "2-1", "a-b", "1-2-3", "-"] { #expect(SequenceSet(text: text) == nil) }
    }

    /// Fields that only a later contract has are kept as they came.
    @Test func fieldsOfALaterContractAreKept() throws {
        let known: [UInt8] = try started("a").serializedBytes()
        var record = known
        // Field 5, a varint, before the event; and in the batch field 9, bytes.
        let event = try #require(known.firstIndex(of: 0x52))
        record.insert(contentsOf: [0x28, 0x07], at: event)
        let body = [0x0A, UInt8(record.count)] + record + [0x10, 0x01, 0x4A, 0x02, 1, 2]
        let scratch = try Scratch()
        let writer = try scratch.writer()
        let ack = try writer.append([IncomingBatch(body)])
        #expect(ack.first?["a"]?.through == 1)
        let reader = try SegmentReader(path: scratch.segments[0])
        _ = try reader.next()
        let kept: [Record] = try reader.records()
        let bytes: [UInt8] = try kept[0].serializedBytes()
        #expect(bytes.count == record.count)
        #expect(scratch.verified().problems == [])
    }

    @Test func unreadableBatchesAreAnsweredForTheirSessions() throws {
        let good: [UInt8] = try started("a").serializedBytes()
        // A record whose sequence comes twice.
        let bad: [UInt8] = [0x0A, 1, 0x62, 0x10, 1, 0x10, 2]
        let body = [0x0A, UInt8(good.count)] + good + [0x0A, UInt8(bad.count)] + bad
        #expect(throws: RecordingError.self) { try IncomingBatch(body) }
        let refusal = IncomingBatch.refusal(ofUnreadable: body, "why")
        #expect(refusal.error == "why")
        #expect(refusal.sessions.map(\.session) == ["a", "b"])
        #expect(IncomingBatch.refusal(ofUnreadable: Array(body.dropLast(3)), "why").sessions.map(\.session) == ["a"])
        #expect(IncomingBatch.refusal(ofUnreadable: [0xFF], "why").sessions.isEmpty)
    }
}
