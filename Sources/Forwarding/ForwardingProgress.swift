import OCSF
import Recording

/// A command of one session.
struct CommandKey: Hashable, Sendable {
    let session: String
    let command: UInt64
}

/// A block of one replica's recording.
struct BlockKey: Hashable, Sendable {
    let replica: String
    let block: UInt64
}

/// What is kept of a session that goes on.
struct SessionPlace: Sendable, Equatable {
    /// Nil: its beginning was not seen.
    var facts: RecordedSession?
    /// The sequence number of the last record that was taken.
    var seen: UInt64
}

/// How far a sink has come, as a change to what was written before.
struct ForwardingProgress: Sendable, Equatable {
    /// By replica.
    var places: [String: ReplicaTail.Place] = [:]
    /// Nil: no more.
    var sessions: [String: SessionPlace?] = [:]
    /// The blocks with what is recorded of commands that are not over; nil: no more.
    var commands: [CommandKey: Set<BlockKey>?] = [:]

    var isEmpty: Bool { places.isEmpty && sessions.isEmpty && commands.isEmpty }

    /// Adds a later one.
    mutating func merge(_ later: ForwardingProgress) {
        places.merge(later.places) { $1 }
        sessions.merge(later.sessions) { $1 }
        commands.merge(later.commands) { $1 }
    }
}
