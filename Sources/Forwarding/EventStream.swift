import Configuration
import Contract
import OCSF
import Recording

/// Turns records into events: records in, events out, and what must be kept to go on from here. No clock, no I/O.
struct EventStream {
    /// Sessions that are known at once; beyond it the one without records for longest is forgotten.
    static let maximumSessions = 50_000
    /// Bytes of texts of commands that are not over; beyond it the oldest of them is sent as it is.
    static let maximumOpenBytes = 64 << 20
    /// Commands that are not over, likewise.
    static let maximumOpenCommands = 20_000
    /// Ended sessions that are remembered, so that records which two recorders have come once.
    static let maximumEnded = 10_000

    private struct Session {
        var place: SessionPlace
        var log = CommandLog()
        /// Counts up with each record.
        var touched: UInt64 = 0
    }

    private struct OpenCommand {
        var blocks: Set<BlockKey>
        var bytes: Int
        var order: UInt64
    }

    private var sessions: [String: Session] = [:]
    private var open: [CommandKey: OpenCommand] = [:]
    private var openBytes = 0
    private var ended: Set<String> = []
    private var endedOrder: [String] = []
    private var clock: UInt64 = 0
    private var changedSessions: Set<String> = []
    private var changedCommands: Set<CommandKey> = []
    /// Who acts in a session whose beginning was not seen.
    private let lookUp: (String) throws(RecordingError) -> RecordedSession?

    /// - Parameter lookUp: throws when that is not known now, but may be later.
    init(lookUp: @escaping (String) throws(RecordingError) -> RecordedSession?) { self.lookUp = lookUp }

    // MARK: - Records

    /// Whether the record may be taken now: the one before it in its session was.
    func isNext(_ record: Record) -> Bool {
        if record.session.isEmpty || Self.isResumption(record) || ended.contains(record.session) { return true }
        guard let seen = sessions[record.session]?.place.seen else { return record.sequence <= 1 }
        return record.sequence <= seen + 1
    }

    /// Takes a record that stands in `block`; what it completes.
    ///
    /// - Throws: what looking up throws; the record is then not taken.
    mutating func add(_ record: Record, in block: BlockKey) throws(RecordingError) -> [ForwardedEvent] {
        let id = record.session
        guard !id.isEmpty, !Self.isResumption(record), !ended.contains(id) else { return [] }
        if let known = sessions[id], record.sequence <= known.place.seen { return [] }
        let needsFacts = record.sequence > 1 && sessions[id]?.place.facts == nil
        let found = needsFacts ? try lookUp(id) : nil
        var events = makeRoom(for: id)
        clock += 1
        var session = sessions[id] ?? Session(place: SessionPlace(facts: nil, seen: 0))
        if let found { session.place.facts = found }
        session.place.seen = record.sequence
        session.touched = clock
        events += take(record, &session, block)
        sessions[id] = session
        changedSessions.insert(id)
        if case .sessionEnded = record.event { forget(id) }
        return events + giveUpBeyondBounds()
    }

    private static func isResumption(_ record: Record) -> Bool {
        if case .sessionResumed = record.event { return true }
        return false
    }

    private mutating func take(_ record: Record, _ session: inout Session, _ block: BlockKey) -> [ForwardedEvent] {
        let completed = session.log.add(record)
        func facts() -> RecordedSession { session.place.facts ?? RecordedSession(id: record.session) }
        switch record.event {
        case .sessionStarted(let event):
            session.place.facts = RecordedSession(id: record.session, event)
            return [Self.event(record, .started, facts(), .started(event))]
        case .command(let event):
            let size = session.log.entry(event.command)?.text.utf8.count ?? 0
            note(CommandKey(session: record.session, command: event.command), in: block, session.log, bytes: size)
            return []
        case .decision(let event):
            note(CommandKey(session: record.session, command: event.command), in: block, session.log)
            return []
        case .hold(let event):
            note(CommandKey(session: record.session, command: event.command), in: block, session.log)
            guard let entry = session.log.entry(event.command) else { return [] }
            let name = event.status == "pending" ? ForwardedEventName.held : .reviewed
            return [Self.event(record, name, facts(), .hold(event, entry))]
        case .result(let event):
            close(CommandKey(session: record.session, command: event.command))
            guard let completed else {
                // Its beginning was before the sink's, or was sent without its end.
                let entry = CommandLog.Entry(onlyEnd: event, record.timeUs)
                return [Self.event(entry, time: record.timeUs, facts(), part: "/result")]
            }
            return [Self.event(completed, time: record.timeUs, facts())]
        case .sessionEnded(let event):
            let unfinished = session.log.unfinished()
            for entry in unfinished { close(CommandKey(session: record.session, command: entry.number)) }
            let isKilled = event.isByOperator
            return unfinished.map { Self.event($0, time: record.timeUs, facts()) }
                + [
                    Self.event(
                        record, isKilled ? .killed : .ended, facts(), .ended(event, isKilled: isKilled))
                ]
        case .output, .notice, .stageEvent, .sessionResumed, nil: return []
        }
    }

