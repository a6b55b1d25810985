import Bus
import Contract
import Foundation
import SwiftProtobuf

/// A message for the stage, and what is looked for in its answer.
struct Sample {
    var message: BusMessage
    /// Of the request lane.
    var judge = Judge()
}

/// What the kit knows of one lane: how to ask, and what an answer must be.
protocol Lane {
    var checks: LaneChecks { get }
    /// An ordinary message, new each time.
    func sample() throws -> Sample
    /// One with a payload of `bytes`.
    func large(bytes: Int) throws -> Sample
    /// Notes each check that the answer speaks to.
    func verify(_ answer: Answer, to sample: Sample, _ report: inout Report)
    /// What must be the same each time the message comes.
    func gist(_ answer: Answer) throws -> String
    /// Whether an answer lets something pass, which it must not do for what cannot be read.
    func passes(_ answer: Answer) -> Bool
}

/// The checks that are made in both lanes.
struct LaneChecks {
    let answers, resends, hostile, replyAddress, deadline, large, burst, presence: Check

    static let request = LaneChecks(
        answers: .requestAnswers, resends: .requestResends, hostile: .requestHostile,
        replyAddress: .requestReplyAddress, deadline: .requestDeadline, large: .requestLarge, burst: .requestBurst,
        presence: .requestPresence)
    static let response = LaneChecks(
        answers: .responseAnswers, resends: .responseResends, hostile: .responseHostile,
        replyAddress: .responseReplyAddress, deadline: .responseDeadline, large: .responseLarge,
        burst: .responseBurst, presence: .responsePresence)
}

extension Bench {
    /// How long a message may be under way as the kit says in its header, milliseconds.
    private static let deadline: UInt64 = 60_000
    /// A field that this contract does not know: number 1000, a varint.
    private static let unknownField: [UInt8] = [0xc0, 0x3e, 0x07]

    /// A header of the lane with every field set, and one that the contract does not know.
    func header(_ kind: Kind, _ lane: Contract.Lane, route: [String] = []) throws -> Header {
        var header = try Header(serializedBytes: Self.unknownField)
        header.contractVersion = BusMessage.contractVersion
        header.kind = kind
        header.lane = lane
        header.session = "conformance-session"
        header.sequence = nextSequence()
        header.route = route
        header.replyTo = workspace.replyTo
        header.deadlineMs = unixMilliseconds() + Self.deadline
        header.policyEpoch = Data([1, 2, 3])
        header.traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        return header
    }

    func ping() throws -> BusMessage {
        var header = try header(.ping, .presence)
        header.session = ""
        return BusMessage(header: header)
    }

    /// What is wrong with an answer to `ping`; nil when it is right.
    static func violation(of answer: Answer?, to ping: BusMessage) -> String? {
        guard let answer else { return "no PONG came" }
        guard answer.message.header.kind == .pong else { return "\(answer.message.header.kind) came" }
        guard answer.stop == Workspace.ingress else { return "PONG went to \(answer.stop), not to reply_to" }
        guard answer.message.header.lane == .presence else { return "PONG came in lane \(answer.message.header.lane)" }
        do {
            let pong = try answer.message.body(as: Pong.self)
            guard pong.stage == Workspace.stage, pong.replica == Workspace.replica else {
                return "PONG is of \(pong.stage).\(pong.replica)"
            }
            let age = Int64(bitPattern: unixMicroseconds() &- pong.incarnation)
            guard pong.incarnation != 0, abs(age) < 86_400_000_000 else {
                return "PONG's incarnation \(pong.incarnation) is not its start in Unix microseconds"
            }
            return nil
        } catch {
            return "PONG has no body"
        }
    }
}
