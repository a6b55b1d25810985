import Bus
import Contract
import Gateway
import PostgresWire

/// Texts and codes of what Sluice says to a client in place of the target.
enum Refusals {
    /// 42501: a rule, a reviewer or an expired request said no.
    static func policy(_ ruling: Ruling) -> WireNotice {
        WireNotice(
            sqlState: "42501", message: ruling.reason.isEmpty ? "refused by rule “\(ruling.rule)”" : ruling.reason,
            hint: ruling.hint.isEmpty ? nil : ruling.hint)
    }

    /// 57P03: a stage is down, slow or wrong. Nothing ran.
    static func unreadNames(_ failure: NameScan.Failure) -> WireNotice {
        switch failure {
        case .tooMany: tooManyNames()
        case .escaped:
            WireNotice(
                sqlState: "0A000", message: "names with Unicode escapes (U&\"…\") are not supported",
                hint: "Write the characters themselves.")
        }
    }

    static func hidden(_ name: String) -> WireNotice {
        WireNotice(
            sqlState: "42501",
            message: "“\(name)” is a relation of this session and one of the database: what is masked cannot be told",
            hint: "Give a temporary relation another name; commit a changed definition before it is used.")
    }

    static func tooManyNames() -> WireNotice {
        WireNotice(
            sqlState: "54001", message: "the statement names more than can be looked up in the target's catalogue",
            hint: "Split the statement: at most \(NameScan.maximumNames) different names are looked up.")
    }

    static func unavailable(_ reason: String) -> WireNotice {
        WireNotice(
            sqlState: "57P03", message: "refused because Sluice cannot govern it now: \(reason)",
            hint: "The command did not run. Try again; an operator sees the stages with: sluice status")
    }

    /// 57014: the client cancelled a command before it ran.
    static func cancelled() -> WireNotice {
        WireNotice(
            sqlState: "57014", message: "canceling statement due to user request", hint: "The command did not run.")
    }

    /// 57P03: the command ran, its reply is withheld.
    static func unmasked(_ reason: String) -> WireNotice {
        WireNotice(
            sqlState: "57P03", message: "reply withheld because it could not be masked: \(reason)",
            detail: "The command itself ran.", hint: "An operator sees the stages with: sluice status")
    }

    /// 42501: the command ran, a stage of the response lane withholds its reply.
    static func withheld(_ refusal: Refusal) -> WireNotice {
        WireNotice(
            sqlState: "42501",
            message: refusal.reason.isEmpty ? "reply withheld by rule “\(refusal.rule)”" : refusal.reason,
            detail: "The command itself ran.", hint: refusal.hint.isEmpty ? nil : refusal.hint)
    }

    /// 42501: the command changed or returned more rows than a rule allows. What it changed was rolled back.
    static func beyondLimit(_ command: Command) -> WireNotice {
        guard let limit = command.limit, let objection = command.limiter?.objection else {
            preconditionFailure("a command within its limit is not refused for it")
        }
        let changes = RowLimit.mayChange(command.facts)
        let rule = "refused by rule “\(limit.rule)”"
        let reason: String
        let hint: String
        switch objection {
        case .rows(let rows):
            reason = "\(rows) rows \(changes ? "were to be changed or returned" : "or more were to be returned")"
            hint =
                changes
                ? "Nothing was changed. Name fewer rows, in several commands if need be. Where the rule lets reviewers allow more, send it alone."
                : "Ask for fewer rows: add a condition or LIMIT, or read on in several commands."
        case .uncounted:
            reason = "a portal that changes rows was executed for a part of its result, so they cannot be counted"
            hint = "Nothing was changed. Execute it without a row limit."
        }
        return WireNotice(
            sqlState: "42501",
            message: limit.message.isEmpty ? rule + ": \(reason), at most \(limit.rows) are allowed" : limit.message,
            detail: limit.message.isEmpty ? nil : rule + ": \(reason), at most \(limit.rows) are allowed", hint: hint)
    }

    /// 42501: rows of the command are limited, and cannot be counted.
    static func unlimitable(_ limit: RowLimit, _ reason: String) -> WireNotice {
        WireNotice(
            sqlState: "42501",
            message:
                "refused by rule “\(limit.rule)”: it allows at most \(limit.rows) rows, and they cannot be counted: \(reason)",
            hint: "The command did not run. Send it on its own, as a plain INSERT, UPDATE, DELETE, MERGE or COPY.")
    }

