import Contract
import Foundation
import PolicyTesting
import StrictYAML
import SwiftProtobuf
import Testing

@Suite struct PolicyTestFileTests {
    private static let policy = """
        rules:
          - {name: reads, when: {operation: [read]}, then: allow}
          - {name: drops, when: {operation: [drop]}, then: {hold: {approvers: {groups: [dba]}, expires: 5m}}}
          - {name: masks, who: {labels: {team: data}}, mask: [{columns: [email], style: hash}]}
        """

    /// Runs a test beside the policy; the mistake when it cannot be read.
    private func run(
        _ cases: String, policy: String = policy, head: String = "", beside files: [String: String] = [:]
    ) throws -> (report: PolicyTestReport?, mistake: String) {
        let folder = FileManager.default.temporaryDirectory.appending(path: "sluice-test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try Data(policy.utf8).write(to: folder.appending(path: "p.yaml"))
        for (name, text) in files { try Data(text.utf8).write(to: folder.appending(path: name)) }
        let path = folder.appending(path: "p.test.yaml").path
        try Data("policy: p.yaml\n\(head)cases:\n\(cases)".utf8).write(to: URL(filePath: path))
        do throws(ConfigurationError) {
            #expect(try PolicyTestFile.tests(at: folder.path) == [path])
            #expect(try PolicyTestFile.tests(at: folder.appending(path: "p.yaml").path) == [path])
            return (try PolicyTestFile(path: path).run(), "")
        } catch {
            return (nil, error.all.map(\.description).joined(separator: "\n"))
        }
    }

    @Test func howMuchIsRecorded() throws {
        let cases = """
              - {as: a, on: r, sql: "SELECT 1", expect: allow, record: commands}
              - {as: a, on: r, sql: "SELECT 1", expect: allow, record: full}
            """
        let quiet = "rules:\n  - {name: reads, when: {operation: [read]}, then: allow, record: commands}"
        let report = try #require(try run(cases, policy: quiet).report)
        #expect(report.failures.map { $0.differences.map(\.key) } == [["record"]])
        #expect(try run("  - {as: a, on: r, sql: SELECT 1, expect: allow, record: some}").mistake.contains("metadata"))
    }

    @Test func failuresSayWhereAndWhat() throws {
        let report = try #require(
            try run(
                """
                  - {as: a, on: r, sql: "SELECT 1", expect: allow, rule: reads, operations: [read], mask: []}
                  - as: a
                    on: r
                    labels: {team: data}
                    sql: DROP TABLE t
                    expect: allow
                    rule: reads
                    operations: [drop, read]
                    mask: [phone hash]
                    limit: 5
                """
            ).report)
        #expect(report.cases == 2 && report.failures.count == 1)
        let failure = try #require(report.failures.first)
        #expect(failure.place.hasSuffix("/p.test.yaml:4"))
        #expect(failure.what == "a on r: DROP TABLE t")
        let found = failure.differences.map { [$0.key, $0.expected, $0.actual] }
        #expect(found.contains(["decision", "allow", "hold"]) && found.contains(["rule", "reads", "drops"]))
        #expect(found.contains(["operations", "drop, read", "drop"]) && found.contains(["limit", "5", "0"]))
        #expect(found.contains { $0[0] == "mask" && $0[1] == "phone hash" && $0[2].contains("email hash") })
        #expect(failure.reason.contains("held by rule “drops”"))
    }

