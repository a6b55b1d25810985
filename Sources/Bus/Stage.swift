import Contract
import Foundation
import SwiftProtobuf

/// A stage's work. Built-in and custom stages are written on the same protocols; most conform to ``RequestStage``
/// or ``ResponseStage`` and are run by ``StageRunner``.
///
/// Called on one thread. A stage may be killed at any time: whatever it has not answered is sent again, so
/// handling a message twice must do no harm.
public protocol Stage {
    /// Handles the messages that are here, in order of arrival; answers go to `outbox`.
    mutating func handle(_ messages: [BusMessage], _ outbox: inout Outbox)
    /// Called at least every ``StageRunner/tickInterval``.
    mutating func tick(_ outbox: inout Outbox)
    /// Called once after the last message, when the process drains.
    mutating func drain()
    /// False while the stage cannot do its work. Senders then turn to other replicas, as if it drained; what comes anyway
    /// is handed over as always.
    var takesWork: Bool { get }
    /// Of the policy that it decides by; empty without one.
    var policyEpoch: [UInt8] { get }
}

extension Stage {
    public mutating func tick(_ outbox: inout Outbox) {}
    public mutating func drain() {}
    public var takesWork: Bool { true }
    public var policyEpoch: [UInt8] { [] }
}

/// What a stage sends while it handles messages.
public struct Outbox {
    var queue: [(message: BusMessage, destination: Destination)] = []
    /// The stage's name, put on decisions and failures.
    public let stage: String
    let key: DecisionKey
    /// Whether this process has links to other hosts.
    let hasNetwork: Bool

    init(stage: String, key: DecisionKey, hasNetwork: Bool = false) {
        self.stage = stage
        self.key = key
        self.hasNetwork = hasNetwork
    }

    public mutating func send(_ message: BusMessage, to destination: Destination) {
        queue.append((message, destination))
    }

    /// Answers the sender of `message`.
    public mutating func reply(
        to message: BusMessage, _ kind: Kind, body: [UInt8] = [], payload: [UInt8] = []
    ) {
        send(message.reply(kind, body: body, payload: payload), to: asker(of: message))
    }

    private func asker(of message: BusMessage) -> Destination {
        .inbox(message.header.answerEndpoint(hasNetwork: hasNetwork))
    }

    /// Answers that the work could not be done; ingress refuses the command. `reason` is shown to people: it
    /// must not carry data.
    public mutating func fail(_ message: BusMessage, reason: String) {
        var failure = Failure()
        failure.stage = stage
        failure.reason = reason
        // Two strings always encode; an empty body would only lose the reason.
        reply(to: message, .failed, body: (try? failure.serializedBytes()) ?? [])
    }

    /// Signs `decision` for the command in `message` and passes the message on along its route: to the lane's end
    /// after a refusal, over the approver when nothing asks for a hold.
    public mutating func decide(_ decision: Decision, on message: BusMessage, judge: Judge) throws(BusError) {
        var decision = decision
        decision.stage = stage
        decision.digest = judge.digest
        decision.session = message.header.session
        decision.sequence = message.header.sequence
        decision.identity = judge.principal.name
        decision.resource = judge.resource
        decision.purpose = judge.purpose
        decision.decidedAtMs = unixMilliseconds()
        decision.seen = Data(SeenDigest.of(judge, text: message.payload))
        for index in decision.annotations.indices { decision.annotations[index].stage = stage }
        try decision.checkRemarks()
        var next = message
        next.header.decisions.append(try key.sign(decision))
        var judge = judge
        if decision.hasFacts { judge.facts = decision.facts }
        if decision.verdict == .hold, !judge.hasHold { judge.hold = decision.hold }
        judge.annotations += decision.annotations
        let held = judge.hasHold
        var route = next.header.route
        // The approver stands last: a stage before it may still ask for a hold.
        if !held, route.first == StageName.approver { route.removeFirst() }
        guard decision.verdict != .refuse, let stop = route.first else {
            var end = next.reply(.judged)
            end.header.decisions = next.header.decisions
            send(end, to: asker(of: message))
            return
        }
        next.header.route = Array(route.dropFirst())
        do {
            next.body = try judge.serializedBytes()
        } catch {
            throw BusError(.malformed, "judge cannot be encoded")
        }
        send(next, to: .anyReplica(of: stop))
    }
}

