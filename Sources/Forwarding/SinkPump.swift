import Bus
import Configuration
import Contract
import Glibc
import OCSF
import Recording
import Telemetry

/// Reads recordings for one sink and sends it what happened: each event until it is accepted, then keeps how far that is.
/// While the sink is away reading stops: the recordings are the queue. Runs on one thread.
final class SinkPump {
    /// Between two looks for new records, milliseconds.
    static let interval = 200
    /// Bytes of texts after which a batch is sent.
    static let batchBytes = 1 << 20
    /// Records read for one batch, whether or not they make events.
    static let batchRecords = 10_000
    /// Batches sent and not accepted.
    static let maximumUnaccepted = 256
    /// How often at most the file is written when no event is sent, nanoseconds.
    static let idleCommit: UInt64 = 1_000_000_000
    /// How often the lag is counted, nanoseconds.
    static let lagInterval: UInt64 = 1_000_000_000

    private let settings: ForwardSink
    private let archive: RecordingArchive
    private let store: CursorStore
    private let sink: any Sink
    private let metrics: SinkMetrics
    private let sessions: SessionLookUp
    private var stream: EventStream
    private var queue: RecordQueue?
    /// Sent, or to be sent, and not accepted; the first `sent` of them are with the sink.
    private var unaccepted: [EventBatch] = []
    private var sent = 0
    /// Batches at the front that were sent before.
    private var repeated = 0
    /// Of records that made no events, when nothing else is on its way.
    private var idle = ForwardingProgress()
    private var pause = Pause()
    private var committedAt: UInt64 = 0
    private var countedAt: UInt64 = 0
    private var generator = SystemRandomNumberGenerator()

    /// - Parameters:
    ///   - withheld: names in the environment that a sink's own program does not see.
    ///   - index: opens the list of sessions.
    /// - Throws: when what the configuration names cannot be used.
    init(
        _ settings: ForwardSink, recordings: RecordingArchive, state: String, withheld: Set<String>,
        metrics: SinkMetrics, index: @escaping @Sendable () throws(RecordingError) -> RecordingIndex
    ) throws(ForwardError) {
        self.settings = settings
        self.metrics = metrics
        archive = recordings
        store = try CursorStore(folder: state, sink: settings.name)
        sink = try settings.make(withheld: withheld)
        let sessions = SessionLookUp(index)
        self.sessions = sessions
        stream = EventStream(lookUp: sessions.find)
    }

    /// Works until `shouldStop`, and then until everything acknowledged is accepted, or the sink fails.
    func run(shouldStop: () -> Bool) {
        while true {
            let isStopping = shouldStop()
            do {
                if try turn() { continue }
                try commitIdle(isDue: isStopping)
                try count()
                if isStopping {
                    if unaccepted.isEmpty { return sink.reset() }
                    try sink.finish()
                }
                rest(milliseconds: isStopping ? 20 : Self.interval, shouldStop)
            } catch {
                failed(error)
                if isStopping { return sink.reset() }
                let asked = (error as? ForwardError)?.retryAfter
                rest(milliseconds: pause.next(asked: asked, using: &generator), shouldStop)
            }
        }
    }

    /// One step; false when there is nothing to do now.
    private func turn() throws -> Bool {
        var isBusy = false
        if sent > 0, case let count = try sink.accepted(), count > 0 {
            try accepted(count)
            isBusy = true
        }
        if sent < unaccepted.count {
            guard sent == 0 || sink.takesMore else { return isBusy }
            let events = unaccepted[sent].events
            if sent < repeated { metrics.repeats.add(events.count) }
            sent += 1
            try sink.send(events)
            return true
        }
        guard unaccepted.isEmpty || sink.takesMore && unaccepted.count < Self.maximumUnaccepted else { return isBusy }
        return try read() || isBusy
    }

    /// Makes the next batch; false when there are no records.
    private func read() throws -> Bool {
        let queue = try opened()
        try queue.refresh()
        var events: [ForwardedEvent] = []
        var (bytes, records) = (0, 0)
        var problem: String?
        while events.count < sink.batch, bytes < Self.batchBytes, records < Self.batchRecords,
            let taken = queue.next(stream.isNext)
        {
            let made: [ForwardedEvent]
            do throws(RecordingError) {
                made = try stream.add(taken.record, in: taken.block)
            } catch {
                // What was sent without it could not be put right any more.
                problem = "who acts in a session that began before the sink is not known now: \(error)"
                queue.putBack(taken)
                break
            }
            records += 1
            for event in made where settings.events.contains(event.name) {
                bytes += event.entry?.text.utf8.count ?? 0
                events.append(event.at(settings.level))
            }
        }
        report(queue.problem.map(Self.damage) ?? problem)
        guard records > 0 else { return false }
        var checkpoint = stream.takeCheckpoint()
        checkpoint.places = queue.takePlaces()
        try add(events, checkpoint)
        return true
    }

    private func add(_ events: [ForwardedEvent], _ checkpoint: ForwardingProgress) throws(ForwardError) {
        idle.merge(checkpoint)
        if !events.isEmpty {
            unaccepted.append(EventBatch(events: events, checkpoint: idle))
        } else if let last = unaccepted.indices.last {
            // Nothing to be accepted: it holds as soon as what is before it does.
            unaccepted[last].checkpoint.merge(idle)
        } else {
            return try commitIdle(isDue: false)
        }
        idle = ForwardingProgress()
    }

    /// Keeps how far reading has come where there was nothing to send.
    private func commitIdle(isDue: Bool) throws(ForwardError) {
        let now = monotonicNanoseconds()
        guard !idle.isEmpty, isDue || now - committedAt >= Self.idleCommit else { return }
        try store.commit(idle)
        idle = ForwardingProgress()
        committedAt = now
    }

