import TestKit
import Testing

/// The chaos test's own check: what it must not let pass, although the documents have the code.
@Suite("Explained errors")
struct ExplainedErrorsTests {
    private static let victim = Fault.Victim(stage: "masker", place: 0)

    struct Case: Sendable, CustomTestStringConvertible {
        let faults: [Fault]
        let kind: String
        let text: String
        let code: String
        let isExplained: Bool
        var testDescription: String { "\(kind) \(code) of “\(text)” after \(faults)" }
    }

    @Test(arguments: [
        Case(faults: [.kill(victim)], kind: "reads", text: "SELECT 1", code: "57P03", isExplained: true),
        Case(faults: [.killIngress], kind: "reads", text: "SELECT 1", code: "57P03", isExplained: false),
        Case(faults: [.restart("masker")], kind: "reads", text: "SELECT 1", code: "57P03", isExplained: false),
        Case(faults: [.killIngress], kind: "reads", text: "SELECT 1", code: "lost", isExplained: true),
        Case(faults: [.kill(victim)], kind: "reads", text: "SELECT 1", code: "lost", isExplained: false),
        Case(faults: [.killBackend], kind: "reads", text: "SELECT 1", code: "57P02", isExplained: true),
        Case(faults: [.restartTarget(immediate: false)], kind: "reads", text: "S", code: "57P02", isExplained: false),
        Case(faults: [.restartTarget(immediate: false)], kind: "reads", text: "S", code: "57P01", isExplained: true),
        Case(faults: [.restart("ingress")], kind: "reads", text: "SELECT 1", code: "57P01", isExplained: false),
        Case(faults: [.killBackend], kind: "new", text: "", code: "08001", isExplained: true),
        Case(faults: [.killBackend], kind: "new", text: "SELECT 1", code: "08001", isExplained: false),
        Case(faults: [.pause([victim], milliseconds: 1)], kind: "new", text: "", code: "08006", isExplained: true),
        Case(faults: [.kill(victim)], kind: "new", text: "", code: "08006", isExplained: false),
        Case(faults: [.kill(victim)], kind: "new", text: "", code: "53300", isExplained: false),
        Case(faults: [.kill(victim)], kind: "new", text: "", code: "28P01", isExplained: false),
        Case(faults: [.kill(victim)], kind: "books", text: "UPDATE a", code: "26000", isExplained: false),
        Case(faults: [.kill(victim)], kind: "books", text: "UPDATE a", code: "08P01", isExplained: false),
        Case(faults: [.kill(victim)], kind: "books", text: "UPDATE a", code: "40001", isExplained: false),
        Case(faults: [], kind: "forbid", text: "DROP TABLE customers", code: "42501", isExplained: true),
        Case(faults: [], kind: "forbid", text: "ROLLBACK /* forbid-1 */", code: "42501", isExplained: false),
        Case(faults: [], kind: "reads", text: "SELECT 1", code: "42501", isExplained: false),
        Case(faults: [], kind: "held", text: "TRUNCATE s /* deny held-1 */", code: "42501", isExplained: true),
        Case(faults: [], kind: "held", text: "TRUNCATE s /* approve held-1 */", code: "42501", isExplained: false),
        Case(faults: [], kind: "held", text: "TRUNCATE s /* approve held-1 */", code: "57014", isExplained: false),
        Case(faults: [], kind: "cancel", text: "SELECT pg_sleep(20)", code: "57014", isExplained: true),
        Case(faults: [], kind: "books", text: "UPDATE a", code: "57014", isExplained: false),
    ])
    func statement(_ one: Case) throws {
        let explained = ExplainedErrors(one.faults, seconds: 18, documented: try DocumentedErrors())
        let statement = ChaosJournal.Statement(
            kind: one.kind, text: one.text, isOK: false, code: one.code, never: false, message: "")
        #expect(explained.explain(statement) == one.isExplained)
    }

    @Test(arguments: [
        (
            "error: client 0 script 0 aborted in command 4 query 0: ERROR:  refused because Sluice cannot govern it now",
            true
        ),
        ("error: client 0 script 0 aborted in command 4 query 0: ERROR:  relation \"x\" does not exist", false),
        ("error: client 0 script 0 aborted in command 4 query 0: ERROR:  deadlock detected", false),
        ("error: client 1 aborted in command 4 (SQL) of script 0; perhaps the backend died while processing", false),
        ("error: connection to server at \"127.0.0.1\", port 1 failed: FATAL:  too many connections", false),
        ("error: Run was aborted; the above results are incomplete.", true),
    ])
    func benchLine(_ line: String, isExplained: Bool) throws {
        let explained = ExplainedErrors([.kill(Self.victim)], seconds: 18, documented: try DocumentedErrors())
        #expect(explained.explain(bench: line) == isExplained)
    }

    @Test(arguments: [
        ("error: could not count number of branches: server closed the connection unexpectedly", true),
        ("error: could not count number of branches: ERROR:  relation \"pgbench_branches\" does not exist", false),
        ("error: query failed: server closed the connection unexpectedly", true),
        ("error: client 1 aborted in command 4 (SQL) of script 0; perhaps the backend died while processing", true),
        ("error: could not count number of branches: out of memory", false),
    ])
    func benchLineWithoutIngress(_ line: String, isExplained: Bool) throws {
        let documented = try DocumentedErrors()
        #expect(
            ExplainedErrors([.killIngress], seconds: 18, documented: documented).explain(bench: line) == isExplained)
        #expect(!ExplainedErrors([.kill(Self.victim)], seconds: 18, documented: documented).explain(bench: line))
    }
}
