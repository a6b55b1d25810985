import CivilCalendar

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

        /// The condition of a WHERE, and the values of its parameters, the first of which is `$1`.
        fileprivate var condition: (text: String, values: [IndexValue]) {
            var parts = ["1 = 1"]
            var values: [IndexValue] = []
            func add(_ part: (String) -> String, _ value: IndexValue) {
                values.append(value)
                parts.append(part("$\(values.count)"))
            }
            func addMark(_ kind: IndexChanges.Mark.Kind, _ name: String) {
                add(
                    { "id IN (SELECT session FROM session_marks WHERE kind = '\(kind.rawValue)' AND name = \($0))" },
                    .mark(name))
            }
            if let identity { add({ "identity = \($0)" }, .text(identity)) }
            if let resource { add({ "resource = \($0)" }, .text(resource)) }
            if let rule { addMark(.rule, rule) }
            if let entity { addMark(.entity, entity) }
            if let decision { addMark(.verdict, decision.rawValue) }
            if let since { add({ "(ended_us IS NULL OR ended_us >= \($0))" }, .number(since)) }
            if let until { add({ "started_us < \($0)" }, .number(until)) }
            if let isOpen { parts.append(isOpen ? "ended_us IS NULL" : "ended_us IS NOT NULL") }
            return (parts.joined(separator: " AND "), values)
        }
    }

    /// What sessions are counted by.
    public enum Grouping: String, Sendable, CaseIterable {
        case identity, resource, day, rule, entity, decision

        /// The expression, and the kind of marks that it is over.
        fileprivate var source: (key: String, marks: IndexChanges.Mark.Kind?) {
            switch self {
            case .identity: ("identity", nil)
            case .resource: ("resource", nil)
            case .day: ("started_us / \(Self.dayMicroseconds)", nil)
            case .rule: ("name", .rule)
            case .entity: ("name", .entity)
            case .decision: ("name", .verdict)
            }
        }

        private static let dayMicroseconds = 86_400_000_000
        /// From 1970-01-01 to 2000-01-01.
        private static let epoch = 10_957

        fileprivate func label(_ row: IndexRow) throws(RecordingError) -> String {
            switch self {
            case .identity, .resource, .rule, .entity, .decision: return try row.text(0)
            case .day:
                let date = CalendarDate(day: Int(try row.number(0)) - Self.epoch)
                return [(date.year, 4), (date.month, 2), (date.dayOfMonth, 2)].map { number, digits in
                    String(repeating: "0", count: max(0, digits - String(number).count)) + String(number)
                }.joined(separator: "-")
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

        fileprivate static let half: UInt64 = 1 << 32

        /// Of the sums of the upper and the lower halves, which stand side by side; at most 2^64 - 1.
        fileprivate static func sum(_ row: IndexRow, _ column: Int) throws(RecordingError) -> UInt64 {
            let (upper, lower) = (try row.number(column), try row.number(column + 1))
            let (sum, isTooLarge) = upper.multipliedReportingOverflow(by: half)
            let (total, isMore) = sum.addingReportingOverflow(lower)
            return isTooLarge || isMore ? .max : total
        }
    }

    /// Sessions that match, the latest first.
    public func list(_ filter: Filter = Filter()) throws(RecordingError) -> [Session] {
        let (condition, values) = filter.condition
        return try database.read { index throws(RecordingError) in
            try index.rows(
                """
                SELECT \(Session.columns) FROM sessions WHERE \(condition)
                ORDER BY started_us DESC, id LIMIT \(max(0, filter.limit))
                """, values
            ).map(Session.init)
        }
    }

    /// Sessions that match, the oldest first, in pages; `limit` does not count.
    /// - Parameter after: the last one of the page before; nil: the first page.
    public func page(_ filter: Filter, after: Session?, count: Int = 500) throws(RecordingError) -> [Session] {
        var (condition, values) = filter.condition
        if let after {
            condition += " AND (started_us, id) > ($\(values.count + 1), $\(values.count + 2))"
            values += [.number(after.startedMicroseconds), .text(after.id)]
        }
        return try database.read { index throws(RecordingError) in
            try index.rows(
                """
                SELECT \(Session.columns) FROM sessions WHERE \(condition) ORDER BY started_us, id LIMIT \(count)
                """, values
            ).map(Session.init)
        }
    }

    /// Sums over the sessions that match, the group with the most commands first. Over rules, entities and decisions a
    /// session counts, with all its commands, in every group that it has.
    public func totals(_ filter: Filter, by grouping: Grouping) throws(RecordingError) -> [Totals] {
        let (key, marks) = grouping.source
        let join = marks.map { "JOIN session_marks ON session = id AND kind = '\($0.rawValue)'" } ?? ""
        let (condition, values) = filter.condition
        func sum(_ expression: String) -> String { "CAST(SUM(\(expression)) AS BIGINT)" }
        // A sum beyond 64 bits is an error: upper and lower halves are added apart.
        func upper(_ column: String) -> String { sum("\(column) / \(Totals.half)") }
        func lower(_ column: String) -> String { sum("\(column) % \(Totals.half)") }
        let sums = ["commands", "refused", "held", "bytes"].map { "\(upper($0)), \(lower($0))" }
        return try database.read { index throws(RecordingError) in
            try index.rows(
                """
                SELECT \(key) AS label, COUNT(*), \(sum("CASE WHEN ended_us IS NULL THEN 1 ELSE 0 END")),
                    \(sums.joined(separator: ", "))
                FROM sessions \(join) WHERE \(condition) GROUP BY label
                ORDER BY \(upper("commands")) + \(lower("commands")) / \(Totals.half) DESC,
                    \(lower("commands")) % \(Totals.half) DESC, label
                LIMIT \(max(0, filter.limit))
                """, values
            ).map { row throws(RecordingError) in
                Totals(
                    group: try grouping.label(row), sessions: try row.number(1), open: try row.number(2),
                    commands: try Totals.sum(row, 3), refused: try Totals.sum(row, 5), held: try Totals.sum(row, 7),
                    bytes: try Totals.sum(row, 9))
            }
        }
    }
}

extension IndexValue {
    /// Bytes of a name that sessions are looked for by: what is longer counts up to here. PostgreSQL's indexes take entries
    /// of 2,704 bytes (its manual, "B-Tree Implementation").
    private static let maxMarkBytes = 1024

    static func mark(_ name: String) -> IndexValue {
        guard name.utf8.count > maxMarkBytes else { return .text(name) }
        // What of a character is cut is not valid: it becomes U+FFFD.
        return .text(String(decoding: name.utf8.prefix(maxMarkBytes), as: UTF8.self))
    }
}