    @Test func coverage() throws {
        let report = try #require(
            try run("  - {as: a, on: r, sql: \"SELECT 1\", expect: allow}\n").report)
        #expect(report.coverage.map(\.isCovered) == [true, false, false])
        #expect(report.coverage.map(\.matched) == [1, 0, 0] && report.coveredPercent == 33)
        #expect(report.coverage.map(\.decides) == [true, true, false])
        let labelled = try #require(
            try run(
                "  - {sql: \"SELECT 1\", expect: allow}\n", head: "defaults: {as: a, on: r, labels: {team: data}}\n"
            )
            .report)
        #expect(labelled.coverage.map(\.isCovered) == [true, false, true])
        let together = PolicyTestReport.coverage(of: [report, labelled])
        #expect(together.count == 2)
        #expect(PolicyTestReport.coverage(of: [report, report])[0].coverage[0].matched == 2)
    }

    @Test(arguments: [
        ("  - {as: a, on: r, sql: x, expect: alow}", "3:36: “alow” is not known here; did you mean “allow”?"),
        ("  - {on: r, sql: x, expect: allow}", "missing key “as”"),
        ("  - {as: a, sql: x, expect: allow}", "missing key “on”"),
        ("  - {as: a, on: r, expect: allow}", "missing key “sql”"),
        ("  - {as: a, on: r, sql: x}", "missing key “expect”"),
        ("  - {as: a, on: r, sql: x, expect: allow, from: here}", "expected an IP address"),
        ("  - {as: a, on: r, sql: x, expect: allow, at: noon}", "expected a time such as"),
        ("  - {as: a, on: r, sql: x, expect: allow, rule: read}", "no rule of"),
        ("  - {as: a, on: r, sql: x, expect: allow, masks: []}", "did you mean “mask”?"),
        ("  []", "there are no cases"),
    ])
    func mistakes(_ cases: String, _ expected: String) throws {
        let mistake = try run(cases).mistake
        #expect(mistake.contains(expected), "\(mistake)")
        #expect(mistake.contains("p.test.yaml:"))
    }

    @Test(arguments: [
        ("{tables: {users: [id]}}", "“users” is not schema.name"),
        ("{views: {public.v: \"SELECT * FROM public.t\"}}", "the columns of this view are not clear"),
        ("{views: {public.v: \"SELECT FROM WHERE\"}}", "the columns of this view are not clear"),
        ("{table: {}}", "did you mean “tables”?"),
        ("{tables: {public.t: {columns: [a], not_null: [b]}}}", "“b” is none of the table's columns"),
        ("{tables: {public.t: {columns: [a], cascades: [u]}}}", "“u” is not schema.name"),
        ("{tables: {public.t: {columns: [a], key: [a]}}}", "“key”"),
    ])
    func catalogueMistakes(_ catalog: String, _ expected: String) throws {
        let mistake = try run("  - {as: a, on: r, sql: x, expect: allow}", head: "catalog: \(catalog)\n").mistake
        #expect(mistake.contains(expected), "\(mistake)")
    }

    @Test func catalogueOfTablesAndViews() throws {
        let head = """
            catalog:
              search_path: [public]
              tables: {public.users: [id, email]}
              views:
                public.contacts: "SELECT id, lower(email) AS address, email::text FROM public.users"
                public.all: {columns: [id, email], query: "SELECT * FROM public.users"}

            """
        let report = try #require(
            try run("  - {as: a, on: r, sql: \"SELECT 1\", expect: allow}\n", head: head).report)
        #expect(report.failures.isEmpty)
    }

    @Test func everyMistakeIsTold() throws {
        let cases =
            "  - {as: a, on: r, sql: x, expect: alow}\n  - {as: a, on: r, sql: x, expect: allow}\n  - {as: a, on: r}\n"
        let mistake = try run(cases, head: "catalogue: x\n").mistake
        #expect(mistake.split(separator: "\n").count == 3, "\(mistake)")
        // Without what they have in common the cases are not read.
        let common = try run(cases, head: "defaults: {az: a}\n").mistake
        #expect(common.split(separator: "\n").count == 1, "\(common)")
    }

    @Test func aCatalogueMayBeAFile() throws {
        var catalog = Catalog()
        catalog.complete = true
        catalog.searchPath = ["pg_catalog", "sales", "public"]
        for (schema, name, definition) in [
            ("public", "people", ""), ("sales", "contacts", "SELECT p.email AS address\n   FROM public.people p"),
        ] {
            var relation = Relation()
            relation.schema = schema
            relation.name = name
            relation.kind = definition.isEmpty ? "r" : "v"
            relation.columns = definition.isEmpty ? ["id", "email"] : ["address"]
            relation.definition = definition
            catalog.relations.append(relation)
        }
        let lines = try catalog.lines
        #expect(lines.split(separator: "\n").count == 4, "\(lines)")
        #expect(try Catalog(jsonString: lines) == catalog)
        var empty = Catalog()
        empty.complete = true
        #expect(try Catalog(jsonString: try empty.lines) == empty)

        let test =
            "  - {as: a, on: r, labels: {team: data}, sql: SELECT * FROM contacts, expect: allow, outputs: [1 hash]}\n"
        let head = "catalog: c.json\n"
        let report = try #require(try run(test, head: head, beside: ["c.json": lines]).report)
        #expect(report.failures.isEmpty, "\(report.failures)")
        #expect(try run(test, head: head).mistake.contains("p.test.yaml:2:10:"))
        let wrong = try run(test, head: head, beside: ["c.json": "{\"tables\": 1}"]).mistake
        #expect(wrong.contains("c.json: is not the message Catalog"), "\(wrong)")
    }

    /// What the catalogue says of NOT NULL and of foreign keys counts in tests as it does live.
    @Test func catalogueOfKeys() throws {
        let head = """
            catalog:
              tables:
                public.users: {columns: [id, name], not_null: [id], cascades: [public.logins]}
                public.logins: [user_id]

            """
        let cases = """
              - {as: a, on: r, sql: "UPDATE users SET name = 'x' WHERE id IS NOT NULL", expect: refuse, rule: everything}
              - {as: a, on: r, sql: "DELETE FROM users WHERE name IS NOT NULL", expect: refuse, rule: logins}
              - {as: a, on: r, sql: "UPDATE users SET name = 'x' WHERE name IS NOT NULL", expect: allow}

            """
        let policy = """
            rules:
              - {name: all, when: {operation: [write]}, then: allow}
              - {name: everything, when: {unfiltered: true}, then: refuse}
              - {name: logins, when: {tables_written: [public.logins]}, then: refuse}

            """
        let report = try #require(try run(cases, policy: policy, head: head).report)
        #expect(report.failures.isEmpty)
    }

    @Test func missingFiles() {
        #expect(throws: ConfigurationError.self) { try PolicyTestFile.tests(at: "/nonexistent") }
        #expect(throws: ConfigurationError.self) { try PolicyTestFile(path: "/nonexistent/a.test.yaml") }
    }
}
