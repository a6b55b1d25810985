import Contract
import Foundation
import Glibc
import SwiftProtobuf
import Telemetry

/// Runs a stage as a process: binds its inbox, tells readiness, hands over messages in batches, sends the answers,
/// and drains on SIGTERM.
public struct StageRunner {
    /// Most messages handed over in one turn.
    public static let batchLimit = 64
    /// Longest time between two calls of ``Stage/tick(_:)``, milliseconds.
    public static let tickInterval = 100
    /// Longest time between two turns while answers wait for room, milliseconds.
    static let retryInterval = 2
    /// A draining process has its inbox to itself when nothing but pings came for this long, nanoseconds: longer than
    /// ``Links/registryInterval``, within which every sender sees that it is gone.
    static let drainQuiet: UInt64 = 300_000_000
    /// Longest drain, nanoseconds.
    static let drainLimit: UInt64 = 5_000_000_000

    private let environment: StageEnvironment
    private let context: BusContext
    private let inbox: Inbox
    private let key: DecisionKey
    private let hasNetwork: Bool
    private var links: Links
    /// When this process began, Unix microseconds: tells senders that it is another one.
    private let incarnation = unixMicroseconds()
    private var isDraining = false
    /// Answers that found no room yet.
    private var backlog = Backlog()
    /// Work that is not begun yet.
    private var work = WaitingWork()
    private var pace = Pace()
    private var watchdog = Watchdog()
    private let metrics = BusMetrics.current
    private let heartbeat = ProcessTelemetry.current.health.addLoop("the work loop")

    public init(_ environment: StageEnvironment) throws(BusError) {
        self.environment = environment
        key = try DecisionKey(path: environment.keyFile)
        context = try BusContext()
        inbox = try Inbox(context: context, endpoint: try environment.inboxEndpoint())
        let network = try Network.start(environment, inbox: inbox, context: context)
        hasNetwork = network != nil
        links = Links(
            context: context, directory: environment.bus, replyTo: ReplyAddress(local: inbox.endpoint),
            network: network, load: .told)
    }

    /// Runs until the process is told to drain.
    public mutating func run(_ stage: inout some Stage) {
        StageSignals.install()
        SupervisorNotice.ready()
        ProcessTelemetry.current.health.becameReady()
        while !StageSignals.shouldDrain {
            turn(&stage, waiting: Self.tickInterval)
        }
        SupervisorNotice.stopping()
        ProcessTelemetry.current.health.beganDraining()
        drain(&stage)
    }

    /// Leaves the registry, says so to who pings, and serves until nothing more comes.
    private mutating func drain(_ stage: inout some Stage) {
        isDraining = true
        inbox.withdraw()
        var quietSince = monotonicNanoseconds()
        let end = quietSince + Self.drainLimit
        while case let now = monotonicNanoseconds(), now < quietSince + Self.drainQuiet, now < end {
            if turn(&stage, waiting: Self.tickInterval) || !backlog.isEmpty { quietSince = monotonicNanoseconds() }
        }
        stage.drain()
    }

    /// Reads what is here and handles a part of it; false when there was nothing but presence.
    @discardableResult
    mutating func turn(_ stage: inout some Stage, waiting milliseconds: Int) -> Bool {
        heartbeat.beat(now: monotonicNanoseconds())
        inbox.tend()
        read(for: stage, waiting: milliseconds)
        // Ingress alone sends again what is lost.
        let began = monotonicNanoseconds()
        _ = links.tick(now: began)
        let hadWork = !work.isEmpty
        var outbox = Outbox(stage: environment.stage, key: key, hasNetwork: hasNetwork)
        let handled = handle(&stage, &outbox, from: began)
        stage.tick(&outbox)
        metrics.queued.set(work.count)
        give(&outbox)
        watchdog.turned()
        if handled > 0 {
            metrics.handling.observe(nanoseconds: monotonicNanoseconds() - began, count: UInt64(handled))
        }
        return hadWork
    }

    /// Takes what is in the inbox, so that no ping waits behind work, and answers pings.
    private mutating func read(for stage: some Stage, waiting milliseconds: Int) {
        if work.isFull {
            // What holds it up is answers without room.
            if backlog.isFull || !backlog.behind.isEmpty { usleep(UInt32(Self.retryInterval) * 1000) }
        } else if work.isEmpty {
            guard inbox.wait(milliseconds: backlog.isEmpty ? milliseconds : Self.retryInterval) else { return }
        } else if backlog.isFull || !backlog.behind.isEmpty {
            _ = inbox.wait(milliseconds: Self.retryInterval)
        }
        var pings: [BusMessage] = []
        for _ in 0..<WaitingWork.maximumCount where !work.isFull {
            do {
                guard let message = try inbox.receive() else { break }
                metrics.took(message)
                if message.header.lane == .presence {
                    if message.header.kind == .ping { pings.append(message) } else { _ = links.receive(message) }
                } else if work.isHalfFull, Self.isHeldUp(message, by: backlog.behind, hasNetwork: hasNetwork) {
                    // Who asks and takes no answers asks again.
                    metrics.heldUp.add()
                } else if !work.add(message) {
                    metrics.duplicates.add()
                }
            } catch {
                metrics.malformed.add()
                StageLog.error("message dropped: \(error)")
            }
        }
        metrics.queued.set(work.count)
        for ping in pings { answer(ping, stage) }
    }

