// What classifying one statement costs: nothing is remembered from one to the next. And what it costs to find a remembered
// decision.
import Contract
import Foundation
import Gateway
import Identity
import PostgresClassify

let classifier = PostgresClassifier()
let clock = ContinuousClock()

/// Runs `body` and returns microseconds.
func microseconds(_ body: () -> Void) -> Double {
    let start = clock.now
    body()
    let (seconds, attoseconds) = (clock.now - start).components
    return Double(seconds) * 1e6 + Double(attoseconds) / 1e12
}

func text(_ value: Double) -> String { "\((value * 10).rounded() / 10)" }

func report(_ name: String, _ times: [Double]) {
    let sorted = times.sorted()
    let label = name.padding(28)
    print("\(label) p50 \(text(sorted[sorted.count / 2]).padding(10)) p99 \(text(sorted[sorted.count * 99 / 100])) µs")
}

/// What Ingress tells of the tables.
let catalog: Catalog = {
    func relation(_ name: String, _ columns: [String]) -> Relation {
        var relation = Relation()
        relation.schema = "public"
        relation.name = name
        relation.kind = "r"
        relation.columns = columns
        return relation
    }
    var catalog = Catalog()
    catalog.complete = true
    catalog.searchPath = ["pg_catalog", "public"]
    catalog.relations = [
        relation("pgbench_accounts", ["aid", "bid", "abalance", "filler"]),
        relation("pgbench_branches", ["bid", "bbalance", "filler"]),
        relation("pgbench_history", ["tid", "bid", "aid", "delta", "mtime", "filler"]),
        relation("pgbench_tellers", ["tid", "bid", "tbalance", "filler"]),
    ]
    return catalog
}()

extension String {
    func padding(_ length: Int) -> String { self + String(repeating: " ", count: max(0, length - count)) }
}

/// pgbench's built-in script "TPC-B (sort of)" with numbers of its own each time.
func transaction(_ number: Int) -> [(String, String)] {
    let aid = number &* 7919 % 100_000 + 1
    let tid = number % 10 + 1
    let delta = number % 5000 - 2500
    return [
        ("BEGIN", "BEGIN;"),
        ("UPDATE accounts", "UPDATE pgbench_accounts SET abalance = abalance + \(delta) WHERE aid = \(aid);"),
        ("SELECT", "SELECT abalance FROM pgbench_accounts WHERE aid = \(aid);"),
        ("UPDATE tellers", "UPDATE pgbench_tellers SET tbalance = tbalance + \(delta) WHERE tid = \(tid);"),
        ("UPDATE branches", "UPDATE pgbench_branches SET bbalance = bbalance + \(delta) WHERE bid = 1;"),
        (
            "INSERT",
            "INSERT INTO pgbench_history (tid, bid, aid, delta, mtime) VALUES (\(tid), 1, \(aid), \(delta), "
                + "CURRENT_TIMESTAMP);"
        ),
        ("END", "END;"),
    ]
}

let rounds = 20_000
for (title, catalog) in [("pgbench statements", nil), ("the same with a catalogue", catalog)] {
    var all: [Double] = []
    var byName: [String: [Double]] = [:]
    for number in 0..<rounds {
        for (name, sql) in transaction(number) {
            let bytes = Array(sql.utf8)
            let time = microseconds { _ = classifier.facts(of: bytes, catalog: catalog) }
            // The first ones load code and tables.
            guard number >= 200 else { continue }
            all.append(time)
            byName[name, default: []].append(time)
        }
    }
    report(title, all)
    for (name, _) in transaction(0) { report("  " + name, byName[name] ?? []) }
}

/// A remembered decision: the digest of the text, and the ruling that was made for it.
let memo = DecisionMemo()
let epoch: [UInt8] = [1, 2, 3, 4, 5, 6, 7, 8]
let select = Array("SELECT abalance FROM pgbench_accounts WHERE aid = $1;".utf8)
func key(_ text: [UInt8]) -> DecisionMemo.Key {
    DecisionMemo.Key(digest: SHA256Digest(of: text).bytes, identity: "agent-1", resource: "orders", catalog: 3)
}
var decision = Decision()
decision.stage = "classifier"
decision.verdict = .allow
decision.pure = true
decision.policyEpoch = Data(epoch)
decision.facts = classifier.facts(of: select, catalog: catalog)
memo.store(
    try Ruling(decisions: [decision], signed: [SignedDecision()], required: ["classifier"], approval: true),
    for: key(select), epoch: epoch)
var found = 0
report(
    "a remembered decision",
    (0..<rounds).map { _ in microseconds { found += memo.ruling(for: key(select), epoch: epoch) == nil ? 0 : 1 } })
precondition(found == rounds, "the decision was not remembered")

let limit = PostgresClassifier.maximumLength
/// `start`, as many parts as the longest text has room for, or `most`, and `end`.
func filled(_ start: String, most: Int = .max, _ part: (Int) -> String, _ end: String) -> String {
    var sql = start
    var number = 0
    while number < most {
        let next = part(number)
        if sql.utf8.count + next.utf8.count + end.utf8.count > limit { break }
        sql += next
        number += 1
    }
    return sql + end
}
func row(_ number: Int) -> String { ", (\(number), 'name \(number)')" }
/// The longest of its kind that is not refused.
func longest(_ start: String, _ part: (Int) -> String, _ end: String) -> String {
    var known = 0
    var tooMany = limit
    while tooMany - known > 1 {
        let most = (known + tooMany) / 2
        let isRefused = classifier.facts(of: Array(filled(start, most: most, part, end).utf8)).opaque
        if isRefused { tooMany = most } else { known = most }
    }
    return filled(start, most: known, part, end)
}
let large: [(String, String)] = [
    ("1 MiB of rows", filled("INSERT INTO t VALUES (0, '')", row, "")),
    ("1 MiB IN list", filled("SELECT * FROM t WHERE id IN (0", { ", \($0)" }, ")")),
    ("1 MiB of statements", filled("", { _ in "SELECT 1;" }, "")),
    ("1 MiB text literal", filled("SELECT '", { _ in "0123456789" }, "'")),
    ("1 MiB of OR", filled("SELECT * FROM t WHERE a = 0", { " OR a = \($0)" }, "")),
    ("most rows", longest("INSERT INTO t VALUES (0, '')", row, "")),
    ("longest IN list", longest("SELECT * FROM t WHERE id IN (0", { ", \($0)" }, ")")),
    ("longest OR chain", longest("SELECT * FROM t WHERE a = 0", { " OR a = \($0)" }, "")),
    ("most statements", longest("", { _ in "SELECT 1;" }, "")),
    ("most columns", longest("SELECT 1", { _ in ",1" }, "")),
    ("most names", longest("SELECT a", { ",a\($0)" }, " FROM t")),
    ("most conditions", longest("DELETE FROM t WHERE a = 0", { " OR a <> \($0) AND b\($0) = 1" }, "")),
    (
        "most refused",
        filled("SELECT * FROM t WHERE a = 0", most: PostgresClassifier.maximumTokens / 4 - 5, { " OR a = \($0)" }, "")
    ),
]
for (name, sql) in large {
    let bytes = Array(sql.utf8)
    var times: [Double] = []
    var outcome = ""
    for _ in 0..<5 {
        times.append(
            microseconds {
                let facts = classifier.facts(of: bytes)
                outcome = facts.opaque ? "refused: \(facts.opaqueReason)" : facts.operations.joined(separator: " ")
            })
    }
    print("\(name.padding(28)) p50 \(text(times.sorted()[2] / 1000)) ms  \(outcome)")
}
