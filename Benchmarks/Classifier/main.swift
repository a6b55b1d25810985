// What classifying one statement costs: nothing is remembered from one to the next.
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
var all: [Double] = []
var byName: [String: [Double]] = [:]
for number in 0..<rounds {
    for (name, sql) in transaction(number) {
        let bytes = Array(sql.utf8)
        let time = microseconds { _ = classifier.facts(of: bytes) }
        // The first ones load code and tables.
        guard number >= 200 else { continue }
        all.append(time)
        byName[name, default: []].append(time)
    }
}
report("pgbench statements", all)
for (name, _) in transaction(0) { report("  " + name, byName[name] ?? []) }

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
let words = PostgresClassifier.maximumTokens - 20
let large: [(String, String)] = [
    ("1 MiB of rows", filled("INSERT INTO t VALUES (0, '')", row, "")),
    ("1 MiB IN list", filled("SELECT * FROM t WHERE id IN (0", { ", \($0)" }, ")")),
    ("1 MiB of statements", filled("", { _ in "SELECT 1;" }, "")),
    ("1 MiB text literal", filled("SELECT '", { _ in "0123456789" }, "'")),
    ("most rows", filled("INSERT INTO t VALUES (0, '')", most: words / 5, row, "")),
    ("longest IN list", filled("SELECT * FROM t WHERE id IN (0", most: words / 2, { ", \($0)" }, ")")),
    ("longest OR chain", filled("SELECT * FROM t WHERE a = 0", most: words / 4, { " OR a = \($0)" }, "")),
    ("most statements", filled("", most: PostgresClassifier.maximumStatements, { _ in "SELECT 1;" }, "")),
    ("most columns", filled("SELECT 1", most: words / 2, { _ in ",1" }, "")),
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