    /// Hands over work, for as long as pings can wait. Returns how many messages it was.
    private mutating func handle(_ stage: inout some Stage, _ outbox: inout Outbox, from began: UInt64) -> Int {
        var handled = 0
        var now = began
        while handled < Self.batchLimit, now - began < Pace.limit, !backlog.isFull {
            let limit = work.isOfRecords ? Self.batchLimit : pace.size
            let (behind, hasNetwork) = (backlog.behind, hasNetwork)
            var piece = work.take(min(limit, Self.batchLimit - handled)) {
                Self.isHeldUp($0, by: behind, hasNetwork: hasNetwork)
            }
            guard !piece.isEmpty else { break }
            if piece.contains(where: Self.isGivenUp) {
                let taken = piece.count
                piece.removeAll(where: Self.isGivenUp)
                metrics.expired.add(taken - piece.count)
                guard !piece.isEmpty else { continue }
            }
            stage.handle(piece, &outbox)
            give(&outbox)
            handled += piece.count
            let end = monotonicNanoseconds()
            pace.took(end - now)
            now = end
        }
        return handled
    }

    /// Whether the answer would go to one of the destinations that are behind with what they have.
    private static func isHeldUp(_ message: BusMessage, by behind: Set<Destination>, hasNetwork: Bool) -> Bool {
        guard !behind.isEmpty else { return false }
        if behind.contains(.inbox(message.header.answerEndpoint(hasNetwork: hasNetwork))) { return true }
        // Few commands go on to the approver: the others do not wait for it.
        guard let stop = message.header.route.first, stop != StageName.approver else { return false }
        return behind.contains(.anyReplica(of: stop))
    }

    /// Sends what has room, and keeps the rest.
    private mutating func give(_ outbox: inout Outbox) {
        let now = monotonicNanoseconds()
        for (message, destination) in outbox.queue {
            if !backlog.add(message, to: destination, now: now) { undelivered(destination) }
        }
        outbox.queue.removeAll(keepingCapacity: true)
        deliver(now: now)
    }

    /// Answers from this loop, so that a stage that is stuck in its work goes silent. A pong that finds no room is not
    /// waited for: the next ping comes soon.
    private func answer(_ ping: BusMessage, _ stage: some Stage) {
        var pong = Pong()
        pong.stage = environment.stage
        pong.replica = environment.replica
        pong.incarnation = incarnation
        pong.draining = isDraining || !stage.takesWork
        pong.queued = UInt32(clamping: work.count)
        pong.policyEpoch = Data(stage.policyEpoch)
        do {
            let answer = ping.reply(.pong, body: try pong.serializedBytes())
            _ = try links.send(answer, to: .inbox(ping.header.answerEndpoint(hasNetwork: hasNetwork)))
        } catch {
            StageLog.error("cannot answer a ping: \(error)")
        }
    }

    /// Past its deadline the sender has refused the command: working on it would leave a hold that nobody waits for.
    private static func isGivenUp(_ message: BusMessage) -> Bool {
        switch message.header.kind {
        case .judge, .mask: message.header.deadlineMs != 0 && message.header.deadlineMs < unixMilliseconds()
        case .unspecified, .judged, .holdPending, .holdClose, .masked, .record, .recorded, .failed, .holdClosed,
            .ping, .pong, .cancel, .UNRECOGNIZED:
            false
        }
    }

    /// Sends what has room now. Nothing is waited for: a peer that takes nothing must not hold up the others.
    private mutating func deliver(now: UInt64) {
        let dropped = backlog.send(now: now) { message, destination in
            do {
                switch try links.send(message, to: destination) {
                case .queued: metrics.gave(message)
                case .unavailable:
                    return false
                case .noInbox:
                    metrics.undelivered.add()
                    StageLog.error("no such inbox: \(destination); answer dropped")
                }
            } catch {
                StageLog.error("cannot send to \(destination): \(error)")
            }
            return true
        }
        for destination in dropped { undelivered(destination) }
    }

    private func undelivered(_ destination: Destination) {
        metrics.undelivered.add()
        StageLog.error("no room towards \(destination); answer dropped")
    }

    /// The usual main function of a stage: runs it, or prints why it cannot and exits with 1.
    public static func main<S: Stage>(_ make: (inout StageEnvironment) throws -> S) {
        do {
            var environment = try StageEnvironment.fromProcess()
            try StageLog.bootstrap(environment)
            var stage = try make(&environment)
            var runner = try StageRunner(environment)
            let monitor = try Monitoring.start(
                stage: environment.stage, replica: environment.replica, bus: environment.bus)
            runner.run(&stage)
            try monitor.close()
        } catch {
            FileHandle.standardError.write(Data("cannot start: \(error)\n".utf8))
            exit(1)
        }
    }
}
