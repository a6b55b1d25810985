import Bus
import Contract
import Foundation
import SwiftProtobuf

/// A reply batch as the response lane gave it back.
public struct MaskedReply: Sendable {
    public var payload: [UInt8]
    /// The masker's: what it carries to the next batch of the same COPY.
    public var tail: [UInt8] = []
    public var counts: [EntityCount] = []
    /// What stages want recorded; `command` is not set.
    public var events: [StageEvent] = []
    /// The masker's: what tokens stand for.
    public var revealed: [Revealed] = []
}

/// Why a reply does not reach the client.
public struct MaskFailure: Error, Sendable {
    /// Public.
    public let reason: String
    /// A stage withholds the reply; nil: it could not be masked.
    public var refusal: Refusal?
    /// What stages want recorded; `command` is not set.
    public var events: [StageEvent] = []

    public init(reason: String, refusal: Refusal? = nil, events: [StageEvent] = []) {
        self.reason = reason
        self.refusal = refusal
        self.events = events
    }
}

/// A reply batch that is in the response lane. Used on the event loop alone.
public final class MaskExchange {
    fileprivate var conductor: Conductor?
    fileprivate var sequence: UInt64 = 0

    public init() {}

    /// Ends it: nothing of it is kept, its handler is not called, and a late answer is dropped.
    public func cancel() { conductor?.cancel(sequence: sequence) }
}

/// Asks the response lane, one stage after the other, each with what the one before it gave back.
extension LoopServices {
    public typealias MaskHandler = (Result<MaskedReply, MaskFailure>) -> Void

    /// Sends a reply batch through the response lane. The masker is asked only when there is something to mask.
    /// `traceparent`: W3C trace context, may be empty. `exchange` can end it.
    public func mask(
        _ batch: MaskBatch, payload: [UInt8], session: String, traceparent: String = "", exchange: MaskExchange,
        handler: @escaping MaskHandler
    ) {
        let stages = shared.responseRoute.filter { $0 != StageName.masker || !batch.plan.isEmpty }
        maskStep(
            batch, session: session, traceparent: traceparent, stages: stages[...],
            progress: MaskedReply(payload: payload), exchange: exchange, handler: handler)
    }

    /// Asks the masker what the tokens in `batch` stand for: one answer for each, in their order. No other stage of the
    /// lane sees it.
    public func reveal(
        _ batch: MaskBatch, session: String, traceparent: String = "",
        handler: @escaping (Result<[Revealed], MaskFailure>) -> Void
    ) {
        maskStep(
            batch, session: session, traceparent: traceparent, stages: [StageName.masker],
            progress: MaskedReply(payload: []), exchange: MaskExchange()
        ) { result in
            handler(
                result.flatMap { reply in
                    reply.revealed.count == batch.tokens.count
                        ? .success(reply.revealed)
                        : .failure(MaskFailure(reason: "the masker answered with another number of values"))
                })
        }
    }

    private func maskStep(
        _ batch: MaskBatch, session: String, traceparent: String, stages: ArraySlice<String>, progress: MaskedReply,
        exchange: MaskExchange, handler: @escaping MaskHandler
    ) {
        guard let stage = stages.first else { return handler(.success(progress)) }
        let body: [UInt8]
        do {
            var asked = batch
            // Of a cut row, not masked yet: the masker's alone.
            if stage != StageName.masker { asked.tail = .init() }
            body = try asked.serializedBytes()
        } catch {
            return handler(
                .failure(MaskFailure(reason: "the reply could not be sent to be masked", events: progress.events)))
        }
        let sequence = conductor.nextSequence()
        exchange.conductor = conductor
        exchange.sequence = sequence
        conductor.start(
            .mask, lane: .response, session: session, sequence: sequence, route: [stage], body: body,
            payload: progress.payload, timeout: UInt64(shared.laneSeconds) * 1_000_000_000, now: monotonicNanoseconds(),
            traceparent: traceparent
        ) { [self] event in
            switch event {
            case .masked(let reply, let payload):
                do throws(MaskFailure) {
                    let next = try progress.continued(by: reply, of: stage, payload: payload)
                    maskStep(
                        batch, session: session, traceparent: traceparent, stages: stages.dropFirst(), progress: next,
                        exchange: exchange, handler: handler)
                } catch {
                    if error.refusal == nil {
                        StageLog.error("reply withheld: \(error.reason)", session: session, traceparent: traceparent)
                    }
                    handler(.failure(error))
                }
            case .failed(let stage, let reason):
                handler(.failure(MaskFailure(reason: "stage \(stage) failed: \(reason)", events: progress.events)))
            case .timedOut(let stage):
                handler(.failure(MaskFailure(reason: "stage \(stage) did not answer in time", events: progress.events)))
            case .held, .judged:
                handler(
                    .failure(
                        MaskFailure(reason: "the response lane answered with a decision", events: progress.events)))
            }
        }
    }
}

extension MaskedReply {
    /// Adds what `stage` answered. Throws when it withholds the reply, or says more than it may.
    func continued(by reply: MaskReply, of stage: String, payload: [UInt8]) throws(MaskFailure) -> MaskedReply {
        do {
            try reply.checkRemarks()
        } catch {
            throw MaskFailure(reason: "stage \(stage) answered with more than it may note", events: events)
        }
        var next = self
        next.events += reply.events.map { StageEvent($0, of: stage) }
        if reply.hasRefusal {
            next.events.append(StageEvent(AuditEvent("reply-withheld", ["rule": reply.refusal.rule]), of: stage))
            throw MaskFailure(reason: "by stage \(stage)", refusal: reply.refusal, events: next.events)
        }
        next.payload = payload
        next.counts += reply.counts
        if stage == StageName.masker {
            next.tail = [UInt8](reply.tail)
            next.revealed = reply.revealed
        }
        return next
    }
}
