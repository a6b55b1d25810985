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
        ("tag:contact", ["public.users.email"]),
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

    @Test(arguments: ["columns_read", "columns_compared"])
    func conditionsTakeThem(key: String) throws {
        let set = try policy(
            "  - {name: a, then: allow}\n  - {name: b, when: {\(key): [\"tag:pii.us_ssn\"]}, then: refuse}")
        func verdict(_ column: String) -> Verdict {
            var facts = facts(["read"]).resolvedWith()
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

    /// A mask of no columns would mask nothing, and a condition on none would let everything through.
    @Test(arguments: [
        (
            "mask: [{columns: [\"tag:pii.emial\"], style: hash}]",
            "no column has the tag “pii.emial”; did you mean “pii.email”?"
        ),
        ("mask: [{columns: [\"tag:crm.*\"], style: hash}]", "no column has the tag “crm.*”"),
        ("mask: [{columns: [ssn, $ours], style: hash}]", "no column has the tag “none”"),
        ("when: {not: {columns_read: [\"tag:none\"]}}", "no column has the tag “none”"),
        ("when: {any: [{columns_written: \"tag:none\"}]}", "no column has the tag “none”"),
        ("when: {columns_compared: [\"tag:pii.email\", \"tag:none\"]}", "no column has the tag “none”"),
    ])
    func tagsThatNoColumnHasAreMistakes(part: String, expected: String) {
        let rule = "  - {name: a, then: allow, \(part)}"
        let key = "tags: all.tags.yaml\nvars: {ours: [\"tag:none\"]}"
        let found = mistake(rule, key: key)
        #expect(found.contains("policy.yaml:4:") && found.contains(expected), "\(found)")
        #expect(mistake(rule, tags: "tags: {}", key: key).contains("no column has the tag"))
    }

    @Test func aFileWithoutTagsIsNoneWhereNoRuleNamesOne() {
        #expect(mistake("  - {name: a, then: allow}", tags: "tags: {}") == "none")
    }

    /// A tag may be of what could not be read: that alone is told.
    @Test func mistakesInTheFileDoNotMakeItsTagsUnknown() {
        let found = mistake(
            "  - {name: a, then: allow, mask: [{columns: [\"tag:pii.email\"], style: hash}]}",
            tags: "tags: {public.users.email: [PII.email]}")
        #expect(found.contains("a tag has") && !found.contains("no column"), "\(found)")
        #expect(
            !mistake(
                "  - {name: a, then: allow, mask: [{columns: [\"tag:pii.email\"], style: hash}]}",
                key: "tags: none.yaml"
            ).contains("no column"))
    }

    @Test(arguments: [
        (
            "mask: [{columns: [\"tags:pii.email\"], style: hash}]",
            "“tags:pii.email” is no column: a tag is written tag:NAME"
        ),
        ("mask: [{columns: [\"Tag:pii.email\"], style: hash}]", "“Tag:pii.email” is no column"),
        ("mask: [{columns: [\"tag :pii.email\"], style: hash}]", "“tag :pii.email” is no column"),
        ("mask: [{columns: [\" tag:pii.email\"], style: hash}]", "“ tag:pii.email” is no column"),
        ("mask: [{columns: [\"public.users.tag:\u{301}x\"], style: hash}]", "is no column"),
        ("when: {columns_read: [\"tags:pii.email\"]}", "is no column"),
        ("when: {columns: [\"tag:pii.email\"]}", "columns_read"),
        ("when: {columns: [\"Tag:pii.email\"]}", "columns_read"),
        ("when: {tables: [\"tag:pii.email\"]}", "“tag:pii.email” is no name"),
        ("when: {tables_read: [\"tag:pii.email\"]}", "is no name"),
        ("when: {tables_written: [\"tag:pii.email\"]}", "is no name"),
        ("when: {views: [\"tag:pii.email\"]}", "is no name"), ("when: {functions: [\"tag:pii.email\"]}", "is no name"),
        ("when: {tables: ['\"a:b\".tag:x']}", "is no name"),
    ])
    func colonsElsewhereAreMistakes(part: String, expected: String) {
        let found = mistake("  - {name: a, then: allow, \(part)}")
        #expect(found.contains("policy.yaml:3:") && found.contains(expected), "\(found)")
    }

    @Test func aQuotedColonIsPartOfAName() throws {
        let set = try policy(
            "  - {name: a, then: allow}\n  - {name: b, when: {tables: ['public.\"a:b\"']}, then: refuse}")
        var facts = facts(["read"]).resolvedWith()
        facts.tablesRead = ["public.\"a:b\""]
        #expect(
            set.decide(facts: facts, principal: principal(), resource: "r", purpose: .statement).verdict == .refuse)
    }

    /// What a masker does not take.
    @Test func patternsHaveABound() throws {
        let longest = "public.users." + String(repeating: "a", count: 499)
        let rule = "  - {name: a, then: allow, mask: [{columns: [LONG], style: hash}]}"
        #expect(mistake(rule.replacing("LONG", with: longest)) == "none")
        let found = mistake(rule.replacing("LONG", with: longest + "a"))
        #expect(found.contains("policy.yaml:3:46: a pattern for columns has at most 512 bytes"), "\(found)")
        #expect(
            mistake("  - {name: a, then: allow, when: {columns_read: [\(longest)a]}}").contains("at most 512 bytes"))
        let key = mistake("  - {name: a, then: allow}", tags: "tags: {? \(longest)a : pii}")
        #expect(key.contains("all.tags.yaml:1:") && key.contains("at most 512 bytes"), "\(key)")
    }
}
