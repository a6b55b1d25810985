/// What a statement does: the closed list that rules and facts share (docs/policy.md).
public enum Operation: String, CaseIterable, Sendable, Hashable {
    case read, write, create, alter, drop, truncate, grant, role, session, transaction, call, lock, maintenance, notify
    case prepare, execute, cursor, opaque, reveal
    case sessionSafe = "session.safe"
    case copyIn = "copy.in"
    case copyOut = "copy.out"
    case copyFile = "copy.file"
    case copyProgram = "copy.program"
    case callFile = "call.file"
    case callNetwork = "call.network"
    case callSession = "call.session"
    case callSQL = "call.sql"

    /// Covered for every identity that some rule allows something on the resource: alone they do nothing to data,
    /// and what they enclose is judged by its own operations.
    static let implied: Set<String> = [
        transaction.rawValue, sessionSafe.rawValue, prepare.rawValue, cursor.rawValue,
    ]

    /// What they read or change is not in the statement's text.
    static let indirect: Set<String> = [cursor.rawValue, execute.rawValue, call.rawValue, opaque.rawValue]

    /// Statements that do nothing else name every table that they read.
    static let namesWhatItReads: Set<String> = implied.union([
        read.rawValue, write.rawValue, copyIn.rawValue, copyOut.rawValue,
    ])

    /// They touch no rows that a limit or an estimate is about.
    static let rowless: Set<String> = implied.union([
        session.rawValue, role.rawValue, grant.rawValue, notify.rawValue, create.rawValue, alter.rawValue,
        lock.rawValue, maintenance.rawValue,
    ])
}