    static func revealStandsAlone() -> WireNotice {
        WireNotice(
            sqlState: "0A000",
            message: "sluice.reveal takes tokens that are written out, in a simple query of its own",
            hint:
                "Send SELECT sluice.reveal('token', 'token') by itself, at most \(Facts.maximumRevealedTokens) of them, or use: sluice reveal"
        )
    }

    /// 25P01: what the target has not seen yet would have to come before it.
    static func revealInBatch() -> WireNotice {
        WireNotice(sqlState: "25P01", message: "sluice.reveal cannot run within a batch", hint: "Send Sync before it.")
    }

    static func revealInFailedTransaction() -> WireNotice {
        WireNotice(
            sqlState: "25P02",
            message: "current transaction is aborted, commands ignored until end of transaction block")
    }

    /// 42501: more tokens than the rule lets rows be read.
    static func tooManyTokens(_ limit: RowLimit, _ tokens: Int) -> WireNotice {
        WireNotice(
            sqlState: "42501",
            message:
                "refused by rule “\(limit.rule)”: \(tokens) tokens are to be revealed, at most \(limit.rows) are allowed",
            hint: "Nothing was revealed. Ask for fewer at a time.")
    }

    /// 57P03: the masker, which has the key, gave no answer.
    static func unrevealed(_ reason: String) -> WireNotice {
        WireNotice(
            sqlState: "57P03", message: "the tokens could not be revealed: \(reason)",
            hint: "Try again; an operator sees the stages with: sluice status")
    }

    /// 0A000, as PostgreSQL says of a plan whose result type changed: clients that keep statements prepare it anew.
    static func otherColumns() -> WireNotice {
        WireNotice(
            sqlState: "0A000",
            message: "the statement was described with other columns than it has now: masking drops others",
            hint: "Prepare the statement anew.")
    }

    /// 08P01, as PostgreSQL has it.
    static func otherFormats(_ formats: Int, columns: Int) -> WireNotice {
        WireNotice(
            sqlState: "08P01",
            message: "bind message has \(formats) result formats but query has \(columns) columns",
            hint: "Masking drops columns of this statement: describe it.")
    }

    static func functionCall() -> WireNotice {
        WireNotice(
            sqlState: "0A000", message: "FunctionCall messages are refused: they cannot be judged",
            hint: "Call the function with SELECT.")
    }

    static func unknownStatement(_ name: String) -> WireNotice {
        WireNotice(
            sqlState: "26000", message: "prepared statement “\(name)” is not known to Sluice",
            hint: "Prepare it with a Parse message on this connection; one made by SQL PREPARE runs by SQL EXECUTE.")
    }

    static func unknownPortal(_ name: String) -> WireNotice {
        WireNotice(
            sqlState: "34000", message: "portal “\(name)” is not known to Sluice",
            hint: "Bind it on this connection; a cursor made by SQL DECLARE is read by SQL FETCH.")
    }

    static func tooManyStatements() -> WireNotice {
        WireNotice(
            sqlState: "53200",
            message: "the texts of this session's prepared statements exceed \(PostgresSession.statementBytes) bytes",
            hint: "Close statements that are no longer used.")
    }

    static func unnamedOnly() -> WireNotice {
        WireNotice(
            sqlState: "0A000",
            message: "this kind of statement cannot be prepared under a name: its runs could not be judged",
            hint: "Send it with an empty statement name, or as a simple query.")
    }

    static func duplicateStatement(_ name: String) -> WireNotice {
        WireNotice(sqlState: "42P05", message: "prepared statement “\(name)” already exists")
    }

    static func held(_ pending: (id: String, expiresInSeconds: UInt64)) -> WireNotice {
        WireNotice(
            severity: .notice, sqlState: "01000",
            message: "held for approval: request \(pending.id), waiting up to \(duration(pending.expiresInSeconds))",
            hint: "A reviewer decides with: sluice approvals approve \(pending.id). Cancel the command to give up.")
    }

    static func duration(_ seconds: UInt64) -> String {
        switch seconds {
        case 0..<120: "\(seconds)s"
        case 120..<7200: "\((seconds + 59) / 60)m"
        default: "\((seconds + 3599) / 3600)h"
        }
    }
}
