import Bus
import Contract
import Foundation
import SwiftProtobuf

/// What may be wrong with a decision and the message that carries it; nil: nothing.
extension RequestLane {
    static func earlierViolation(_ decisions: [SignedDecision], _ earlier: [SignedDecision]) -> String? {
        guard decisions.starts(with: earlier) else {
            return decisions.count <= earlier.count
                ? "the decision of the stage before it is gone" : "the decision of the stage before it was changed"
        }
        return decisions.count > earlier.count + 1 ? "\(decisions.count - earlier.count) decisions were added" : nil
    }

    static func bindingViolation(_ decision: Decision, _ sample: Sample) -> String? {
        let header = sample.message.header
        let judge = sample.judge
        let wrong = [
            ("stage", decision.stage == Workspace.stage), ("session", decision.session == header.session),
            ("sequence", decision.sequence == header.sequence), ("digest", decision.digest == judge.digest),
            ("identity", decision.identity == judge.principal.name),
            ("resource", decision.resource == judge.resource), ("purpose", decision.purpose == judge.purpose),
            ("seen", decision.seen.elementsEqual(SeenDigest.of(judge, text: sample.message.payload))),
            ("decided_at_ms", decision.decidedAtMs != 0),
        ].filter { !$0.1 }.map(\.0)
        return wrong.isEmpty ? nil : "wrong in the decision: \(wrong.joined(separator: ", "))"
    }

    static func routeViolation(_ answer: Answer, _ sample: Sample, _ decision: Decision) -> String? {
        let header = answer.message.header
        let isHeld = sample.judge.hasHold || decision.verdict == .hold
        var route = sample.message.header.route
        if !isHeld, route.first == Workspace.approver { route.removeFirst() }
        let way = "[\(sample.message.header.route.joined(separator: ", "))]\(isHeld ? " with a hold" : "")"
        guard decision.verdict != .refuse, let stop = route.first else {
            let why = decision.verdict == .refuse ? "after a refusal" : "with route \(way)"
            guard answer.stop == Workspace.ingress, header.kind == .judged else {
                return "\(why) it sent \(header.kind) to \(answer.stop), not JUDGED to reply_to"
            }
            guard header.route.isEmpty, answer.message.body.isEmpty, answer.message.payload.isEmpty else {
                return "at the lane's end route, body and payload are not empty"
            }
            return nil
        }
        guard answer.stop == stop, header.kind == .judge else {
            return "with route \(way) it sent \(header.kind) to \(answer.stop), not JUDGE to \(stop)"
        }
        guard header.route == Array(route.dropFirst()) else {
            return "with route \(way) it passed on [\(header.route.joined(separator: ", "))]"
        }
        return nil
    }

    static func headerViolation(_ header: Header, _ sent: Header) -> String? {
        let wrong = [
            ("contract_version", header.contractVersion == sent.contractVersion),
            ("session", header.session == sent.session), ("lane", header.lane == sent.lane),
            ("reply_to", header.replyTo == sent.replyTo), ("deadline_ms", header.deadlineMs == sent.deadlineMs),
            ("policy_epoch", header.policyEpoch == sent.policyEpoch),
            ("traceparent", header.traceparent == sent.traceparent), ("attempt", header.attempt == sent.attempt),
            ("unknown fields", header.unknownFields == sent.unknownFields),
        ].filter { !$0.1 }.map(\.0)
        return wrong.isEmpty ? nil : "changed in the header: \(wrong.joined(separator: ", "))"
    }

    static func commandViolation(_ answer: Answer, _ sample: Sample, _ decision: Decision) -> String? {
        guard answer.message.header.kind == .judge else { return nil }
        guard answer.message.payload == sample.message.payload else { return "the text was changed" }
        guard let judge = answer.body(as: Judge.self) else { return "the body is no Judge" }
        guard !sample.judge.hasHold || judge.hold == sample.judge.hold else {
            return "the hold was changed or taken out"
        }
        var expected = sample.judge
        if decision.verdict == .hold, !expected.hasHold { expected.hold = decision.hold }
        expected.annotations += decision.annotations
        guard judge.annotations == expected.annotations else {
            return "the annotations are not those before and its own"
        }
        guard judge.hold == expected.hold, judge.hasHold == expected.hasHold else {
            return "the hold that is passed on is not the decision's"
        }
        return judge == expected ? nil : "the Judge was changed: facts, actor, parameters or another field"
    }
}
