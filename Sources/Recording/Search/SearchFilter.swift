/// Which commands are looked for; what is nil does not count.
public struct SearchFilter: Sendable {
    public var query: SearchQuery
    public var identity: String?
    public var resource: String?
    /// The rule that decided about it.
    public var rule: String?
    /// What was decided about it; `hold` also when a reviewer was asked.
    public var decision: RecordingIndex.Filter.Decision?
    /// A table that it reads or writes, as SQL writes the name. Without a schema the name in any schema. What a recording names
    /// without a schema may be in any.
    public var table: TableName?
    /// It was received at or after this; before that. Unix time, microseconds.
    public var since: UInt64?
    public var until: UInt64?
    /// At most this many commands, the latest first.
    public var limit: Int

    public init(
        query: SearchQuery = SearchQuery(), identity: String? = nil, resource: String? = nil, rule: String? = nil,
        decision: RecordingIndex.Filter.Decision? = nil, table: TableName? = nil, since: UInt64? = nil,
        until: UInt64? = nil, limit: Int = 50
    ) {
        self.query = query
        self.identity = identity
        self.resource = resource
        self.rule = rule
        self.decision = decision
        self.table = table
        self.since = since
        self.until = until
        self.limit = limit
    }

    /// Whether everything but the text is as it should be.
    func matches(_ command: RecordedCommand, identity: String, resource: String) -> Bool {
        (self.identity == nil || self.identity == identity) && (self.resource == nil || self.resource == resource)
            && matches(command)
    }

    /// As far as a command tells without its session.
    func matches(_ command: RecordedCommand) -> Bool {
        (rule == nil || rule == command.rule) && (decision.map(command.wasDecided) ?? true)
            && (table.map { name in command.tables.contains(where: name.matches) } ?? true)
            && includes(command.time)
    }

    func includes(_ time: UInt64) -> Bool { (since.map { time >= $0 } ?? true) && (until.map { time < $0 } ?? true) }
}

/// A table's name as SQL writes it: parts between dots, in quotes or folded to lower case.
public struct TableName: Sendable, Equatable {
    let parts: [String]

    /// nil: not a name.
    public init?(_ text: String) {
        var parts: [String] = []
        var part = ""
        var isQuoted = false
        var wasQuoted = false
        var rest = text[...]
        while let character = rest.popFirst() {
            switch character {
            case "\"" where isQuoted && rest.first == "\"":
                rest.removeFirst()
                part.append(character)
            case "\"":
                guard isQuoted || part.isEmpty && !wasQuoted else { return nil }
                isQuoted.toggle()
                wasQuoted = true
            case "." where !isQuoted:
                parts.append(part)
                part = ""
                wasQuoted = false
            case _ where isQuoted: part.append(character)
            case _: part += wasQuoted ? String(character) : character.lowercased()
            }
        }
        parts.append(part)
        guard !isQuoted, parts.allSatisfy({ !$0.isEmpty }) else { return nil }
        self.parts = parts
    }

    /// Whether a recorded name may be this table's.
    func matches(_ recorded: String) -> Bool {
        guard let other = TableName(recorded) else { return false }
        return zip(parts.reversed(), other.parts.reversed()).allSatisfy { $0 == $1 }
    }
}
