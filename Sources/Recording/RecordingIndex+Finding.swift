import GRDB

extension RecordingIndex {
    /// Which sessions are looked for; what is nil does not count.
    public struct Filter: Sendable {
        /// What was decided of some command.
        public enum Decision: String, Sendable, CaseIterable { case allow, hold, refuse }

        public var identity: String?
        public var resource: String?
        /// The rule that decided about some command.
        public var rule: String?
        public var decision: Decision?
        /// What was masked in some reply: an entity, or a pattern of columns.
        public var entity: String?
        /// Some time of the session is at or after this; before that. Unix time, microseconds.
        public var since: UInt64?
        public var until: UInt64?
        /// Whether it goes on.
        public var isOpen: Bool?
        /// At most this many sessions, the latest first.
        public var limit: Int

        public init(
            identity: String? = nil, resource: String? = nil, rule: String? = nil, decision: Decision? = nil,
            entity: String? = nil, since: UInt64? = nil, until: UInt64? = nil, isOpen: Bool? = nil, limit: Int = 50
        ) {
            self.identity = identity
            self.resource = resource
            self.rule = rule
            self.decision = decision
            self.entity = entity
            self.since = since
            self.until = until
            self.isOpen = isOpen
            self.limit = limit
        }

        fileprivate static let condition = """
            (:identity IS NULL OR identity = :identity) AND (:resource IS NULL OR resource = :resource)
            AND (:rule IS NULL OR id IN (SELECT session FROM session_marks WHERE kind = 'rule' AND name = :rule))
            AND (:entity IS NULL OR id IN (SELECT session FROM session_marks WHERE kind = 'entity' AND name = :entity))
            AND (:decision IS NULL
                OR id IN (SELECT session FROM session_marks WHERE kind = 'verdict' AND name = :decision))
            AND (:since IS NULL OR ended_us IS NULL OR ended_us >= :since) AND (:until IS NULL OR started_us < :until)
            AND (:open IS NULL OR (ended_us IS NULL) = :open)
            """

        fileprivate var arguments: StatementArguments {
            [
                "identity": identity, "resource": resource, "rule": rule, "entity": entity,
                "decision": decision?.rawValue, "since": since.map { Int64(clamping: $0) },
                "until": until.map { Int64(clamping: $0) }, "open": isOpen,
            ]
        }
    }

    /// What sessions are counted by.
    public enum Grouping: String, Sendable, CaseIterable {
        case identity, resource, day, rule, entity, decision

        /// The expression, and the kind of marks that it is over.
        fileprivate var source: (key: String, marks: String?) {
            switch self {
            case .identity: ("identity", nil)
            case .resource: ("resource", nil)
            case .day: ("date(started_us / 1000000, 'unixepoch')", nil)
            case .rule: ("name", "rule")
            case .entity: ("name", "entity")
            case .decision: ("name", "verdict")
            }
        }
    }

    /// Sums over the sessions of one group.
    public struct Totals: Sendable, Equatable {
        public var group: String
        public var sessions: UInt64
        public var open: UInt64
        public var commands: UInt64
        public var refused: UInt64
        public var held: UInt64
        public var bytes: UInt64
    }

    /// Sessions that match, the latest first.
    public func list(_ filter: Filter = Filter()) throws(RecordingError) -> [Session] {
        try access { database in
            try Row.fetchAll(
                database,
                sql: """
                    SELECT * FROM sessions WHERE \(Filter.condition)
                    ORDER BY started_us DESC, id LIMIT \(max(0, filter.limit))
                    """,
                arguments: filter.arguments
            ).map(Session.init)
        }
    }

    /// Sessions that match, the oldest first, in pages; `limit` does not count.
    /// - Parameter after: the last one of the page before; nil: the first page.
    public func page(_ filter: Filter, after: Session?, count: Int = 500) throws(RecordingError) -> [Session] {
        let start: StatementArguments = [
            "start": after.map { Int64(clamping: $0.startedMicroseconds) }, "last": after?.id,
        ]
        return try access { database in
            try Row.fetchAll(
                database,
                sql: """
                    SELECT * FROM sessions WHERE \(Filter.condition)
                    AND (:start IS NULL OR (started_us, id) > (:start, :last)) ORDER BY started_us, id LIMIT \(count)
                    """,
                arguments: filter.arguments + start
            ).map(Session.init)
        }
    }

    /// Sums over the sessions that match, the group with the most commands first. Over rules, entities and decisions a
    /// session counts, with all its commands, in every group that it has.
    public func totals(_ filter: Filter, by grouping: Grouping) throws(RecordingError) -> [Totals] {
        let (key, marks) = grouping.source
        let join = marks.map { "JOIN session_marks ON session = id AND kind = '\($0)'" } ?? ""
        return try access { database in
            try Row.fetchAll(
                database,
                sql: """
                    SELECT \(key) AS label, COUNT(*) AS sessions, SUM(ended_us IS NULL) AS open, SUM(commands) AS commands,
                        SUM(refused) AS refused, SUM(held) AS held, SUM(bytes) AS bytes
                    FROM sessions \(join) WHERE \(Filter.condition)
                    GROUP BY label ORDER BY SUM(commands) DESC, label LIMIT \(max(0, filter.limit))
                    """,
                arguments: filter.arguments
            ).map { row in
                func number(_ name: String) -> UInt64 {
                    let value: Int64 = row[name]
                    return UInt64(clamping: value)
                }
                return Totals(
                    group: row["label"], sessions: number("sessions"), open: number("open"),
                    commands: number("commands"), refused: number("refused"), held: number("held"),
                    bytes: number("bytes"))
            }
        }
    }
}
