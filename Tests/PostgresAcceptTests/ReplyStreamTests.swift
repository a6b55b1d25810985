import Bus
import Configuration
import Contract
import Foundation
import Gateway
import Identity
import NIOCore
import NIOPosix
@testable import PostgresAccept
import PostgresWire
import SwiftProtobuf
import Testing

@Suite("Reply stream")
struct ReplyStreamTests {
    private static func bytes(_ text: String) -> [UInt8] { array(frame("D", text).bytes) }
    private static let ready = BackendEncoder.readyForQuery(.idle)
    private static var plan: MaskPlan {
        var plan = MaskPlan()
        plan.allComputed = true
        return plan
    }

    @Test func unmaskedRepliesPassAtOnce() throws {
        let rig = try ReplyStreamRig()
        let command = try ruling()
        try rig.run { rig in
            let command = Command(number: 4, ruling: command)
            rig.stream.append(frame("D", "plain").bytes, command: command)
            #expect(rig.stream.isEmpty)
            rig.stream.end(command)
            #expect(rig.finished == [4])
            #expect(command.bytes == 10)
        }
        #expect(try rig.text().contains("plain"))
    }

    /// What Sluice answers itself goes into no batch, and into no recording.
    @Test func unrecordedAnswersKeepTheirPlace() throws {
        let rig = try ReplyStreamRig()
        let allowed = try ruling()
        try rig.run { rig in
            let command = Command(number: 1, ruling: allowed)
            rig.stream.append(frame("A", "notified"), maskedBy: Self.plan, columns: nil, copy: nil, command: nil)
            rig.stream.append(unrecorded: frame("D", "value").bytes)
            rig.stream.end(command)
            rig.stream.flush()
        }
        let batch = try rig.batch()
        #expect(batch.payload == array(frame("A", "notified").bytes))
        #expect(try rig.run { $0.written }.isEmpty)
        try rig.answer(batch, batch.payload)
        #expect(try rig.run { $0.written } == batch.payload + Self.bytes("value"))
        #expect(try rig.run { $0.finished } == [1])
        let recorded = try rig.run {
            $0.recorded.map { if case .output(let output) = $0 { output.data } else { Data() } }
        }
        #expect(recorded == [Data(batch.payload)])
    }

    /// Two batches are with the masker: what comes meanwhile travels in one message, once it has an answer.
    @Test func whileTheMaskerIsBusyRowsGatherInOneBatch() throws {
        let rig = try ReplyStreamRig()
        let allowed = try ruling()
        try rig.run { rig in
            let command = Command(number: 1, ruling: allowed)
            for text in ["a", "b", "c", "d"] {
                rig.stream.append(frame("D", text), maskedBy: Self.plan, columns: [], copy: nil, command: command)
                rig.stream.flush()
            }
        }
        let sent = try rig.batches("a", "b")
        let (first, second) = (sent[0], sent[1])
        try rig.answer(first, Self.bytes("A"))
        var third = try rig.batch()
        while third.header.sequence == second.header.sequence { third = try rig.batch() }
        #expect(third.payload == Self.bytes("c") + Self.bytes("d"))
        try rig.answer(third, Self.bytes("C") + Self.bytes("D"))
        try rig.answer(second, Self.bytes("B"))
        #expect(try rig.run { $0.written } == ["A", "B", "C", "D"].flatMap(Self.bytes))
    }

