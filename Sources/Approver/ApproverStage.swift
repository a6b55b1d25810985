import Approvals
import Bus
import Contract
import Foundation
import SwiftProtobuf
import Telemetry

/// Takes held commands into the store, and answers them once reviewers have decided.
struct ApproverStage: Stage {
    /// How often the store is looked at for reviews and for requests that have run out, nanoseconds.
    static let watchInterval: UInt64 = 150_000_000

    private let store: ApprovalStore
    /// Messages that wait for an answer, by request. After a restart they come again from ingress.
    private var waiting: [String: (message: BusMessage, judge: Judge)] = [:]
    private var seen: Int64
    private let open: Gauge
    private var watchedAt: UInt64 = 0

    init(store: ApprovalStore) throws {
        self.store = store
        open = ProcessTelemetry.current.registry.gauge(
            "sluice_approver_open_requests", help: "Commands that wait here for reviewers.")
        seen = try store.serial()
    }

    mutating func handle(_ messages: [BusMessage], _ outbox: inout Outbox) {
        for message in messages {
            do {
                switch message.header.kind {
                case .judge: try hold(message, &outbox)
                case .holdClose: try close(message, &outbox)
                case .unspecified, .judged, .holdPending, .holdClosed, .mask, .masked, .record, .recorded, .failed,
                    .ping, .pong, .cancel, .UNRECOGNIZED:
                    throw BusError(.malformed, "the approver takes held commands, not \(message.header.kind)")
                }
            } catch let error as ApprovalError {
                outbox.fail(message, reason: error.message)
                StageLog.error(
                    "\(error)", session: message.header.session, traceparent: message.header.traceparent)
            } catch {
                outbox.fail(message, reason: "the hold could not be kept")
                StageLog.error(
                    "cannot hold: \(error)", session: message.header.session, traceparent: message.header.traceparent)
            }
        }
    }

    mutating func tick(_ outbox: inout Outbox) {
        open.set(waiting.count)
        let now = monotonicNanoseconds()
        guard now - watchedAt >= Self.watchInterval else { return }
        watchedAt = now
        do {
            try store.expire()
            let changes = try store.changes(since: seen)
            for request in changes {
                seen = max(seen, request.serial)
                guard request.status != .pending, let (message, judge) = waiting.removeValue(forKey: request.id) else {
                    continue
                }
                try answer(message, judge, request, &outbox)
            }
        } catch {
            StageLog.error("cannot read the approvals: \(error)")
        }
    }

    private mutating func hold(_ message: BusMessage, _ outbox: inout Outbox) throws {
        let judge = try message.body(as: Judge.self)
        guard judge.hasHold else { throw BusError(.malformed, "a command without a hold") }
        let rule = try message.header.decisions.lazy
            .map { try Decision(serializedBytes: $0.decision) }
            .first { $0.verdict == .hold }?.rule
        let request = try store.submit(
            HoldSubmission(header: message.header, judge: judge, rule: rule ?? "", payload: message.payload))
        guard request.status == .pending else { return try answer(message, judge, request, &outbox) }
        if waiting.updateValue((message, judge), forKey: request.id) == nil {
            StageLog.info("request \(request.id) of \(request.identity) waits for approval", session: request.session)
        }
        var pending = HoldPending()
        pending.id = request.id
        pending.expiresAtMs = UInt64(max(0, request.expiresAt.timeIntervalSince1970 * 1000))
        outbox.reply(to: message, .holdPending, body: try pending.serializedBytes())
    }

    private func answer(
        _ message: BusMessage, _ judge: Judge, _ request: HoldRequest, _ outbox: inout Outbox
    ) throws {
        var decision = Decision()
        switch request.status {
        case .approved:
            decision = .allow(rule: request.rule)
        case .denied:
            let denial = request.reviews.first { !$0.approved }
            decision = .refuse(
                rule: request.rule,
                reason:
                    "denied by \(denial?.reviewer ?? "a reviewer"): \(denial?.comment ?? "") (request \(request.id))",
                hint: "Ask the reviewer what would be accepted.")
        case .expired:
            decision = .refuse(
                rule: request.rule, reason: "request \(request.id) expired before enough reviewers approved it",
                hint: "Send the command again when a reviewer is there.")
        case .used, .cancelled, .pending:
            decision = .refuse(
                rule: request.rule, reason: "request \(request.id) is \(request.status.rawValue) already",
                hint: "Send the command again.")
        }
        decision.holdID = request.id
        decision.hold = judge.hold
        decision.reviews = request.reviews.map(\.message)
        try outbox.decide(decision, on: message, judge: judge)
    }

    private mutating func close(_ message: BusMessage, _ outbox: inout Outbox) throws {
        let close = try message.body(as: HoldClose.self)
        if close.used {
            try store.markUsed(id: close.id, session: message.header.session, sequence: close.sequence)
        } else {
            try store.cancel(id: close.id, session: message.header.session, sequence: close.sequence)
        }
        waiting[close.id] = nil
        outbox.reply(to: message, .holdClosed, body: message.body)
    }
}
