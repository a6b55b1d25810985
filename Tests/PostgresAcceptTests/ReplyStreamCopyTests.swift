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

/// Batches of a COPY: each begins with the row that the one before it cut.
@Suite("Reply stream of a COPY")
struct ReplyStreamCopyTests {
    private static let ready = BackendEncoder.readyForQuery(.idle)
    private static var plan: MaskPlan {
        var plan = MaskPlan()
        plan.allComputed = true
        return plan
    }

    @Test func batchesOfOneCopyGoOneAfterTheOtherWithTheirTail() throws {
        let rig = try ReplyStreamRig()
        let allowed = try ruling()
        let half = ReplyStream.batchBytes / 2 + 1
        try rig.run { rig in
            let command = Command(number: 1, ruling: allowed)
            var shape = CopyShape()
            shape.format = "csv"
            for _ in 0..<2 {
                rig.stream.append(
                    message(UInt8(ascii: "d"), [UInt8](repeating: 0x61, count: half)), maskedBy: Self.plan, columns: [],
                    copy: shape, command: command)
            }
            rig.stream.endCopy()
            rig.stream.flush()
        }
        let first = try rig.batch()
        #expect(try first.body(as: MaskBatch.self).tail.isEmpty)
        #expect(try !first.body(as: MaskBatch.self).last)
        #expect(try rig.next(of: rig.masker, within: 20) == nil)
        try rig.answer(first, [], tail: [7])
        let second = try rig.batch()
        #expect(try second.body(as: MaskBatch.self).tail == Data([7]))
        #expect(try second.body(as: MaskBatch.self).last)
        try rig.answer(second, array(frame("d", "x").bytes))
        #expect(try rig.types() == "d")
    }

    private func copyShape() -> CopyShape {
        var shape = CopyShape()
        shape.format = "csv"
        return shape
    }