    @Test func rowsAreHeldBackUntilTheyAreMasked() throws {
        let rig = try ReplyStreamRig()
        let allowed = try ruling()
        try rig.run { rig in
            let command = Command(number: 1, ruling: allowed)
            rig.stream.append(frame("D", "secret"), maskedBy: Self.plan, columns: [], copy: nil, command: command)
            rig.stream.append(frame("C", "SELECT 1").bytes, command: command)
            rig.stream.end(command)
            rig.stream.append(frame("N", "later").bytes, command: nil)
            rig.stream.flush()
            #expect(rig.written.isEmpty)
            #expect(rig.stream.queuedBytes > 0)
            #expect(rig.finished.isEmpty)
        }
        let batch = try rig.batch()
        #expect(batch.header.session == "s")
        #expect(try batch.body(as: MaskBatch.self).plan == Self.plan)
        #expect(try batch.body(as: MaskBatch.self).columnsKnown)
        #expect(batch.payload == array(frame("D", "secret").bytes) + array(frame("C", "SELECT 1").bytes))
        try rig.answer(batch, array(frame("D", "******").bytes) + array(frame("C", "SELECT 1").bytes))
        #expect(try rig.types() == "DCN")
        #expect(try !rig.text().contains("secret"))
        #expect(try rig.run { $0.finished } == [1])
        #expect(try rig.run { $0.stream.isEmpty && $0.stream.queuedBytes == 0 })
    }

    /// What the client does not take stays where it counts, for the session and over all of them.
    @Test func whatTheClientDoesNotTakeWaitsHere() throws {
        let rig = try ReplyStreamRig()
        let allowed = try ruling()
        try rig.run { rig in
            let command = Command(number: 1, ruling: allowed)
            rig.stream.append(frame("D", "a"), maskedBy: Self.plan, columns: [], copy: nil, command: command)
            rig.stream.flush()
            rig.clientTakesMore = false
        }
        try rig.answer(try rig.batch(), Self.bytes("A"))
        let waiting = Self.bytes("A").count
        #expect(try rig.run { $0.written.isEmpty && $0.stream.queuedBytes == waiting })
        #expect(rig.services.shared.replyBudget.waiting == waiting)
        try rig.run { rig in
            rig.clientTakesMore = true
            rig.stream.flush()
        }
        #expect(try rig.run { $0.written } == Self.bytes("A"))
        #expect(rig.services.shared.replyBudget.waiting == 0)
    }

    /// What is behind a batch that failed waits for no answer: the client hears of it once, and at once.
    @Test func behindAWithheldBatchNothingIsWaitedFor() throws {
        let rig = try ReplyStreamRig()
        let allowed = try ruling()
        try rig.run { rig in
            let command = Command(number: 1, ruling: allowed)
            for text in ["a", "b", "c"] {
                rig.stream.append(frame("D", text), maskedBy: Self.plan, columns: [], copy: nil, command: command)
                rig.stream.flush()
            }
            rig.stream.append(frame("C", "SELECT 3").bytes, command: command)
            rig.stream.end(command)
            rig.stream.append(Self.ready, command: nil)
            rig.stream.flush()
        }
        let sent = try rig.batches("a", "b")
        let (first, second) = (sent[0], sent[1])
        try rig.fail(first)
        #expect(try rig.types() == "EZ")
        #expect(try rig.run { $0.finished } == [1])
        #expect(try rig.run { $0.stream.isEmpty && $0.stream.queuedBytes == 0 })
        // A late answer is nothing.
        try rig.answer(second, Self.bytes("B"))
        #expect(try rig.types() == "EZ")
        #expect(try rig.run { $0.stream.queuedBytes } == 0)
    }

    @Test func aBudgetThatIsUsedUpLeavesEachItsShare() {
        let budget = ReplyBudget(limit: 1000)
        budget.change(by: 999)
        #expect(!budget.isUsedUp(with: ReplyBudget.share + 1))
        budget.change(by: 1)
        #expect(budget.isUsedUp(with: ReplyBudget.share + 1))
        #expect(!budget.isUsedUp(with: ReplyBudget.share))
        budget.change(by: -1000)
        #expect(budget.waiting == 0)
    }

