import Contract
import PostgresWire

/// What the target will answer next: one entry for each message forwarded that has an answer, in order. Indirect, since every row
/// asks for the first one and some are large.
indirect enum ExpectedReply {
    /// A Query: everything up to ReadyForQuery.
    case query(Command)
    /// A Query that Sluice answers: the target is sent nothing, and nothing else, until it is.
    case reveal(Command)
    /// In place of a refused Query: its error is replaced by the refusal.
    case refusedQuery(WireNotice, Command?)
    case parse(Command, NameTable<PreparedStatement>.Definition)
    /// In place of a refused message of the extended protocol.
    case refusedParse(WireNotice, Command?)
    case bind(Command, NameTable<Portal>.Definition)
    /// nil: one that is not known here, made by SQL PREPARE.
    case describeStatement(PreparedStatement?)
    /// nil: one that is not known here, made by SQL DECLARE.
    case describePortal(PortalColumns?)
    /// Sluice's own question for the columns; the answer is not the client's. `settles`: the portal was just bound, and the plan
    /// decides which columns it drops; later this stays as it is.
    case columnsOfPortal(PortalColumns, MaskPlan, settles: Bool)
    /// The same of a statement.
    case columnsOfStatement(StatementColumns, MaskPlan)
    case execute(PortalColumns, Command)
    case closeStatement(NameTable<PreparedStatement>.Definition)
    case closePortal(NameTable<Portal>.Definition)
    case sync
    /// A statement that can only fail and a Sync, behind a batch that is undone: none of the answer is the client's.
    case undoing(Command)
    /// A statement of Sluice's own in the client's batch: none of the answer is the client's. The last one undoes a command
    /// that is judged again.
    case own(undoing: Command?)
    /// Bind once more, of a batch that was undone; the answer is not the client's.
    case rebind(NameTable<Portal>.Definition)

    /// Ended by ReadyForQuery alone.
    var endsWithReady: Bool {
        switch self {
        case .query, .reveal, .refusedQuery, .sync, .undoing: true
        case .parse, .refusedParse, .bind, .describeStatement, .describePortal, .columnsOfPortal,
            .columnsOfStatement, .execute, .closeStatement, .closePortal, .own, .rebind:
            false
        }
    }

    /// The command whose reply data this entry's answer carries.
    var command: Command? {
        switch self {
        case .query(let command), .reveal(let command), .execute(_, let command), .parse(let command, _),
            .bind(let command, _), .undoing(let command):
            command
        case .refusedQuery(_, let command), .refusedParse(_, let command), .own(let command): command
        case .describeStatement, .describePortal, .columnsOfPortal, .columnsOfStatement, .closeStatement, .closePortal,
            .sync, .rebind:
            nil
        }
    }
}
