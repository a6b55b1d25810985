import Bus
import Configuration
import Contract
import NIOCore
import Telemetry

/// One event loop's own end of the bus: sockets, open exchanges, the audit trail and memoised decisions. Everything
/// in it is used on that loop alone.
public final class LoopServices: @unchecked Sendable {
    // Confined to `eventLoop`; checked at its entries.
    public let eventLoop: any EventLoop
    public let shared: GatewayShared
    public let conductor: Conductor
    public let audit: AuditTrail
    public let memo = DecisionMemo()
    let links: Links
    let replyTo: ReplyAddress
    private var flushScheduled = false
    /// Counts the turns of the loop in which anything was recorded.
    public private(set) var turn: UInt64 = 0
    private var readinessDue: UInt64 = 0
    private var lateFlushScheduled = false

    /// How often resends and deadlines are looked at.
    static let tickInterval = TimeAmount.milliseconds(10)
    /// Longest time that a record which nothing waits for is kept back, to travel with others.
    static let lateFlush = TimeAmount.milliseconds(2)

    public init(
        eventLoop: any EventLoop, index: UInt8, context: BusContext, replyTo: ReplyAddress, shared: GatewayShared,
        network: Network? = nil
    ) {
        self.eventLoop = eventLoop
        self.shared = shared
        self.replyTo = replyTo
        links = Links(
            context: context, directory: shared.configuration.state.bus, replyTo: replyTo, loop: index, network: network
        )
        conductor = Conductor(links: links, replyTo: replyTo, loop: index)
        audit = AuditTrail(links: links, replyTo: replyTo, loop: index, budget: shared.auditBudget)
        eventLoop.execute { [self] in
            for stage in Set([StageName.recorder, StageName.approver] + shared.requestRoute + shared.responseRoute) {
                links.prepare(stage: stage)
            }
        }
        let heartbeat = ProcessTelemetry.current.health.addLoop("event loop \(index)")
        eventLoop.scheduleRepeatedTask(initialDelay: Self.tickInterval, delay: Self.tickInterval) { [self] _ in
            let now = monotonicNanoseconds()
            heartbeat.beat(now: now)
            if index == 0, now >= readinessDue {
                readinessDue = now + LaneReadiness.interval
                shared.readiness.update(links)
            }
            conductor.tick(now: now)
            memo.renew(membership: links.membership)
            audit.tick(now: now)
        }
    }

    /// Takes what the inbox's thread read for this loop.
    public func receive(_ messages: [BusMessage]) {
        eventLoop.preconditionInEventLoop()
        let now = monotonicNanoseconds()
        for message in messages {
            if message.header.kind == .cancel {
                receiveCancel(message)
            } else if message.header.lane == .audit {
                audit.receive(message, now: now)
            } else {
                conductor.receive(message, now: now)
            }
        }
        audit.flush(now: now)
    }

    /// Sends the records of this turn of the loop together, after all that is readable now has been read.
    public func scheduleFlush() {
        guard !flushScheduled else { return }
        flushScheduled = true
        eventLoop.execute { [self] in
            flushScheduled = false
            turn &+= 1
            audit.flush(now: monotonicNanoseconds())
        }
    }

    /// Sends records that nothing waits for within ``lateFlush``.
    public func scheduleLateFlush() {
        guard !lateFlushScheduled, !flushScheduled else { return }
        lateFlushScheduled = true
        eventLoop.scheduleTask(in: Self.lateFlush) { [self] in
            lateFlushScheduled = false
            audit.flush(now: monotonicNanoseconds())
        }
    }
}