    @Test func orderIsKeptWhenMaskersAnswerInAnother() throws {
        let rig = try ReplyStreamRig()
        let allowed = try ruling()
        try rig.run { rig in
            for number in UInt64(1)...2 {
                let command = Command(number: number, ruling: allowed)
                rig.stream.append(
                    frame("D", "row\(number)"), maskedBy: Self.plan, columns: nil, copy: nil, command: command)
                rig.stream.end(command)
            }
            rig.stream.flush()
        }
        let batches = [try rig.batch(), try rig.batch()]
        let second = try #require(batches.first { String(decoding: $0.payload, as: UTF8.self).contains("row2") })
        let first = try #require(batches.first { String(decoding: $0.payload, as: UTF8.self).contains("row1") })
        try rig.answer(second, second.payload)
        #expect(try rig.text().isEmpty)
        try rig.answer(first, first.payload)
        #expect(try rig.run { $0.finished } == [1, 2])
        let text = try rig.text()
        #expect(text.contains("row1") && text.hasSuffix("row2"))
    }

    @Test func aReplyThatCannotBeMaskedIsWithheldToItsEnd() throws {
        let rig = try ReplyStreamRig()
        let allowed = try ruling()
        try rig.run { rig in
            let command = Command(number: 1, ruling: allowed)
            rig.stream.append(frame("D", "secret"), maskedBy: Self.plan, columns: nil, copy: nil, command: command)
            rig.stream.append(frame("C", "SELECT 1").bytes, command: command)
            rig.stream.append(Self.ready, command: command)
            rig.stream.end(command)
            rig.stream.flush()
        }
        try rig.fail(try rig.batch())
        #expect(try rig.types() == "EZ")
        #expect(try !rig.text().contains("secret"))
        #expect(try rig.run { $0.finished } == [1])
        // The next command is not touched by it.
        try rig.run { $0.stream.append(frame("C", "SELECT 2").bytes, command: nil) }
        #expect(try rig.types() == "EZC")
    }

    /// Notices belong to no command, and so do the ReadyForQuery of two pipelined batches: nothing that was to be
    /// masked may pass behind the first of them.
    @Test func nothingUnmaskedPassesBehindReadyForQuery() throws {
        let rig = try ReplyStreamRig()
        try rig.run { rig in
            rig.stream.append(frame("N", "secret1"), maskedBy: Self.plan, columns: nil, copy: nil, command: nil)
            rig.stream.append(Self.ready, command: nil)
            rig.stream.append(frame("N", "secret2"), maskedBy: Self.plan, columns: nil, copy: nil, command: nil)
            rig.stream.append(Self.ready, command: nil)
            rig.stream.flush()
        }
        try rig.fail(try rig.batch())
        if try rig.run({ !$0.stream.isEmpty }) { try rig.fail(try rig.batch()) }
        #expect(try !rig.text().contains("secret"))
        #expect(try rig.types() == "EZEZ")
    }

    /// A response stage may send back anything.
    @Test func garbageFromAResponseStageDoesNoHarm() throws {
        let garbage: [[UInt8]] = [
            [0x44, 0x7f, 0xff, 0xff, 0xff], [0x44, 0xff, 0xff, 0xff, 0xff], [0x44, 0, 0, 0, 0], [0x44, 0, 0, 0, 5],
            [0x44], [],
            [0x44, 0, 0, 0, 4, 0x44, 0, 0, 0, 9, 1],
        ]
        for bytes in garbage {
            let rig = try ReplyStreamRig()
            let allowed = try ruling()
            try rig.run { rig in
                for number in UInt64(1)...2 {
                    let command = Command(number: number, ruling: allowed)
                    rig.stream.append(
                        frame("D", "secret\(number)"), maskedBy: Self.plan, columns: nil, copy: nil,
                        command: command)
                    rig.stream.end(command)
                }
                rig.stream.append(Self.ready, command: nil)
                rig.stream.flush()
            }
            // The first cannot be masked, so that the second is skipped over to ReadyForQuery.
            let batches = [try rig.batch(), try rig.batch()]
            for batch in batches {
                if String(decoding: batch.payload, as: UTF8.self).contains("secret1") {
                    try rig.fail(batch)
                } else {
                    try rig.answer(batch, bytes)
                }
            }
            #expect(try rig.types() == "EZ", "\(bytes)")
        }
    }

