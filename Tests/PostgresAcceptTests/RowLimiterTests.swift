import Contract
import NIOCore
import PostgresWire
import Testing

@testable import PostgresAccept

/// Replies in, actions out. Actions are written as text: `D3` delivers three DataRows.
struct RowLimiterTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        var changes = true
        var extended = false
        var owns = false
        var behindSavepoint = false
        var header = false
        /// One reply a word, as `replies(_:)` reads them.
        let replies: String
        let actions: String
        var testDescription: String { name }
    }

    static let simple: [Case] = [
        Case(
            name: "in a transaction, within the limit", behindSavepoint: true,
            replies: "SAVEPOINT ZT T D DELETE=3 ZT RELEASE ZT", actions: "RELEASE SAVEPOINT s! T D C Z"),
        Case(
            name: "in a transaction, beyond the limit", behindSavepoint: true,
            replies: "SAVEPOINT ZT DELETE=4 ZT ROLLBACK RELEASE ZT",
            actions: "ROLLBACK TO SAVEPOINT s; RELEASE SAVEPOINT s! refuse(inTransaction)"
        ),
        Case(
            name: "in a transaction, beyond the limit and cancelled", behindSavepoint: true,
            replies: "SAVEPOINT ZT T D D D D E ZE ROLLBACK RELEASE ZT",
            actions:
                "cancel ROLLBACK TO SAVEPOINT s; RELEASE SAVEPOINT s! refuse(inTransaction)"
        ),
        Case(
            name: "in a transaction, the command's own error", behindSavepoint: true, replies: "SAVEPOINT ZT E ZE",
            actions: "E Z"),
        Case(
            name: "in a transaction that has failed meanwhile", behindSavepoint: true, replies: "E ZE",
            actions: "drop E Z"),
        Case(
            name: "in a transaction that the command ends", behindSavepoint: true, replies: "SAVEPOINT ZT INSERT=1 ZI",
            actions: "fail"),
        Case(
            name: "a write within the limit is committed before it is answered", owns: true,
            replies: "BEGIN ZT DELETE=3 ZT COMMIT ZI", actions: "COMMIT! C Z"),
        Case(
            name: "a write beyond the limit is rolled back and refused", owns: true,
            replies: "BEGIN ZT DELETE=4 ZT ROLLBACK ZI", actions: "ROLLBACK! refuse(idle)"),
        Case(
            name: "BEGIN fails: the command is not sent", owns: true, replies: "E ZI", actions: "drop E Z"),
        Case(
            name: "BEGIN begins nothing", owns: true, replies: "BEGIN ZI", actions: "fail"),
        Case(
            name: "an error is answered at once, then the transaction is ended", owns: true,
            replies: "BEGIN ZT E ZE ROLLBACK ZI", actions: "E ROLLBACK! Z"),
        Case(
            name: "a deferred constraint fails COMMIT: no CommandComplete", owns: true,
            replies: "BEGIN ZT T D INSERT=1 ZT E ZI", actions: "COMMIT! T D E Z"),
        Case(
            name: "COMMIT fails and the transaction stays", owns: true, replies: "BEGIN ZT INSERT=1 ZT E ZT",
            actions: "COMMIT! E fail"),
        Case(
            name: "RELEASE fails", behindSavepoint: true, replies: "SAVEPOINT ZT T D INSERT=1 ZT E ZE",
            actions: "RELEASE SAVEPOINT s! T D E Z"),
        Case(
            name: "RELEASE fails and the transaction goes on", behindSavepoint: true,
            replies: "SAVEPOINT ZT INSERT=1 ZT E ZT", actions: "RELEASE SAVEPOINT s! E fail"),
        Case(
            name: "COMMIT that rolled back is no success", owns: true,
            replies: "BEGIN ZT INSERT=1 ZT ROLLBACK ZI", actions: "COMMIT! fail"),
        Case(
            name: "a command that ended the transaction itself", owns: true, replies: "BEGIN ZT INSERT=1 ZI",
            actions: "fail"),
        Case(
            name: "ROLLBACK that fails", owns: true, replies: "BEGIN ZT DELETE=4 ZT E", actions: "ROLLBACK! fail"),
        Case(
            name: "the sum over several statements counts", owns: true,
            replies: "BEGIN ZT INSERT=2 UPDATE=2 ZT ROLLBACK ZI", actions: "ROLLBACK! refuse(idle)"),
        Case(
            name: "several statements within the limit", owns: true,
            replies: "BEGIN ZT INSERT=2 UPDATE=1 ZT COMMIT ZI", actions: "COMMIT! C C Z"),
        Case(
            name: "an error behind a statement that went through", owns: true,
            replies: "BEGIN ZT INSERT=2 E ZE ROLLBACK ZI", actions: "C E ROLLBACK! Z"),
        Case(
            name: "rows of RETURNING beyond the limit are not seen", owns: true,
            replies: "BEGIN ZT T D D D D D E ZE ROLLBACK ZI", actions: "cancel ROLLBACK! refuse(idle)"),
        Case(
            name: "a cancel that came too late", owns: true, replies: "BEGIN ZT T D D D D D INSERT=5 ZT ROLLBACK ZI",
            actions: "cancel ROLLBACK! refuse(idle)"),
        Case(
            name: "COPY FROM STDIN is asked for its data at once", owns: true,
            replies: "BEGIN ZT G COPY=4 ZT ROLLBACK ZI", actions: "G ROLLBACK! refuse(idle)"),
        Case(
            name: "a table made of a query counts its rows", owns: true,
            replies: "BEGIN ZT SELECT=4 ZT ROLLBACK ZI", actions: "ROLLBACK! refuse(idle)"),
        Case(
            name: "a table made behind rows that were returned", owns: true,
            replies: "BEGIN ZT T D SELECT=1 SELECT=4 ZT ROLLBACK ZI", actions: "ROLLBACK! refuse(idle)"),
        Case(name: "inside of a transaction, within", replies: "T D UPDATE=1 ZT", actions: "T D C Z"),
        Case(name: "inside of a transaction, beyond", replies: "UPDATE=4 ZT", actions: "refuse(inTransaction)"),
        Case(name: "inside of a failed transaction", replies: "E ZE", actions: "E Z"),
        Case(
            name: "a read is answered as it comes", changes: false, replies: "T D D D SELECT=3 ZI",
            actions: "T D3 C Z"),
        Case(
            name: "a read beyond the limit is stopped", changes: false, replies: "T D D D D D E ZI",
            actions: "T D3 cancel refuse(idle)"),
        Case(
            name: "a read in a transaction that ended before the cancel", changes: false,
            replies: "T D D D D SELECT=4 ZT", actions: "T D3 cancel refuse(inTransaction)"),
        Case(
            name: "rows of several reads", changes: false, replies: "T D D SELECT=2 T D D SELECT=2 ZI",
            actions: "T D2 C T D cancel refuse(idle)"),
        Case(
            name: "COPY TO STDOUT", changes: false, replies: "H d d d d E ZI", actions: "H d3 cancel refuse(idle)"),
        Case(
            name: "a header line is no row", changes: false, header: true, replies: "H d d d d c COPY=3 ZI",
            actions: "H d4 c C Z"),
        Case(
            name: "the trailer of a binary COPY is no row", changes: false, replies: "H d d d x c COPY=3 ZI",
            actions: "H d4 c C Z"),
        Case(name: "nothing at all", changes: false, replies: "I ZI", actions: "I Z"),
    ]

    static let extended: [Case] = [
        Case(name: "a write within the limit", extended: true, replies: "D DELETE=1", actions: "D C"),
        Case(name: "a write beyond the limit", extended: true, replies: "DELETE=4", actions: "refuse"),
        Case(
            name: "rows of RETURNING beyond the limit", extended: true, replies: "D D D D D DELETE=5",
            actions: "cancel refuse"),
        Case(
            name: "rows of RETURNING, cancelled", extended: true, replies: "D D D D E",
            actions: "cancel refuseInPlace"),
        Case(name: "an error", extended: true, replies: "D E", actions: "D E"),
        Case(
            name: "behind a savepoint, within the limit", extended: true, behindSavepoint: true, replies: "D DELETE=1",
            actions: "RELEASE SAVEPOINT s! D C"),
        Case(
            name: "behind a savepoint it is not cancelled, so that the batch stays open", extended: true,
            behindSavepoint: true, replies: "D D D D D DELETE=5", actions: "refuse"),
        Case(
            name: "behind a savepoint it fails beyond the limit", extended: true, behindSavepoint: true,
            replies: "D D D D E", actions: "refuseInPlace"),
        Case(
            name: "a suspended write cannot be counted", extended: true, replies: "D s", actions: "refuse"),
        Case(name: "a read that is suspended", changes: false, extended: true, replies: "D D s", actions: "D2 s"),
        Case(
            name: "a read beyond the limit", changes: false, extended: true, replies: "D D D D E",
            actions: "D3 cancel refuseInPlace"),
        Case(
            name: "a read beyond the limit, suspended", changes: false, extended: true, replies: "D D D D s",
            actions: "D3 cancel refuse"),
    ]

    @Test(arguments: simple + extended)
    func actions(_ one: Case) throws {
        var limiter = RowLimiter(
            try #require(RowLimit(limits(3))), changes: one.changes, isExtended: one.extended,
            undo: one.owns ? .transaction : one.behindSavepoint ? .savepoint : .none, tally: RowTally())
        let actions = try Self.run(&limiter, one.replies, header: one.header)
        #expect(actions == one.actions)
    }

    @Test func theRowsOfAPortalAddUp() throws {
        let tally = RowTally()
        let limit = try #require(RowLimit(limits(3)))
        var actions: [String] = []
        for replies in ["D D s", "D D s"] {
            var limiter = RowLimiter(limit, changes: false, isExtended: true, undo: .none, tally: tally)
            actions.append(try Self.run(&limiter, replies))
        }
        #expect(actions == ["D2 s", "D cancel refuse"])
        #expect(tally.rows == 4)
    }

    @Test func aReplyThatOutgrowsWhatMayWaitIsSeen() throws {
        var limiter = RowLimiter(
            try #require(RowLimit(limits(1_000_000))), changes: true, isExtended: false, undo: .transaction,
            tally: RowTally())
        let begun = try Self.run(&limiter, "BEGIN ZT")
        #expect(begun.isEmpty)
        let row = message(BackendType.dataRow, Array(repeating: 0, count: 1000))
        var delivered = 0
        for _ in 0..<1000 {
            for case .deliver in try limiter.receive(row) { delivered += 1 }
        }
        #expect(delivered == 1000 && limiter.isSeen)
        // The end of it still waits for COMMIT.
        let end = try Self.run(&limiter, "INSERT=1000 ZT COMMIT ZI")
        #expect(end == "COMMIT! C Z")
    }

    @Test(arguments: [
        ("BEGIN ZT DELETE=4 ZT ROLLBACK ZI", true, true), ("BEGIN ZT G COPY=4 ZT ROLLBACK ZI", true, false),
        ("DELETE=4 ZT", false, false),
    ])
    func onlyWhatWasNotSeenRunsAgain(replies: String, owns: Bool, expected: Bool) throws {
        var limiter = RowLimiter(
            try #require(RowLimit(limits(3))), changes: true, isExtended: false, undo: owns ? .transaction : .none,
            tally: RowTally())
        _ = try Self.run(&limiter, replies)
        #expect(limiter.mayRunAgain == expected)
    }

    @Test(arguments: [
        ("INSERT 0 5", 0, 5), ("UPDATE 3", 0, 3), ("DELETE 0", 0, 0), ("MERGE 7", 0, 7), ("COPY 9", 0, 9),
        ("SELECT 4", 0, 4), ("SELECT 4", 4, 0), ("CREATE TABLE", 0, 0), ("INSERT", 0, 0), ("", 0, 0),
        ("INSERT 0 -1", 0, 0), ("FETCH 5", 0, 0),
    ])
    func changedRowsByTag(tag: String, returned: UInt64, rows: UInt64) {
        #expect(RowTally.changes(tag: tag, returned: returned) == rows)
    }

    @Test func limits() {
        #expect(RowLimit(Limits()) == nil)
        let small = RowLimit(limits(3))
        let large = RowLimit(limits(5))
        #expect(RowLimit.tighter(small, large) == small && RowLimit.tighter(large, small) == small)
        #expect(RowLimit.tighter(nil, large) == large && RowLimit.tighter(large, nil) == large)
        // Of two that allow as much the one counts that nobody may lift.
        var lifted = limits(3)
        lifted.holds = true
        #expect(
            RowLimit.tighter(small, RowLimit(lifted)) == small && RowLimit.tighter(RowLimit(lifted), small) == small)
    }

    @Test(arguments: [
        (["write"], ["UPDATE"], "", 1, true), (["write"], ["UPDATE"], "why", 1, false),
        (["read"], ["SELECT"], "", 1, true),
        (["create"], ["CREATE TABLE"], "why", 1, true), (["call", "read"], ["SELECT"], "why", 1, false),
        (["execute"], ["EXECUTE"], "why", 1, true), (["call", "execute"], ["EXECUTE"], "why", 1, false),
        (["execute"], ["EXPLAIN"], "", 1, false),
        (["execute"], ["EXECUTE", "EXECUTE"], "", 2, false), (["copy.in"], ["COPY"], "", 1, true),
        (["copy.in"], ["COPY", "COPY"], "", 2, false),
    ])
    func whatCannotBeCountedDoesNotRun(
        operations: [String], tags: [String], unlimitable: String, statements: UInt32, mayRun: Bool
    ) {
        var facts = Facts()
        facts.operations = operations
        facts.statementTags = tags
        facts.unlimitable = unlimitable
        facts.statements = statements
        facts.copy.in = operations.contains("copy.in")
        #expect((RowLimit.objection(to: facts) == nil) == mayRun)
        facts.opaque = true
        #expect(RowLimit.objection(to: facts) != nil)
    }

    @Test(arguments: [
        (["read"], ["SELECT"], false), (["write"], ["UPDATE"], true), (["copy.in"], ["COPY"], true),
        (["copy.out", "read"], ["COPY"], false), (["execute"], ["EXECUTE"], true), (["cursor"], ["FETCH"], false),
        (["create", "read"], ["CREATE TABLE AS"], true), (["create", "read"], ["SELECT"], true),
        (["create"], ["CREATE TABLE"], false), (["create", "read"], ["CREATE INDEX"], false),
    ])
    func whatIsUndoneBeyondTheLimit(operations: [String], tags: [String], mayChange: Bool) {
        var facts = Facts()
        facts.operations = operations
        facts.statementTags = tags
        #expect(RowLimit.mayChange(facts) == mayChange)
    }

    private func limits(_ rows: UInt64) -> Limits {
        var limits = Limits()
        limits.maxRows = rows
        limits.rule = "few"
        return limits
    }

    // MARK: Words

    private static func run(_ limiter: inout RowLimiter, _ replies: String, header: Bool = false) throws -> String {
        var words: [(word: String, count: Int)] = []
        for reply in replies.split(separator: " ") {
            for action in try limiter.receive(frame(String(reply)), hasHeader: header) {
                let word = word(action)
                if words.last?.word == word, ["D", "d"].contains(word) {
                    words[words.count - 1].count += 1
                } else {
                    words.append((word, 1))
                }
            }
        }
        return words.map { $0.count > 1 ? "\($0.word)\($0.count)" : $0.word }.joined(separator: " ")
    }

    private static func frame(_ word: String) -> Frame {
        let tag = { (text: String) in message(BackendType.commandComplete, Array(text.utf8) + [0]) }
        if word.hasPrefix("Z"), let status = word.utf8.last { return message(BackendType.readyForQuery, [status]) }
        let parts = word.split(separator: "=").map(String.init)
        if parts.count == 2 { return tag(parts[0] == "INSERT" ? "INSERT 0 \(parts[1])" : "\(parts[0]) \(parts[1])") }
        switch word {
        case "BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE": return tag(word)
        case "x": return message(BackendType.copyData, [255, 255])
        case "d": return message(BackendType.copyData, Array("1\n".utf8))
        case "H": return message(BackendType.copyOutResponse, [0, 0, 0])
        case "G": return message(BackendType.copyInResponse, [0, 0, 0])
        default: return message(word.utf8.first ?? 0, [])
        }
    }

    private static func word(_ action: RowLimiter.Action) -> String {
        switch action {
        case .deliver(let frame): String(UnicodeScalar(frame.type))
        case .send(let own): own.text(savepoint: "s") + "!"
        case .drop: "drop"
        case .cancel: "cancel"
        case .refuse(let status): status.map { "refuse(\($0))" } ?? "refuse"
        case .refuseInPlace: "refuseInPlace"
        case .fail: "fail"
        }
    }
}
