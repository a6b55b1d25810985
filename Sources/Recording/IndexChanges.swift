import Contract

/// What some blocks add to the index. Built by the writer as it writes, or from the segments.
public struct IndexChanges: Sendable {
    struct Session: Sendable {
        var started: SessionStarted?
        var startedMicroseconds: UInt64
        var endedMicroseconds: UInt64?
        var endReason = ""
        /// Highest command number seen.
        var commands: UInt64 = 0
        var bytes: UInt64 = 0
        var refused: UInt64 = 0
        var held: UInt64 = 0
        /// First block of the session in each segment.
        var segments: [UInt64: UInt64] = [:]
    }

    /// A writer whose changes nobody takes drops them; the index then reads the segments.
    static let maxSessions = 16_384

    let replica: String
    /// The block before the first, and the last one, that these changes cover.
    let after: UInt64
    var through: UInt64
    private(set) var isComplete = true
    private(set) var sessions: [String: Session] = [:]

    init(replica: String, after: UInt64) {
        self.replica = replica
        self.after = after
        through = after
    }

    public var isEmpty: Bool { through == after }

    mutating func add(_ records: [Record], accepted: [Int], segment: UInt64, block: UInt64) {
        through = block
        guard isComplete else { return }
        for index in accepted { add(records[index], segment: segment, block: block) }
        if sessions.count > Self.maxSessions {
            isComplete = false
            sessions = [:]
        }
    }

    mutating func add(_ record: Record, segment: UInt64, block: UInt64) {
        guard !record.session.isEmpty else { return }
        sessions[record.session, default: Session(startedMicroseconds: record.timeUs)]
            .add(record, segment: segment, block: block)
    }
}

extension IndexChanges.Session {
    fileprivate mutating func add(_ record: Record, segment: UInt64, block: UInt64) {
        if segments[segment] == nil { segments[segment] = block }
        switch record.event {
        case .sessionStarted(let event):
            started = event
            startedMicroseconds = record.timeUs
        case .command(let event):
            commands = max(commands, event.command)
            if event.hasMemoised, event.memoised.verdict == .refuse { refused += 1 }
        case .decision(let event):
            if event.verdict == .refuse { refused += 1 }
        case .hold(let event):
            if event.status == "pending" { held += 1 }
        case .result(let event):
            bytes += event.bytes
        case .sessionEnded(let event):
            endedMicroseconds = record.timeUs
            endReason = event.reason
        case .output, .notice, .stageEvent, .sessionResumed, nil:
            break
        }
    }
}
