import Contract
import Foundation
import Glibc
import SwiftProtobuf
import Telemetry

/// Runs a stage as a process: binds its inbox, tells readiness, hands over messages in batches, sends the answers,
/// and drains on SIGTERM.
public struct StageRunner {
    /// Most messages handed over at once.
    public static let batchLimit = 64
    /// Longest time between two calls of ``Stage/tick(_:)``, milliseconds.
    public static let tickInterval = 100
    /// Longest wait for room towards a peer, milliseconds; then the answer is dropped and asked for again.
    static let sendPatience = 1000
    /// A draining process has its inbox to itself when nothing but pings came for this long, nanoseconds: longer than
    /// ``Links/registryInterval``, within which every sender sees that it is gone.
    static let drainQuiet: UInt64 = 300_000_000
    /// Longest drain, nanoseconds.
    static let drainLimit: UInt64 = 5_000_000_000

    private let environment: StageEnvironment
    private let context: BusContext
    private let inbox: Inbox
    private let key: DecisionKey
    private var links: Links
    /// When this process began, Unix microseconds: tells senders that it is another one.
    private let incarnation = unixMicroseconds()
    private var isDraining = false
    /// Peers that did not take a message in time: not waited for again until they take one.
    private var stalled: Set<Destination> = []
    private var watchdog = Watchdog()
    private let metrics = BusMetrics.current
    private let heartbeat = ProcessTelemetry.current.health.addLoop("the work loop")

    public init(_ environment: StageEnvironment) throws(BusError) {
        self.environment = environment
        key = try DecisionKey(path: environment.keyFile)
        context = try BusContext()
        inbox = try Inbox(context: context, endpoint: try environment.inboxEndpoint())
        let network = try Network.start(environment, inbox: inbox, context: context)
        links = Links(context: context, directory: environment.bus, replyTo: inbox.endpoint, network: network)
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
            if turn(&stage, waiting: Self.tickInterval) { quietSince = monotonicNanoseconds() }
        }
        stage.drain()
    }

    /// Handles what is here; false when nothing but presence came.
    @discardableResult
    private mutating func turn(_ stage: inout some Stage, waiting milliseconds: Int) -> Bool {
        var messages: [BusMessage] = []
        var pings: [BusMessage] = []
        heartbeat.beat(now: monotonicNanoseconds())
        inbox.tend()
        if inbox.wait(milliseconds: milliseconds) {
            var read = 0
            while messages.count < Self.batchLimit, read < 2 * Self.batchLimit {
                read += 1
                do {
                    guard let message = try inbox.receive() else { break }
                    metrics.took(message)
                    if message.header.lane == .presence {
                        if message.header.kind == .ping { pings.append(message) } else { _ = links.receive(message) }
                        continue
                    }
                    guard !Self.isGivenUp(message) else {
                        metrics.expired.add()
                        continue
                    }
                    // Sent again while this process was busy: once is enough.
                    if message.header.attempt > 0,
                        let earlier = messages.firstIndex(where: { Self.isSame($0, message) })
                    {
                        messages[earlier] = message
                        metrics.duplicates.add()
                    } else {
                        messages.append(message)
                    }
                } catch {
                    metrics.malformed.add()
                    StageLog.error("message dropped: \(error)")
                }
            }
        }
        let began = monotonicNanoseconds()
        metrics.queued.set(messages.count)
        for ping in pings { answer(ping, queued: messages.count, takesWork: stage.takesWork) }
        // Ingress alone sends again what is lost.
        _ = links.tick(now: began)
        var outbox = Outbox(stage: environment.stage, key: key)
        if !messages.isEmpty { stage.handle(messages, &outbox) }
        stage.tick(&outbox)
        for (message, destination) in outbox.queue { deliver(message, to: destination) }
        watchdog.turned()
        if !messages.isEmpty {
            metrics.queued.set(0)
            metrics.handling.observe(nanoseconds: monotonicNanoseconds() - began, count: UInt64(messages.count))
        }
        return !messages.isEmpty
    }

    /// Answers from this loop, so that a stage that is stuck in its work goes silent. A pong that finds no room is not
    /// waited for: the next ping comes soon.
    private func answer(_ ping: BusMessage, queued: Int, takesWork: Bool) {
        var pong = Pong()
        pong.stage = environment.stage
        pong.replica = environment.replica
        pong.incarnation = incarnation
        pong.draining = isDraining || !takesWork
        pong.queued = UInt32(clamping: queued)
        do {
            let answer = ping.reply(.pong, body: try pong.serializedBytes())
            if case .queued(let endpoint) = try links.send(answer, to: .inbox(ping.header.replyTo)) {
                links.settled(endpoint: endpoint)
            }
        } catch {
            StageLog.error("cannot answer a ping: \(error)")
        }
    }

    private static func isSame(_ a: BusMessage, _ b: BusMessage) -> Bool {
        a.header.sequence == b.header.sequence && a.header.session == b.header.session && a.header.kind == b.header.kind
            && a.header.lane != .audit
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

    private mutating func deliver(_ message: BusMessage, to destination: Destination) {
        let patience = !stalled.isEmpty && stalled.contains(destination) ? 0 : Self.sendPatience
        let giveUp = monotonicNanoseconds() + UInt64(patience) * 1_000_000
        do {
            while true {
                switch try links.send(message, to: destination) {
                case .queued(let endpoint):
                    links.settled(endpoint: endpoint)
                    metrics.gave(message)
                    if !stalled.isEmpty { stalled.remove(destination) }
                    return
                case .unavailable:
                    guard monotonicNanoseconds() < giveUp else {
                        metrics.undelivered.add()
                        if stalled.insert(destination).inserted {
                            StageLog.error("no room towards \(destination); answer dropped")
                        }
                        return
                    }
                    if case .inbox(let endpoint) = destination, endpoint.hasPrefix("ipc://\(links.directory)/") {
                        _ = try links.waitWritable(endpoint: endpoint, milliseconds: 20)
                    } else {
                        usleep(5000)
                    }
                }
            }
        } catch {
            StageLog.error("cannot send to \(destination): \(error)")
        }
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