    @Test func aValueThatIsTooLargeIsWithheld() throws {
        let rig = try ReplyStreamRig()
        let allowed = try ruling()
        try rig.run { rig in
            let command = Command(number: 1, ruling: allowed)
            let large = message(UInt8(ascii: "D"), [UInt8](repeating: 0x61, count: ReplyStream.maskableMessage))
            rig.stream.append(large, maskedBy: Self.plan, columns: nil, copy: nil, command: command)
            #expect(rig.stream.isFull)
            rig.stream.append(Self.ready, command: command)
            rig.stream.end(command)
            rig.stream.flush()
            #expect(command.status == .failed)
        }
        #expect(try rig.types() == "EZ")
    }

    /// Audit events of a reply that nobody waits for any more, whatever became of it.
    @Test func whatStagesWantRecordedOfADroppedReplyIsRecorded() throws {
        let rig = try ReplyStreamRig(custom: true)
        let custom = try #require(rig.custom)
        let allowed = try ruling()
        try rig.run { rig in
            let command = Command(number: 3, ruling: allowed)
            for text in ["a", "b", "c"] {
                let row = frame("D", text + String(repeating: ".", count: ReplyStream.batchBytes))
                rig.stream.append(row, maskedBy: MaskPlan(), columns: [], copy: nil, command: command)
            }
            rig.stream.append(Self.ready, command: nil)
            rig.stream.flush()
        }
        let batches = try (0..<3).map { _ in try rig.batch(of: custom) }
            .sorted { $0.payload[5] < $1.payload[5] }
        try rig.fail(batches[0])
        #expect(try rig.types() == "EZ")
        #expect(try rig.run { $0.stream.isEmpty })
        // They are still in the lane, and count as long as they are.
        #expect(rig.services.shared.replyBudget.waiting > 2 * ReplyStream.batchBytes)
        try rig.answer(batches[1], batches[1].payload) { $0.emit("counted", ["rows": "1"]) }
        try rig.answer(batches[2], batches[2].payload) {
            $0.emit("exceeded")
            $0.refuse(rule: "row budget", reason: "spent", hint: "wait")
        }
        let events = try rig.run { rig in
            rig.recorded.compactMap { if case .stageEvent(let event) = $0 { event } else { nil } }
        }
        #expect(events.map(\.event.name) == ["counted", "exceeded", "reply-withheld"])
        #expect(events.allSatisfy { $0.command == 3 && $0.stage == "budget" })
        #expect(try rig.types() == "EZ")
        #expect(rig.services.shared.replyBudget.waiting == 0)
    }

    /// Or sessions that come and go would keep more and more.
    @Test func whatIsWithTheMaskerEndsWithTheStream() throws {
        let rig = try ReplyStreamRig(custom: true)
        let custom = try #require(rig.custom)
        let allowed = try ruling()
        try rig.run { rig in
            let command = Command(number: 1, ruling: allowed)
            for text in ["a", "b", "c"] {
                let row = frame("D", text + String(repeating: ".", count: ReplyStream.batchBytes))
                rig.stream.append(row, maskedBy: Self.plan, columns: [], copy: nil, command: command)
            }
            rig.stream.flush()
            #expect(rig.services.conductor.openExchanges == 3)
        }
        // One of them is further along the lane, one is withheld, and one is dropped for that.
        let batches = try (0..<3).map { _ in try rig.batch() }.sorted { $0.payload[5] < $1.payload[5] }
        try rig.answer(batches[2], batches[2].payload)
        _ = try rig.batch(of: custom)
        try rig.fail(batches[0])
        #expect(try rig.run { $0.services.conductor.openExchanges } == 2)
        #expect(rig.services.shared.replyBudget.waiting > 0)
        try rig.run { $0.stream.close() }
        #expect(try rig.run { $0.services.conductor.openExchanges } == 0)
        #expect(rig.services.shared.replyBudget.waiting == 0)
        try rig.answer(batches[1], batches[1].payload)
        #expect(try rig.types() == "E")
        #expect(rig.services.shared.replyBudget.waiting == 0)
    }