/// Names of the built-in stages, as they stand in routes and in the registry.
public enum StageName {
    public static let ingress = "ingress"
    public static let classifier = "classifier"
    public static let approver = "approver"
    public static let masker = "masker"
    public static let recorder = "recorder"
    public static let builtIn = [ingress, classifier, approver, masker, recorder]
}

/// A stage of the request lane: one decision for each command. It can only tighten what others decided.
public protocol RequestStage: Stage {
    /// Decides about one command. `text` is the command as received. Throwing refuses the command as "stage failed".
    mutating func judge(_ judge: Judge, text: [UInt8]) throws -> Decision
}

extension RequestStage {
    public mutating func handle(_ messages: [BusMessage], _ outbox: inout Outbox) {
        for message in messages { judge(message, &outbox) }
    }

    fileprivate mutating func judge(_ message: BusMessage, _ outbox: inout Outbox) {
        do {
            guard message.header.kind == .judge else {
                throw BusError(.malformed, "a request stage takes commands, not \(message.header.kind)")
            }
            let judge = try message.body(as: Judge.self)
            try outbox.decide(try self.judge(judge, text: message.payload), on: message, judge: judge)
        } catch {
            outbox.fail(message, reason: "it could not judge the command")
            StageLog.error(
                "cannot judge: \(error)", session: message.header.session, traceparent: message.header.traceparent)
        }
    }
}

/// A stage of the response lane: rewrites a batch of reply data.
public protocol ResponseStage: Stage {
    /// Rewrites one batch. Throwing withholds the data, and so does ``Contract/MaskReply/refuse(rule:reason:hint:)``,
    /// which tells the client why.
    mutating func rewrite(_ batch: MaskBatch, payload: [UInt8]) throws -> (reply: MaskReply, payload: [UInt8])
}

extension ResponseStage {
    public mutating func handle(_ messages: [BusMessage], _ outbox: inout Outbox) {
        for message in messages { rewrite(message, &outbox) }
    }

    fileprivate mutating func rewrite(_ message: BusMessage, _ outbox: inout Outbox) {
        do {
            guard message.header.kind == .mask else {
                throw BusError(.malformed, "a response stage takes reply batches, not \(message.header.kind)")
            }
            let (reply, payload) = try rewrite(try message.body(as: MaskBatch.self), payload: message.payload)
            try reply.checkRemarks()
            outbox.reply(
                to: message, .masked, body: try reply.serializedBytes(), payload: reply.hasRefusal ? [] : payload)
        } catch {
            outbox.fail(message, reason: "the reply could not be masked")
            StageLog.error(
                "cannot rewrite: \(error)", session: message.header.session, traceparent: message.header.traceparent)
        }
    }
}

/// A stage with a place in both lanes (`lane: both`): one process judges commands and rewrites replies.
extension RequestStage where Self: ResponseStage {
    public mutating func handle(_ messages: [BusMessage], _ outbox: inout Outbox) {
        for message in messages {
            if message.header.lane == .response { rewrite(message, &outbox) } else { judge(message, &outbox) }
        }
    }
}

extension Decision {
    public static func allow(rule: String) -> Decision {
        var decision = Decision()
        decision.verdict = .allow
        decision.rule = rule
        return decision
    }

    /// `reason` and `hint` are shown to the client.
    public static func refuse(rule: String, reason: String, hint: String) -> Decision {
        var decision = Decision()
        decision.verdict = .refuse
        decision.rule = rule
        decision.reason = reason
        decision.hint = hint
        return decision
    }
}