    private static func event(
        _ record: Record, _ name: ForwardedEventName, _ session: RecordedSession, _ subject: ForwardedEvent.Subject
    ) -> ForwardedEvent {
        ForwardedEvent(
            id: "\(record.session)/\(record.sequence)/\(name.rawValue)", name, time: record.timeUs, session, subject)
    }

    private static func event(
        _ entry: CommandLog.Entry, time: UInt64, _ session: RecordedSession, part: String = ""
    ) -> ForwardedEvent {
        ForwardedEvent(
            id: DatastoreActivity.uid(session.id, entry.number) + part, entry.isRefused ? .refused : .allowed,
            time: time,
            session, .command(entry))
    }

    // MARK: - Bounds

    private mutating func makeRoom(for id: String) -> [ForwardedEvent] {
        guard sessions[id] == nil, sessions.count >= Self.maximumSessions,
            let oldest = sessions.min(by: { $0.value.touched < $1.value.touched })
        else { return [] }
        var session = oldest.value
        let facts = session.place.facts ?? RecordedSession(id: oldest.key)
        let unfinished = session.log.unfinished()
        for entry in unfinished { close(CommandKey(session: oldest.key, command: entry.number)) }
        sessions[oldest.key] = nil
        changedSessions.insert(oldest.key)
        return unfinished.map { Self.event($0, time: $0.received, facts) }
    }

    private mutating func giveUpBeyondBounds() -> [ForwardedEvent] {
        var events: [ForwardedEvent] = []
        while openBytes > Self.maximumOpenBytes || open.count > Self.maximumOpenCommands,
            let key = open.min(by: { $0.value.order < $1.value.order })?.key
        {
            close(key)
            guard let entry = sessions[key.session]?.log.giveUp(key.command) else { continue }
            let facts = sessions[key.session]?.place.facts ?? RecordedSession(id: key.session)
            events.append(Self.event(entry, time: entry.received, facts))
        }
        return events
    }

    /// Something of a command that is not over stands in `block`.
    private mutating func note(_ key: CommandKey, in block: BlockKey, _ log: CommandLog, bytes: Int = 0) {
        guard log.entry(key.command) != nil else { return }
        open[key, default: OpenCommand(blocks: [], bytes: 0, order: clock)].blocks.insert(block)
        open[key]?.bytes += bytes
        openBytes += bytes
        changedCommands.insert(key)
    }

    private mutating func close(_ key: CommandKey) {
        guard let command = open.removeValue(forKey: key) else { return }
        openBytes -= command.bytes
        changedCommands.insert(key)
    }

    private mutating func forget(_ id: String) {
        sessions[id] = nil
        guard ended.insert(id).inserted else { return }
        endedOrder.append(id)
        guard endedOrder.count > Self.maximumEnded * 2 else { return }
        ended.subtract(endedOrder.prefix(Self.maximumEnded))
        endedOrder.removeFirst(Self.maximumEnded)
    }

    // MARK: - Going on

    /// What changed since the last call; ``ForwardingProgress/places`` is the reader's.
    mutating func takeCheckpoint() -> ForwardingProgress {
        var checkpoint = ForwardingProgress()
        for id in changedSessions { checkpoint.sessions.updateValue(sessions[id]?.place, forKey: id) }
        for key in changedCommands { checkpoint.commands.updateValue(open[key]?.blocks, forKey: key) }
        changedSessions = []
        changedCommands = []
        return checkpoint
    }

    /// Goes on where a process before stopped. `records`: calls its argument with every record of some blocks.
    mutating func restore(
        _ kept: [String: SessionPlace], _ commands: [CommandKey: Set<BlockKey>],
        records: (Set<BlockKey>, (Record) -> Void) throws -> Void
    ) rethrows {
        for (id, place) in kept { sessions[id] = Session(place: place) }
        guard !commands.isEmpty else { return }
        var found: [Record] = []
        try records(commands.values.reduce(into: []) { $0.formUnion($1) }) { record in
            guard let command = record.ofCommand, let place = kept[record.session], record.sequence <= place.seen,
                commands[CommandKey(session: record.session, command: command)] != nil
            else { return }
            found.append(record)
        }
        // Records that two recorders have come once.
        var last: [String: UInt64] = [:]
        for record in found.sorted(by: { ($0.session, $0.sequence) < ($1.session, $1.sequence) }) {
            guard record.sequence > last[record.session] ?? 0 else { continue }
            last[record.session] = record.sequence
            _ = sessions[record.session]?.log.add(record)
        }
        for (key, blocks) in commands {
            clock += 1
            let size = sessions[key.session]?.log.entry(key.command)?.text.utf8.count ?? 0
            open[key] = OpenCommand(blocks: blocks, bytes: size, order: clock)
            openBytes += size
        }
    }
}

extension Record {
    /// The command that a record is about before it is over.
    fileprivate var ofCommand: UInt64? {
        switch event {
        case .command(let event): event.command
        case .decision(let event): event.command
        case .hold(let event): event.command
        case .sessionStarted, .result, .output, .sessionEnded, .notice, .stageEvent, .sessionResumed, nil: nil
        }
    }
}
