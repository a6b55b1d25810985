import Bus
import Contract
import Foundation
import NIOCore
import SwiftProtobuf

/// One command to be judged.
public struct JudgeRequest: Sendable {
    public var session: String
    public var principal: Principal
    /// All of the principal that a policy can ask for, as one text: part of the key of memoised decisions.
    public var principalKey: String
    public var resource: String
    public var protocolName: String
    public var purpose: CommandPurpose
    /// SHA-256 of the exact bytes that will run.
    public var digest: [UInt8]
    /// SHA-256 of `text`: the key under which a pure decision is kept.
    public var textDigest: [UInt8]
    public var text: [UInt8]
    public var parameters: [String]
    /// W3C trace context of this command's span; may be empty.
    public var traceparent: String
    /// A serialised `Catalog` for the classifier; empty when there is none.
    public var catalog: [UInt8] = []
    /// What the planner expects, when the classifier asked for it.
    public var estimate: Estimate?
    /// An earlier try went beyond its limit and was rolled back.
    public var excess: Excess?
    /// Which state of the catalogue a decision is by: part of the key of memoised decisions.
    public var catalogVersion: UInt64 = 0

    public init(
        session: String, principal: Principal, principalKey: String, resource: String, protocolName: String,
        purpose: CommandPurpose, digest: [UInt8], textDigest: [UInt8], text: [UInt8], parameters: [String] = [],
        traceparent: String = ""
    ) {
        self.session = session
        self.principal = principal
        self.principalKey = principalKey
        self.resource = resource
        self.protocolName = protocolName
        self.purpose = purpose
        self.digest = digest
        self.textDigest = textDigest
        self.text = text
        self.parameters = parameters
        self.traceparent = traceparent
    }

    /// The classifier is told more than the command.
    var hasContext: Bool { !catalog.isEmpty || estimate != nil || excess != nil }
}

/// How a judgement went on.
public enum JudgeEvent: Sendable {
    /// Held for reviewers; another event follows.
    case held(HoldPending)
    case ruled(Ruling)
    /// No decision could be had: the command is refused. The reason is public.
    case unavailable(reason: String)
}

/// Asks the request lane for decisions and combines what comes back.
extension LoopServices {
    /// The memoised ruling for a text, if there is one for the policy's present epoch.
    public func memoisedRuling(_ request: JudgeRequest) -> Ruling? {
        memo.ruling(for: key(of: request), epoch: shared.policyEpoch)
    }

    /// Sends the command along the request lane. Returns the exchange's sequence, with which it can be abandoned.
    public func judge(_ request: JudgeRequest, handler: @escaping (JudgeEvent) -> Void) -> UInt64 {
        eventLoop.preconditionInEventLoop()
        let sequence = conductor.nextSequence()
        var judge = Judge()
        judge.digest = Data(request.digest)
        judge.principal = request.principal
        judge.resource = request.resource
        judge.protocol = request.protocolName
        judge.purpose = request.purpose
        judge.parameters = request.parameters
        judge.catalog = Data(request.catalog)
        if let estimate = request.estimate { judge.estimate = estimate }
        if let excess = request.excess { judge.excess = excess }
        let required = shared.requestRoute
        let approval = request.purpose == .execution
        let binding = DecisionKeyring.Binding(
            session: request.session, sequence: sequence, digest: request.digest, identity: request.principal.name,
            resource: request.resource, purpose: request.purpose, seen: SeenDigest.of(judge, text: request.text),
            context: request.hasContext ? ContextDigest.of(judge) : nil)
        let body: [UInt8]
        do {
            body = try judge.serializedBytes()
        } catch {
            handler(.unavailable(reason: "the command could not be sent to the classifier"))
            return sequence
        }
        conductor.start(
            .judge, lane: .request, session: request.session, sequence: sequence,
            route: approval ? required + [StageName.approver] : required, body: body, payload: request.text,
            timeout: UInt64(shared.laneSeconds) * 1_000_000_000, now: monotonicNanoseconds(),
            traceparent: request.traceparent
        ) { [self] event in
            switch event {
            case .held(let pending):
                handler(.held(pending))
            case .judged(let signed):
                handler(ruled(signed, binding: binding, required: required, approval: approval, request: request))
            case .failed(let stage, let reason):
                handler(.unavailable(reason: "stage \(stage) failed: \(reason)"))
            case .timedOut:
                handler(.unavailable(reason: "no decision came in time (\(required.joined(separator: ", ")))"))
            case .masked:
                handler(.unavailable(reason: "the request lane answered with a reply"))
            }
        }
        return sequence
    }

    private func ruled(
        _ signed: [SignedDecision], binding: DecisionKeyring.Binding, required: [String], approval: Bool,
        request: JudgeRequest
    ) -> JudgeEvent {
        do {
            let decisions = try shared.keyring.open(signed, for: binding)
            var ruling = try Ruling(decisions: decisions, signed: signed, required: required, approval: approval)
            ruling.estimate = request.estimate
            // Of this run alone: another one has its own estimate.
            if request.estimate == nil, request.excess == nil, !ruling.wantsEstimate {
                memo.store(ruling, for: key(of: request), epoch: shared.policyEpoch)
            }
            return .ruled(ruling)
        } catch {
            StageLog.error(
                "decision refused: \(error)", session: request.session, traceparent: request.traceparent)
            return .unavailable(reason: "a decision could not be verified")
        }
    }

    /// Tells the approver that a hold was used or given up; sent again until the approver has it.
    public func closeHold(_ id: String, session: String, sequence: UInt64, used: Bool) {
        var close = HoldClose()
        close.id = id
        close.used = used
        close.sequence = sequence
        let body: [UInt8]
        do {
            body = try close.serializedBytes()
        } catch {
            StageLog.error("cannot close a hold: \(error)", session: session)
            return
        }
        conductor.start(
            .holdClose, lane: .request, session: session, sequence: conductor.nextSequence(),
            route: [StageName.approver], body: body, payload: [], timeout: 60_000_000_000, now: monotonicNanoseconds()
        ) { event in
            switch event {
            case .judged: break
            case .held, .masked, .failed, .timedOut:
                StageLog.error("the approver did not take the end of hold \(id)", session: session)
            }
        }
    }

    private func key(of request: JudgeRequest) -> DecisionMemo.Key {
        DecisionMemo.Key(
            digest: request.textDigest, identity: request.principalKey, resource: request.resource,
            catalog: request.catalogVersion)
    }
}
