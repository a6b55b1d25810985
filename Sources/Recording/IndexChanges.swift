import Contract

/// What some blocks add to the index. Built by the writer as it writes, or from the segments.
public struct IndexChanges: Sendable {
    /// What one record adds to its session's sums.
    struct Count: Sendable {
        var sequence: UInt64
        var bytes: UInt64 = 0
        var refused: UInt64 = 0
        var held: UInt64 = 0
    }

    /// Something by which sessions are looked for.
    struct Mark: Sendable, Hashable {
        /// The last one: of a session some of whose records were not read, for want of a key.
        enum Kind: String, Sendable { case rule, entity, verdict, unread }
        let kind: Kind
        let name: [UInt8]
    }

    struct Session: Sendable {
        var started: SessionStarted?
        var startedMicroseconds: UInt64
        var endedMicroseconds: UInt64?
        var endReason = ""
        /// Highest command number seen.
        var commands: UInt64 = 0
        /// Apart, because another replica may have counted some of the same records.
        var counts: [Count] = []
        var sequences = SequenceSet()
        fileprivate(set) var marks: Set<Mark> = []
        /// The last of each kind: one command is decided as the one before it, mostly.
        fileprivate var latest: [Mark.Kind: Mark] = [:]
        /// First block of the session in each segment.
        var segments: [UInt64: UInt64] = [:]
    }

    /// A writer whose changes nobody takes drops them; the index then reads the segments.
    static let maxSessions = 16_384
    static let maxCounts = 262_144

    let replica: String
    /// That of the replica.
    var recording: RecordingIdentity?
    /// The block before the first, and the last one, that these changes cover.
    let after: UInt64
    var through: UInt64
    private(set) var isComplete = true
    private(set) var sessions: [String: Session] = [:]
    private(set) var counts = 0

    init(replica: String, after: UInt64, recording: RecordingIdentity?) {
        self.replica = replica
        self.recording = recording
        self.after = after
        through = after
    }

    public var isEmpty: Bool { through == after }

    mutating func add(
        _ batches: [IncomingBatch], accepted: [(batch: Int, entry: Int)], segment: UInt64, block: UInt64
    ) {
        through = block
        guard isComplete else { return }
        for (place, index) in accepted {
            let batch = batches[place]
            let entry = batch.entries[index]
            batch.body.withUnsafeBytes { raw in
                add(entry.head, raw, session: batch.sessions[entry.session], segment: segment, block: block)
            }
        }
        if sessions.count > Self.maxSessions || counts > Self.maxCounts {
            isComplete = false
            sessions = [:]
        }
    }

    mutating func add(
        _ head: RecordHead, _ raw: UnsafeRawBufferPointer, session: String, segment: UInt64, block: UInt64
    ) {
        let event = IndexedEvent(head, raw)
        let added = sessions[session, default: Session(startedMicroseconds: head.time)]
            .add(event, head, raw, segment: segment, block: block)
        counts += added
    }
}

extension IndexChanges {
    /// What is known of a run of records that cannot be read: that it is there, and when its block was written.
    mutating func add(_ run: SessionRun, time: UInt64, segment: UInt64, block: UInt64) {
        var session = sessions[run.session] ?? Session(startedMicroseconds: time)
        if session.segments[segment] == nil { session.segments[segment] = block }
        if run.last >= run.first { session.sequences.insert(run.first...run.last) }
        if run.ended { session.endedMicroseconds = time }
        session.marks.insert(Mark(kind: .unread, name: []))
        sessions[run.session] = session
    }
}

extension IndexChanges.Session {
    /// Returns how many counts and marks it added.
    fileprivate mutating func add(
        _ event: IndexedEvent, _ head: RecordHead, _ raw: UnsafeRawBufferPointer, segment: UInt64, block: UInt64
    ) -> Int {
        if segments[segment] == nil { segments[segment] = block }
        guard event != .resumed else { return 0 }
        sequences.insert(head.sequence...head.sequence)
        let marksBefore = marks.count
        var count = IndexChanges.Count(sequence: head.sequence)
        switch event {
        case .started(let event):
            started = event
            startedMicroseconds = head.time
            return 0
        case .command(let number, let memoised):
            commands = max(commands, number)
            guard let memoised else { return 0 }
            mark(memoised, raw)
            if memoised.verdict == .refuse { count.refused = 1 }
        case .decision(let decided):
            mark(decided, raw)
            if decided.verdict == .refuse { count.refused = 1 }
        case .held:
            count.held = 1
            mark(.verdict, "hold".utf8)
        case .result(let bytes, let masked):
            for name in masked { mark(.entity, raw[name]) }
            count.bytes = bytes
        case .ended(let reason):
            endedMicroseconds = head.time
            endReason = reason
            return 0
        case .resumed, .other: return 0
        }
        let isCounted = count.bytes > 0 || count.refused > 0 || count.held > 0
        if isCounted { counts.append(count) }
        return (isCounted ? 1 : 0) + marks.count - marksBefore
    }

    private mutating func mark(_ decided: IndexedEvent.Decided, _ raw: UnsafeRawBufferPointer) {
        if !decided.rule.isEmpty { mark(.rule, raw[decided.rule]) }
        switch decided.verdict {
        case .allow: mark(.verdict, "allow".utf8)
        case .hold: mark(.verdict, "hold".utf8)
        case .refuse: mark(.verdict, "refuse".utf8)
        case .unspecified, .UNRECOGNIZED: break
        }
    }

    private mutating func mark(_ kind: IndexChanges.Mark.Kind, _ name: some Collection<UInt8>) {
        if let last = latest[kind], last.name.elementsEqual(name) { return }
        let mark = IndexChanges.Mark(kind: kind, name: Array(name))
        latest[kind] = mark
        marks.insert(mark)
    }
}
