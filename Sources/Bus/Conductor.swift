import Contract
import Foundation
import SwiftProtobuf
import Telemetry

/// How an exchange with a lane ended, or went on.
public enum LaneEvent: Sendable {
    /// The request lane's end: every stage's decision, still to be opened with the ``DecisionKeyring``.
    case judged([SignedDecision])
    /// The hold is durable; the exchange goes on until reviewers decide or it expires. Only of what goes to the approver.
    case held(HoldPending)
    /// The response lane's end.
    case masked(MaskReply, payload: [UInt8])
    /// A stage said that it cannot do its work.
    case failed(stage: String, reason: String)
    /// No answer by the deadline.
    case timedOut(stage: String)
}

/// Ingress's side of the request and response lanes: sends, sends again what is not answered, gives up at the
/// deadline, drops late duplicates. Owned by one event loop; the caller brings received messages and the time.
public final class Conductor {
    /// First wait for an answer before a message is sent again, nanoseconds; doubles up to ``resendMaximum``.
    static let resendFirst: UInt64 = 250_000_000
    static let resendMaximum: UInt64 = 2_000_000_000
    /// Wait before a message that found no room is tried again, nanoseconds.
    static let retryUnsent: UInt64 = 10_000_000
    /// Time that a held command's answer may take beyond the hold's own end, nanoseconds.
    static let holdGrace: UInt64 = 5_000_000_000
    /// Longest hold that is waited for, whatever the approver says: a year, milliseconds.
    static let longestHold: UInt64 = 366 * 86_400_000

    private struct Exchange {
        var message: BusMessage
        let stage: String
        var deadline: UInt64
        var sendAt: UInt64
        var interval: UInt64
        /// Where it was sent last, and before: it is outstanding there until it ends.
        var endpoint: String?
        var earlier: [String] = []
        let handler: (LaneEvent) -> Void
        let peer: PeerMetrics
        let startedAt: UInt64
        var wasHeld = false

        /// Counts once at each replica, however often it was sent there.
        mutating func went(to endpoint: String, _ links: Links) {
            if endpoint == self.endpoint { return links.settled(endpoint: endpoint) }
            if let index = earlier.firstIndex(of: endpoint) {
                earlier.remove(at: index)
                links.settled(endpoint: endpoint)
            }
            if let former = self.endpoint { earlier.append(former) }
            self.endpoint = endpoint
        }
    }

    private let links: Links
    private let replyTo: ReplyAddress
    private var exchanges: [UInt64: Exchange] = [:]
    private var numbers: QuestionNumbers
    private var peers: [(stage: String, metrics: PeerMetrics)] = []

    /// `loop` marks this conductor's sequences (top byte), so that the inbox's thread finds the loop they belong to.
    public init(links: Links, replyTo: ReplyAddress, loop: UInt8) {
        self.links = links
        self.replyTo = replyTo
        numbers = QuestionNumbers(loop: loop)
    }

    /// The loop that a reply with this sequence belongs to.
    public static func loop(ofSequence sequence: UInt64) -> Int { QuestionNumbers.loop(of: sequence) }

    /// A sequence for an exchange, of no other that is open.
    public func nextSequence() -> UInt64 { numbers.next { exchanges[$0] == nil } }

    /// Number of exchanges still open.
    public var openExchanges: Int { exchanges.count }

    /// Sends `message` along `route`, whose first stop must exist. `handler` is called on the owner's loop, with one
    /// last event, maybe after ``LaneEvent/held(_:)``. `timeout` is in nanoseconds; `traceparent` may be empty.
    public func start(
        _ kind: Kind, lane: Lane, session: String, sequence: UInt64, route: [String], body: [UInt8], payload: [UInt8],
        timeout: UInt64, now: UInt64, traceparent: String = "", handler: @escaping (LaneEvent) -> Void
    ) {
        guard let stage = route.first else {
            handler(.failed(stage: "", reason: "no stage is configured for it"))
            return
        }
        var header = Header()
        header.kind = kind
        header.lane = lane
        header.session = session
        header.sequence = sequence
        header.route = Array(route.dropFirst())
        replyTo.write(to: &header)
        header.deadlineMs = unixMilliseconds() + timeout / 1_000_000
        header.traceparent = traceparent
        let peer = peer(stage)
        peer.outstanding.add(1)
        exchanges[sequence] = Exchange(
            message: BusMessage(header: header, body: body, payload: payload), stage: stage, deadline: now + timeout,
            sendAt: now, interval: Self.resendFirst, handler: handler, peer: peer, startedAt: now)
        send(sequence, now: now)
    }

    /// Forgets an exchange without calling its handler; a late answer is dropped.
    public func cancel(sequence: UInt64) {
        if let exchange = exchanges.removeValue(forKey: sequence) { settle(exchange) }
    }

    /// Takes a message that came back, or a pong. Unknown and late ones are dropped.
    public func receive(_ message: BusMessage, now: UInt64) {
        if message.header.lane == .presence { return sendAgain(links.receive(message), now: now) }
        let sequence = message.header.sequence
        guard var exchange = exchanges[sequence], exchange.message.header.session == message.header.session else {
            return
        }
        let event: LaneEvent
        do {
            event = try Self.event(from: message, of: exchange)
        } catch {
            StageLog.error("reply dropped: \(error)", session: message.header.session)
            return
        }
        if case .held(let pending) = event {
            let nowUnix = unixMilliseconds()
            let left = pending.expiresAtMs > nowUnix ? min(pending.expiresAtMs - nowUnix, Self.longestHold) : 0
            exchange.deadline = now + left * 1_000_000 + Self.holdGrace
            exchange.message.header.deadlineMs = nowUnix + left + Self.holdGrace / 1_000_000
            exchange.wasHeld = true
            exchange.interval = Self.resendMaximum
            exchange.sendAt = now + Self.resendMaximum
            exchanges[sequence] = exchange
        } else {
            exchanges[sequence] = nil
            settle(exchange)
            if case .failed = event { exchange.peer.failures.add() }
            // A hold's time is its reviewers', not the stages'.
            if !exchange.wasHeld { exchange.peer.answers.observe(nanoseconds: now &- exchange.startedAt) }
        }
        exchange.handler(event)
    }