    @Test func theMaskerIsAskedOnlyWhenThereIsSomethingToMask() throws {
        let rig = try ReplyStreamRig(custom: true)
        let custom = try #require(rig.custom)
        let allowed = try ruling()
        try rig.run { rig in
            let command = Command(number: 5, ruling: allowed)
            rig.stream.append(
                frame("D", "plain"), maskedBy: MaskPlan(), columns: [], copy: nil, command: command)
            rig.stream.append(frame("D", "masked"), maskedBy: Self.plan, columns: [], copy: nil, command: command)
            rig.stream.end(command)
            rig.stream.flush()
        }
        let plain = try rig.batch(of: custom)
        let body = try plain.body(as: MaskBatch.self)
        #expect(body.principal.name == "agent-1" && body.resource == "orders" && body.command == 5)
        #expect(String(decoding: plain.payload, as: UTF8.self).contains("plain"))
        let masked = try rig.batch()
        #expect(String(decoding: masked.payload, as: UTF8.self).contains("masked"))
        try rig.answer(masked, masked.payload)
        let behind = try rig.batch(of: custom)
        #expect(behind.payload == masked.payload)
        try rig.answer(behind, behind.payload)
        try rig.answer(plain, plain.payload) { $0.emit("counted", ["rows": "1"]) }
        #expect(try rig.types() == "DD")
        let events = try rig.run { $0.recorded }
        guard case .stageEvent(let event)? = events.first else { throw MaskFailure(reason: "\(events)") }
        #expect(event.command == 5 && event.stage == "budget" && event.event.name == "counted")
    }

    @Test func aStageWithholdsAReplyAndWhatFollowsOfIt() throws {
        let rig = try ReplyStreamRig(custom: true)
        let custom = try #require(rig.custom)
        let allowed = try ruling()
        try rig.run { rig in
            let command = Command(number: 1, ruling: allowed)
            for text in ["first", "second"] {
                let row = frame("D", text + String(repeating: ".", count: ReplyStream.batchBytes))
                rig.stream.append(row, maskedBy: MaskPlan(), columns: [], copy: nil, command: command)
            }
            rig.stream.append(Self.ready, command: command)
            rig.stream.end(command)
            rig.stream.flush()
        }
        let batches = [try rig.batch(of: custom), try rig.batch(of: custom)]
        for batch in batches {
            let isFirst = String(decoding: batch.payload.prefix(12), as: UTF8.self).contains("first")
            try rig.answer(batch, batch.payload) {
                if isFirst { $0.refuse(rule: "row budget", reason: "the hour's rows are spent", hint: "wait") }
            }
        }
        #expect(try rig.types() == "EZ")
        let text = try rig.text()
        #expect(text.contains("42501") && text.contains("the hour's rows are spent") && text.contains("wait"))
        #expect(text.contains("The command itself ran."))
        #expect(!text.contains("second"))
        let events = try rig.run { $0.recorded }
        #expect(
            events.contains {
                if case .stageEvent(let event) = $0 { event.event.name == "reply-withheld" } else { false }
            })
    }

    @Test func aClosedStreamDropsWhatComesBack() throws {
        let rig = try ReplyStreamRig()
        try rig.run { rig in
            rig.stream.append(frame("D", "secret"), maskedBy: Self.plan, columns: nil, copy: nil, command: nil)
            rig.stream.flush()
        }
        let batch = try rig.batch()
        try rig.run { rig in
            rig.stream.close()
            #expect(rig.stream.isEmpty)
        }
        try rig.answer(batch, batch.payload)
        #expect(try rig.text().isEmpty)
    }
}
