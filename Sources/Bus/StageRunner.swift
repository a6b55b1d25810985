import Contract
import Foundation
import Glibc
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

    private let environment: StageEnvironment
    private let context: BusContext
    private let inbox: Inbox
    private let key: DecisionKey
    private var links: Links
    /// Peers that did not take a message in time: not waited for again until they take one.
    private var stalled: Set<String> = []
    private var watchdog = Watchdog()
    private let metrics = BusMetrics.current
    private let heartbeat = ProcessTelemetry.current.health.addLoop("the work loop")

    public init(_ environment: StageEnvironment) throws(BusError) {
        self.environment = environment
        key = try DecisionKey(path: environment.keyFile)
        context = try BusContext()
        inbox = try Inbox(context: context, endpoint: try environment.inboxEndpoint())
        links = Links(context: context, directory: environment.bus)
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
        // What is already queued here is still answered.
        while turn(&stage, waiting: 0) {}
        stage.drain()
    }

    /// Handles what is here; false when nothing came.
    @discardableResult
    private mutating func turn(_ stage: inout some Stage, waiting milliseconds: Int) -> Bool {
        var messages: [BusMessage] = []
        heartbeat.beat(now: monotonicNanoseconds())
        if inbox.wait(milliseconds: milliseconds) {
            while messages.count < Self.batchLimit {
                do {
                    guard let message = try inbox.receive() else { break }
                    metrics.took(message)
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
        let name = "\(destination)"
        let patience = stalled.contains(name) ? 0 : Self.sendPatience
        let giveUp = monotonicNanoseconds() + UInt64(patience) * 1_000_000
        do {
            while true {
                switch try links.send(message, to: destination) {
                case .queued(let endpoint):
                    links.settled(endpoint: endpoint)
                    metrics.gave(message)
                    stalled.remove(name)
                    return
                case .unavailable:
                    guard monotonicNanoseconds() < giveUp else {
                        metrics.undelivered.add()
                        if stalled.insert(name).inserted { StageLog.error("no room towards \(name); answer dropped") }
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
            StageLog.error("cannot send to \(name): \(error)")
        }
    }

    /// The usual main function of a stage: runs it, or prints why it cannot and exits with 1.
    public static func main<S: Stage>(_ make: (StageEnvironment) throws -> S) {
        do {
            let environment = try StageEnvironment.fromProcess()
            try StageLog.bootstrap(environment)
            var stage = try make(environment)
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