    /// Pings, sends again what is due and gives up what is over. Call about every 10 ms.
    public func tick(now: UInt64) {
        sendAgain(links.tick(now: now), now: now)
        // One that found no room speaks for all that go the same way: they are tried again later.
        var full: Set<String> = []
        for sequence in Array(exchanges.keys) {
            // A handler may have cancelled it meanwhile.
            guard let exchange = exchanges[sequence], exchange.sendAt <= now || exchange.deadline <= now else {
                continue
            }
            if exchange.deadline <= now {
                exchanges[sequence] = nil
                settle(exchange)
                exchange.peer.timeouts.add()
                exchange.handler(.timedOut(stage: exchange.stage))
            } else if full.contains(exchange.stage) {
                exchanges[sequence]?.sendAt = now + Self.retryUnsent
            } else if !send(sequence, now: now) {
                full.insert(exchange.stage)
            }
        }
    }

    /// What a lost replica had goes to others at once. When it was a later stop, the stop before it finds out about now
    /// as well: a little later it sends elsewhere.
    private func sendAgain(_ lost: [LostWork], now: UInt64) {
        for work in lost {
            for (sequence, exchange) in exchanges {
                if exchange.endpoint == work.endpoint {
                    exchanges[sequence]?.sendAt = now
                } else if exchange.message.header.route.contains(work.stage) {
                    exchanges[sequence]?.sendAt = min(exchange.sendAt, now + 2 * Presence.pingInterval)
                }
                guard work.isReplaced else { continue }
                if exchange.endpoint == work.endpoint { exchanges[sequence]?.endpoint = nil }
                exchanges[sequence]?.earlier.removeAll { $0 == work.endpoint }
            }
        }
        guard !lost.isEmpty else { return }
        var full: Set<String> = []
        for sequence in exchanges.keys.sorted() {
            guard let exchange = exchanges[sequence], exchange.sendAt == now else { continue }
            if full.contains(exchange.stage) {
                exchanges[sequence]?.sendAt = now + Self.retryUnsent
            } else if !send(sequence, now: now) {
                full.insert(exchange.stage)
            }
        }
    }

    /// False when no replica has room.
    @discardableResult
    private func send(_ sequence: UInt64, now: UInt64) -> Bool {
        guard var exchange = exchanges[sequence] else { return true }
        var hasRoom = true
        do {
            let result = try links.send(
                exchange.message, to: .anyReplica(of: exchange.stage), avoiding: exchange.endpoint)
            switch result {
            case .queued(let endpoint):
                exchange.went(to: endpoint, links)
                if exchange.message.header.attempt > 0 { exchange.peer.resends.add() }
                exchange.message.header.attempt += 1
                exchange.sendAt = now + exchange.interval
                exchange.interval = min(exchange.interval * 2, Self.resendMaximum)
            case .unavailable, .noInbox:
                hasRoom = false
                exchange.sendAt = now + Self.retryUnsent
            }
        } catch {
            StageLog.error("cannot send to \(exchange.stage): \(error)", session: exchange.message.header.session)
            exchange.sendAt = now + Self.retryUnsent
        }
        exchanges[sequence] = exchange
        return hasRoom
    }

    /// A conductor talks to few stages: a look along a short list.
    private func peer(_ stage: String) -> PeerMetrics {
        if let known = peers.first(where: { $0.stage == stage }) { return known.metrics }
        let metrics = PeerMetrics.of(stage)
        peers.append((stage, metrics))
        return metrics
    }

    private func settle(_ exchange: Exchange) {
        exchange.peer.outstanding.add(-1)
        if let endpoint = exchange.endpoint { links.settled(endpoint: endpoint) }
        for endpoint in exchange.earlier { links.settled(endpoint: endpoint) }
    }

    private static func event(from message: BusMessage, of exchange: Exchange) throws(BusError) -> LaneEvent {
        let sent = exchange.message.header
        switch (message.header.kind, sent.kind) {
        case (.judged, .judge): return .judged(message.header.decisions)
        case (.holdPending, .judge):
            // Only the approver keeps holds: of a command that does not go there nobody could end the wait.
            guard exchange.stage == StageName.approver || sent.route.contains(StageName.approver) else {
                throw BusError(.malformed, "a hold of what the approver is not asked about")
            }
            let pending = try message.body(as: HoldPending.self)
            guard RemarkBounds.isName(pending.id) else { throw BusError(.malformed, "a hold without a valid id") }
            return .held(pending)
        case (.masked, .mask): return .masked(try message.body(as: MaskReply.self), payload: message.payload)
        case (.holdClosed, .holdClose): return .judged([])
        case (.failed, _):
            let failure = try message.body(as: Failure.self)
            guard RemarkBounds.isValue(failure.reason) else { throw BusError(.malformed, "a reason beyond its bound") }
            // Whoever answers was on the way; it cannot speak for one that was not.
            let isOnTheWay = failure.stage == exchange.stage || sent.route.contains(failure.stage)
            return .failed(stage: isOnTheWay ? failure.stage : exchange.stage, reason: failure.reason)
        default: throw BusError(.malformed, "\(message.header.kind) does not answer \(sent.kind)")
        }
    }
}