    /// Four batches of one COPY, the first of which is answered with the tail that it was sent with: none.
    private func steadyCopy(_ rig: ReplyStreamRig) throws -> [BusMessage] {
        let allowed = try ruling()
        let shape = copyShape()
        try rig.run { rig in
            let command = Command(number: 1, ruling: allowed)
            rig.command = command
            for byte in 0x61...0x64 as ClosedRange<UInt8> {
                let text = [UInt8](repeating: byte, count: ReplyStream.batchBytes / 2 + 1)
                rig.stream.append(
                    message(UInt8(ascii: "d"), text), maskedBy: Self.plan, columns: [], copy: shape, command: command)
            }
            rig.stream.endCopy()
            rig.stream.flush()
        }
        let first = try rig.batch()
        #expect(try rig.next(of: rig.masker, within: 20) == nil)
        try rig.answer(first, array(frame("d", "a").bytes))
        var ahead: [UInt8: BusMessage] = [:]
        while ahead.count < 3 {
            let message = try rig.batch()
            ahead[message.payload[5]] = message
        }
        return try (0x62...0x64).map { try #require(ahead[$0]) }
    }

    /// What was sent before may come again.
    private func batch(of rig: ReplyStreamRig, tail: [UInt8]) throws -> BusMessage {
        while true {
            let message = try rig.batch()
            if try message.body(as: MaskBatch.self).tail == Data(tail) { return message }
        }
    }

    @Test func batchesOfACopyAreSentAheadWhileTheTailStaysTheSame() throws {
        let rig = try ReplyStreamRig()
        let sent = try steadyCopy(rig)
        for message in sent { #expect(try message.body(as: MaskBatch.self).tail.isEmpty) }
        try rig.answer(sent[2], array(frame("d", "d").bytes))
        try rig.answer(sent[1], array(frame("d", "c").bytes))
        #expect(try rig.types() == "d")
        try rig.answer(sent[0], array(frame("d", "b").bytes))
        #expect(try rig.types() == "dddd")
        #expect(try rig.run { $0.stream.queuedBytes } == 0)
    }

    /// Whatever became of what was sent ahead with a tail that proves wrong: it is not delivered, and nothing is withheld for it.
    @Test(arguments: [false, true]) func whatWasSentAheadWithAnotherTailIsMaskedAgain(_ fails: Bool) throws {
        let rig = try ReplyStreamRig()
        let sent = try steadyCopy(rig)
        if fails { try rig.fail(sent[1]) } else { try rig.answer(sent[1], array(frame("d", "wrong").bytes), tail: [3]) }
        try rig.answer(sent[0], array(frame("d", "b").bytes), tail: [7])
        try rig.answer(sent[2], array(frame("d", "wrong").bytes))
        let third = try batch(of: rig, tail: [7])
        #expect(third.payload == sent[1].payload)
        try rig.answer(third, array(frame("d", "c").bytes), tail: [8])
        let fourth = try batch(of: rig, tail: [8])
        #expect(fourth.payload == sent[2].payload)
        #expect(try fourth.body(as: MaskBatch.self).last)
        try rig.answer(fourth, array(frame("d", "d").bytes))
        #expect(try !rig.text().contains("wrong"))
        #expect(try rig.types() == "dddd")
        #expect(try rig.run { $0.stream.queuedBytes } == 0)
    }

    private func counted(_ reply: inout MaskReply) {
        reply.emit("counted", ["rows": "1"])
        var count = EntityCount()
        count.entity = "email"
        count.count = 1
        reply.counts = [count]
    }

    /// What a batch was masked to with a wrong tail says nothing: it comes again.
    @Test func whatIsMaskedAgainCountsOnce() throws {
        let rig = try ReplyStreamRig()
        let sent = try steadyCopy(rig)
        for message in sent[1...] { try rig.answer(message, array(frame("d", "wrong").bytes), counted) }
        #expect(try rig.run { $0.recorded.isEmpty })
        try rig.answer(sent[0], array(frame("d", "b").bytes), tail: [7], counted)
        try rig.answer(try batch(of: rig, tail: [7]), array(frame("d", "c").bytes), tail: [8], counted)
        try rig.answer(try batch(of: rig, tail: [8]), array(frame("d", "d").bytes), counted)
        #expect(try rig.types() == "dddd")
        #expect(try rig.run { $0.recorded.count } == 3)
        #expect(try rig.run { $0.command?.result().masked.map(\.count) } == [3])
    }

    /// What is behind a batch that failed reaches no client, whether its answer is here or comes later: it counts nothing, and
    /// what stages want recorded of it is.
    @Test(arguments: [false, true]) func behindABatchOfACopyThatFailedNothingCounts(_ takesMore: Bool) throws {
        let rig = try ReplyStreamRig()
        let sent = try steadyCopy(rig)
        try rig.run { $0.clientTakesMore = takesMore }
        try rig.answer(sent[1], array(frame("d", "c").bytes), counted)
        try rig.fail(sent[0])
        try rig.answer(sent[2], array(frame("d", "d").bytes), counted)
        try rig.run { rig in
            rig.clientTakesMore = true
            rig.stream.append(Self.ready, command: nil)
            rig.stream.flush()
        }
        #expect(try rig.types() == "dEZ")
        #expect(try rig.run { $0.recorded.count } == 2)
        #expect(try rig.run { $0.command?.result().masked.isEmpty } == true)
        #expect(try rig.run { $0.stream.isEmpty && $0.stream.queuedBytes == 0 })
        #expect(rig.services.shared.replyBudget.waiting == 0)
    }

    /// A COPY that an error ended leaves a cut row: it belongs to no other, whether the masker answered before or behind.
    @Test(arguments: [false, true])
    func theNextCopyBeginsWithoutTheTailOfOneThatFailed(_ answersLate: Bool) throws {
        let rig = try ReplyStreamRig()
        let allowed = try ruling()
        var shape = CopyShape()
        shape.format = "csv"
        let copy = shape
        try rig.run { rig in
            let command = Command(number: 1, ruling: allowed)
            rig.stream.appendStart(ofCopy: frame("H", "1").bytes, command: command)
            rig.stream.append(frame("d", "cut"), maskedBy: Self.plan, columns: [], copy: copy, command: command)
            rig.stream.flush()
        }
        let first = try rig.batch()
        let answer = { try rig.answer(first, [], tail: [7]) }
        if !answersLate { try answer() }
        try rig.run { rig in
            rig.stream.append(frame("E", "error").bytes, command: nil)
            rig.stream.append(Self.ready, command: nil)
            let command = Command(number: 2, ruling: allowed)
            rig.stream.appendStart(ofCopy: frame("H", "2").bytes, command: command)
            rig.stream.append(frame("d", "whole"), maskedBy: Self.plan, columns: [], copy: copy, command: command)
            rig.stream.flush()
        }
        if answersLate { try answer() }
        let second = try rig.batch()
        #expect(try second.body(as: MaskBatch.self).tail.isEmpty)
        try rig.answer(second, second.payload, tail: [8])
        // Its own tail it keeps, though nothing of it waits here any more.
        try rig.run { rig in
            let command = Command(number: 2, ruling: allowed)
            rig.stream.append(frame("d", "more"), maskedBy: Self.plan, columns: [], copy: copy, command: command)
            rig.stream.endCopy()
            rig.stream.flush()
        }
        let last = try rig.batch()
        #expect(try last.body(as: MaskBatch.self).tail == Data([8]))
        #expect(try last.body(as: MaskBatch.self).last)
    }
}