    private func accepted(_ count: Int) throws(ForwardError) {
        var checkpoint = ForwardingProgress()
        for batch in unaccepted.prefix(count) { checkpoint.merge(batch.checkpoint) }
        try store.commit(checkpoint)
        metrics.events.add(unaccepted.prefix(count).reduce(0) { $0 + $1.events.count })
        unaccepted.removeFirst(count)
        sent -= count
        repeated = max(0, repeated - count)
        recovered()
    }

    /// Begins, or goes on where a process before stopped.
    private func opened() throws -> RecordQueue {
        if let queue { return queue }
        var contents = try store.load()
        if contents == nil {
            contents = CursorStore.Contents()
            switch settings.from {
            case .start: break
            case .now: contents?.places = try RecordQueue.heads(archive)
            }
            try store.commit(ForwardingProgress(places: contents?.places ?? [:]))
        }
        let found = contents ?? CursorStore.Contents()
        try stream.restore(found.sessions, found.commands) { blocks, body in
            for (replica, own) in Dictionary(grouping: blocks, by: \.replica) {
                try reread(Set(own.map(\.block)), of: replica, body)
            }
        }
        let queue = RecordQueue(archive, at: found.places) { [settings, metrics] replica, finding in
            switch finding {
            case .followed: return
            case .exchanged:
                StageLog.error(
                    "sink \(settings.name): \(replica) is another recording, or an older copy of the one that was "
                        + "forwarded: it is forwarded from its beginning")
            case .missing(let block):
                StageLog.error(
                    "sink \(settings.name): \(replica)'s blocks before \(block) were removed before they were forwarded: "
                        + "their events are missing")
            case .erased(let block):
                StageLog.error(
                    "sink \(settings.name): the data key of \(replica)'s segment with block \(block) was destroyed before it was "
                        + "forwarded: its events are missing")
            }
            metrics.missing.add()
        }
        self.queue = queue
        return queue
    }

    /// Calls `body` with what is recorded of commands that are not over. What cannot be read is left out: their ends come
    /// alone.
    private func reread(_ blocks: Set<UInt64>, of replica: String, _ body: (Record) -> Void) throws {
        guard try archive.replicas().contains(replica) else { return }
        do throws(RecordingError) {
            try archive.forEachRecord(in: blocks, of: replica) { record in body(record) }
        } catch {
            // Without the file of its data key a segment was erased; with it, it is the configured key that is wrong.
            let isErased = error.code == .encrypted && access(error.file, F_OK) != 0
            guard isErased || [.damaged, .incomplete, .archived].contains(error.code) else { throw error }
            StageLog.error("sink \(settings.name): of commands that are not over: \(error)")
            metrics.missing.add()
        }
    }

    // MARK: - Failures

    private func failed(_ error: any Error) {
        sink.reset()
        sent = 0
        repeated = unaccepted.count
        metrics.failures.add()
        let text = "\(error)"
        if metrics.problem != text { StageLog.error("sink \(settings.name): \(text)") }
        metrics.problem = text
    }

    private static let archivedAdvice =
        "the forwarder does not read the archive: fetch the segment into the replica's folder, and make keep_local longer "
        + "than a sink can be away"

    /// A recording that cannot be read holds up its own events alone.
    private static func damage(_ problem: RecordingError) -> String {
        problem.code == .archived ? "\(problem): \(archivedAdvice)" : "\(problem)"
    }

    private func report(_ text: String?) {
        if let text, metrics.damage != text { StageLog.error("sink \(settings.name): \(text)") }
        metrics.damage = text
    }

    private func recovered() {
        pause.reset()
        guard metrics.problem != nil else { return }
        metrics.problem = nil
        StageLog.info("sink \(settings.name) takes events again")
    }

    // MARK: - Time

    private func rest(milliseconds: Int, _ shouldStop: () -> Bool) {
        let end = monotonicNanoseconds() + UInt64(milliseconds) * 1_000_000
        let wasStopping = shouldStop()
        while case let now = monotonicNanoseconds(), now < end, wasStopping || !shouldStop() {
            usleep(UInt32(min(50_000, (end - now) / 1000)))
            if now - countedAt >= Self.lagInterval { countIfReadable() }
        }
    }

    private func countIfReadable() {
        do {
            try count()
        } catch {
            // What cannot be read now is said when it is to be sent.
            countedAt = monotonicNanoseconds()
        }
    }

    /// How far the sink is behind.
    private func count() throws {
        countedAt = monotonicNanoseconds()
        guard let queue else { return }
        let waiting = try queue.waiting()
        metrics.lag.set(Int(clamping: waiting))
        let oldest = unaccepted.lazy.flatMap(\.events).first?.time ?? queue.oldest
        metrics.waits(since: oldest)
    }
}

/// Who acts in sessions that began before the sink did, from the list of sessions.
private final class SessionLookUp {
    private let open: @Sendable () throws(RecordingError) -> RecordingIndex
    private var index: RecordingIndex?

    init(_ open: @escaping @Sendable () throws(RecordingError) -> RecordingIndex) { self.open = open }

    /// Nil when the list does not have it, or is a file that cannot be opened.
    ///
    /// - Throws: when a database cannot be asked now.
    func find(_ session: String) throws(RecordingError) -> RecordedSession? {
        do throws(RecordingError) {
            let index: RecordingIndex
            if let known = self.index { index = known } else { index = try open() }
            self.index = index
            return RecordedSession(try index.session(session))
        } catch {
            guard error.code == .notFound || index?.isShared != true else { throw error }
            StageLog.error("who acts is not known, its events say the session's id alone: \(error)", session: session)
            return nil
        }
    }
}
