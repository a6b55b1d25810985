import Contract
import Foundation
import Policy
import StrictYAML
import Testing

@Suite struct TagTests {
    private static let tags = """
        tags:
          public.users.email: [pii.email, contact]
          public.users.ssn: pii.us_ssn
          crm.people.mail: [pii.email]

        """

    /// A policy of `rules` beside a file of `tags`.
    private func policy(_ rules: String, tags: String = tags, key: String = "tags: all.tags.yaml") throws -> PolicySet {
        let folder = FileManager.default.temporaryDirectory.appending(path: "sluice-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try Data(tags.utf8).write(to: folder.appending(path: "all.tags.yaml"))
        return try PolicySet.parse("\(key)\nrules:\n\(rules)\n", file: folder.appending(path: "policy.yaml").path)
    }

    private func mistake(_ rules: String, tags: String = tags, key: String = "tags: all.tags.yaml") -> String {
        do {
            _ = try policy(rules, tags: tags, key: key)
            return "none"
        } catch {
            return "\(error)"
        }
    }

    @Test(arguments: [
        ("tag:pii.email", ["public.users.email", "crm.people.mail"]),
        ("tag:pii.*", ["public.users.email", "public.users.ssn", "crm.people.mail"]),
        ("tag:contact", ["public.users.email"]), ("tag:pii.phone", []),
    ])
    func masksReachTheColumnsOfATag(item: String, columns: [String]) throws {
        let set = try policy("  - {name: a, then: allow, mask: [{columns: [\"\(item)\"], style: hash}]}")
        let plan = set.decide(
            facts: facts(["read"]), principal: principal(), resource: "r", purpose: .statement
        ).mask
        #expect(plan.columns.map(\.pattern) == columns)
        #expect(plan.columns.allSatisfy { $0.style == .hash && $0.rule == "a" })
    }

    @Test func listsHoldThemBesidePatternsAndInVariables() throws {
        let set = try policy(
            "  - {name: a, then: allow, mask: [{columns: [$pii, \"*.note\", public.users.ssn], style: redact}]}",
            key: "tags: [all.tags.yaml]\nvars: {pii: [\"tag:pii.us_ssn\", \"tag:contact\"]}")
        let plan = set.decide(
            facts: facts(["read"]), principal: principal(), resource: "r", purpose: .statement
        ).mask
        #expect(plan.columns.map(\.pattern) == ["public.users.ssn", "public.users.email", "*.note"])
    }

    @Test(arguments: ["columns", "columns_read", "columns_compared"])
    func conditionsTakeThem(key: String) throws {
        let set = try policy(
            "  - {name: a, then: allow}\n  - {name: b, when: {\(key): [\"tag:pii.us_ssn\"]}, then: refuse}")
        func verdict(_ column: String) -> Verdict {
            var facts = facts(["read"]).resolvedWith()
            facts.columnsReferenced = [String(column.split(separator: ".").last ?? "")]
            facts.columnsRead = [column]
            facts.columnsCompared = [column]
            return set.decide(facts: facts, principal: principal(), resource: "r", purpose: .statement).verdict
        }
        #expect(verdict("public.users.ssn") == .refuse)
        #expect(verdict("public.users.email") == .allow)
    }

    @Test(arguments: [
        ("tags: {users.email: [pii]}", "all.tags.yaml:1:8: a column with tags is written schema.table.column"),
        ("tags: {public.users.email: [PII]}", "all.tags.yaml:1:28: a tag has lower-case letters"),
        ("tags: {public.users.email: []}", "a tag has"), ("tag: {}", "did you mean “tags”?"),
        ("tags: {}\nx: 1", "unknown key “x”"), ("tags: 5", "expected keys and values"),
    ])
    func mistakesInTheFileAreNamed(tags: String, expected: String) {
        let found = mistake("  - {name: a, then: allow}", tags: tags)
        #expect(found.contains(expected), "\(found)")
    }

    @Test(arguments: [
        ("tag:", "a tag has lower-case letters"), ("tag:Pii", "a tag has lower-case letters"),
    ])
    func mistakesInRulesAreNamed(item: String, expected: String) {
        let found = mistake("  - {name: a, then: allow, mask: [{columns: [\"\(item)\"], style: hash}]}")
        #expect(found.contains(expected), "\(found)")
    }

    @Test func tagsNeedAFile() {
        let rule = "  - {name: a, then: allow, mask: [{columns: [\"tag:pii.email\"], style: hash}]}"
        #expect(mistake(rule, key: "vars: {a: b}").contains("there are no tags"))
        #expect(mistake(rule, key: "tags: none.yaml").contains("none.yaml” cannot be read"))
    }

    @Test func tagsThatNoColumnHasAreToldOnce() throws {
        let set = try policy(
            """
              - {name: a, then: allow, mask: [{columns: ["tag:pii.emial"], style: hash}]}
              - {name: b, when: {any: [{columns_read: ["tag:pii.emial", "tag:pii.email"]}]}, then: refuse, message: "tag:x"}
              - {name: c, when: {columns_read: $ours}, then: refuse}
            """, key: "tags: all.tags.yaml\nvars: {ours: [\"tag:crm.*\"]}")
        let found = set.unknownNames(in: Surroundings(resources: ["r"], accounts: nil)).map(\.message)
        #expect(
            found == [
                "no column has the tag “pii.emial”; did you mean “pii.email”? (written 2 times)",
                "no column has the tag “crm.*”",
            ])
        #expect(!set.namesAccounts)
    }
}
