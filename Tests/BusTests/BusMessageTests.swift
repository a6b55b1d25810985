@testable import Bus
import Contract
import Foundation
import SwiftProtobuf
import Testing

@Suite("Bus messages")
struct BusMessageTests {
    private func header(_ change: (inout Header) -> Void = { _ in }) throws -> [UInt8] {
        var header = Header()
        header.contractVersion = 1
        header.kind = .judge
        header.session = "0192"
        header.sequence = 7
        header.replyTo = "ipc:///run/bus/ingress/0"
        change(&header)
        return try header.serializedBytes()
    }

    @Test func carriesItsThreeParts() throws {
        let message = try BusMessage(parts: [try header(), [1], [2, 3]])
        #expect(message.header.session == "0192")
        #expect(message.body == [1])
        #expect(message.payload == [2, 3])
        #expect(try message.encodedHeader() == (try header()))
    }

    @Test(arguments: [0, 1, 2, 4, 5]) func anotherNumberOfPartsIsRefused(count: Int) throws {
        let parts = Array(repeating: try header(), count: count)
        #expect(failureCode { _ = try BusMessage(parts: parts) } == .malformed)
    }

    @Test func oversizedPartsAreRefused() throws {
        let large = [UInt8](repeating: 0, count: BusMessage.maximumPartSize + 1)
        #expect(failureCode { _ = try BusMessage(parts: [try header(), large, []]) } == .malformed)
        #expect(failureCode { _ = try BusMessage(parts: [try header(), [], large]) } == .malformed)
        #expect(failureCode { _ = try BusMessage(parts: [large, [], []]) } == .malformed)
        let largest = Array(large.dropLast())
        #expect(failureCode { _ = try BusMessage(parts: [try header(), [], largest]) } == nil)
    }

    @Test func headersCutAtAnyByteAreNotTakenForWholeOnes() throws {
        let whole = try header()
        for end in whole.indices {
            let message = try? BusMessage(parts: [Array(whole[..<end]), [], []])
            #expect(try message?.encodedHeader() != whole, "cut at \(end)")
        }
    }

    @Test func garbageHeadersAreRefused() {
        let garbage: [[UInt8]] = [
            [], [0], [0xff], [UInt8](repeating: 0xff, count: 64), [UInt8](repeating: 0x0a, count: 1000),
            // A string field of 2^32 - 1 bytes.
            [0x1a, 0xff, 0xff, 0xff, 0xff, 0x0f],
        ]
        for bytes in garbage {
            #expect(failureCode { _ = try BusMessage(parts: [bytes, [], []]) } != nil, "\(bytes.prefix(8))")
        }
    }

    @Test(arguments: [UInt32(0), 2, 99, .max]) func otherContractVersionsAreRefused(version: UInt32) throws {
        let bytes = try header { $0.contractVersion = version }
        #expect(failureCode { _ = try BusMessage(parts: [bytes, [], []]) } == .version)
    }

    @Test func unknownKindsAreRefused() throws {
        for kind in [Kind.unspecified, .UNRECOGNIZED(99), .UNRECOGNIZED(-1)] {
            let bytes = try header { $0.kind = kind }
            #expect(failureCode { _ = try BusMessage(parts: [bytes, [], []]) } == .malformed)
        }
        for kind in Kind.allCases where kind != .unspecified {
            let bytes = try header { $0.kind = kind }
            #expect(failureCode { _ = try BusMessage(parts: [bytes, [], []]) } == nil)
        }
    }

    @Test func undecodableBodiesAreRefusedWhenRead() throws {
        let message = try BusMessage(parts: [try header(), [0x0a, 200], []])
        #expect(failureCode { _ = try message.body(as: Judge.self) } == .malformed)
    }

    @Test func aReplyKeepsTheConversationAndDropsTheRoute() {
        var question = message(.judge, session: "abc", sequence: 9, payload: [1])
        question.header.route = ["approver"]
        question.header.deadlineMs = 5
        question.header.traceparent = "00-1-2-03"
        question.header.contractVersion = 42
        let answer = question.reply(.judged, body: [2], payload: [3])
        #expect(answer.header.kind == .judged)
        #expect(answer.header.session == "abc")
        #expect(answer.header.sequence == 9)
        #expect(answer.header.deadlineMs == 5)
        #expect(answer.header.traceparent == "00-1-2-03")
        #expect(answer.header.route.isEmpty)
        #expect(answer.header.contractVersion == 1)
        #expect(answer.body == [2])
        #expect(answer.payload == [3])
    }
}
