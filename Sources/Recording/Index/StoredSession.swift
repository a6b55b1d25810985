import Contract

/// A session's row while something is added to it.
struct StoredSession {
    private static let columns = """
        identity, groups, resource, protocol, source, started_us, ended_us, end_reason, commands, bytes, refused, held, counted
        """

    private var identity, groups, resource, protocolName, source: String
    private var started: UInt64
    private var ended: UInt64?
    private var endReason: String?
    private var commands, bytes, refused, held: UInt64
    private var counted: SequenceSet

    /// Adds to the rows of these sessions, making those that are missing.
    ///
    /// - Parameter sessions: in the order in which everybody takes them.
    /// - Throws: `contended` when a row went meanwhile.
    static func merge(
        _ sessions: [(key: String, value: IndexChanges.Session)], _ index: any IndexTransaction
    ) throws(RecordingError) {
        // A row that is not there cannot be locked.
        _ = try index.run(
            """
            INSERT INTO sessions(id, identity, groups, resource, protocol, source, started_us, commands, bytes, refused,
                held, counted)
            VALUES ($1, '', '', '', '', '', $2, 0, 0, 0, 0, '') ON CONFLICT(id) DO NOTHING
            """, each: sessions.map { [.text($0.key), .number($0.value.startedMicroseconds)] })
        let known = try index.run(
            "SELECT \(columns) FROM sessions WHERE id = $1" + index.rowLock, each: sessions.map { [.text($0.key)] })
        var values: [[IndexValue]] = []
        for ((id, session), rows) in zip(sessions, known) {
            guard let row = rows.first else { throw .contended }
            var stored = try StoredSession(row)
            stored.add(session)
            values.append(stored.values + [.text(id)])
        }
        _ = try index.run(
            """
            UPDATE sessions SET identity = $1, groups = $2, resource = $3, protocol = $4, source = $5, started_us = $6,
                ended_us = $7, end_reason = $8, commands = $9, bytes = $10, refused = $11, held = $12, counted = $13
            WHERE id = $14
            """, each: values)
    }

    private init(_ row: IndexRow) throws(RecordingError) {
        identity = try row.text(0)
        groups = try row.text(1)
        resource = try row.text(2)
        protocolName = try row.text(3)
        source = try row.text(4)
        started = try row.number(5)
        ended = try row.optionalNumber(6)
        endReason = try row.optionalText(7)
        commands = try row.number(8)
        bytes = try row.number(9)
        refused = try row.number(10)
        held = try row.number(11)
        counted = SequenceSet(text: try row.text(12)) ?? SequenceSet()
    }

    /// Records that two replicas have, because their session moved, count once.
    private mutating func add(_ session: IndexChanges.Session) {
        if let event = session.started {
            if !event.principal.name.isEmpty {
                identity = event.principal.name
                groups = event.principal.groups.joined(separator: "\n")
            }
            if !event.resource.isEmpty { resource = event.resource }
            if !event.protocol.isEmpty { protocolName = event.protocol }
            if !event.principal.sourceAddress.isEmpty { source = event.principal.sourceAddress }
        }
        started = min(started, session.startedMicroseconds)
        if let end = session.endedMicroseconds {
            ended = end
            endReason = session.endReason
        }
        commands = max(commands, session.commands)
        for count in session.counts where !counted.contains(count.sequence) {
            bytes = bytes.addingCapped(count.bytes)
            refused = refused.addingCapped(count.refused)
            held = held.addingCapped(count.held)
        }
        counted.insert(session.sequences)
    }

    private var values: [IndexValue] {
        [
            .text(identity), .text(groups), .text(resource), .text(protocolName), .text(source), .number(started),
            .number(ended), endReason.map { .text($0) } ?? .null, .number(commands), .number(bytes), .number(refused),
            .number(held), .text(counted.text),
        ]
    }
}

extension UInt64 {
    fileprivate func addingCapped(_ other: UInt64) -> UInt64 {
        let (sum, isTooLarge) = addingReportingOverflow(other)
        return isTooLarge ? .max : sum
    }
}
