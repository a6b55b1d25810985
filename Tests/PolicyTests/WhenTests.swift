import Contract
import Policy
import Testing

/// Conditions over more than the text: catalogue, estimate, time and source.
@Suite struct WhenTests {
    private static let allowAll = "  - {name: all, then: allow}\n"

    /// What a condition does in a rule that refuses beside one that allows everything, and in one that allows.
    private func refuses(_ when: String, _ facts: Facts, _ who: Principal = principal(), time: Int64? = nil) throws
        -> Bool
    {
        try judge(Self.allowAll + "  - {name: b, when: \(when), then: refuse}", facts, who, time: time).verdict
            == .refuse
    }
    private func allows(_ when: String, _ facts: Facts, _ who: Principal = principal(), time: Int64? = nil) throws
        -> Bool
    {
        try judge("  - {name: a, when: \(when), then: allow}", facts, who, time: time).verdict == .allow
    }

    /// What undoes masks has to be named by the rule that permits it.
    @Test(arguments: [
        ("{operation: [reveal]}", true), ("{operation: [read, reveal]}", true),
        ("{any: [{operation: [reveal]}]}", true),
        ("{all: [{operation: [reveal]}, {statements: {over: 0}}]}", true), ("{operation: [read, call]}", false),
        ("{statements: {over: 0}}", false), ("{not: {operation: [read]}}", false),
        ("{any: [{operation: [read]}, {statements: {over: 0}}]}", false), ("{functions: [\"sluice.reveal\"]}", false),
        ("{any: [{all: [{operation: [reveal]}, {statements: {over: 9}}]}, {statements: {over: 0}}]}", false),
    ])
    func revealingIsNamed(_ when: String, _ allowed: Bool) throws {
        var facts = facts(["reveal"])
        facts.functions = ["sluice.reveal"]
        facts.statements = 1
        #expect(try allows(when, facts) == allowed)
        #expect(try judge(Self.allowAll, facts).verdict == .refuse)
        // A hold permits, once it is approved: only what it names.
        let hold = "then: {hold: {approvers: {groups: [x]}, expires: 5m}}}"
        #expect(try judge("  - {name: h, when: \(when), \(hold)", facts).verdict == (allowed ? .hold : .refuse))
        #expect(try judge("  - {name: h, \(hold)", facts).verdict == .refuse)
        let beside = "  - {name: h, \(hold)\n  - {name: a, when: {operation: [reveal]}, then: allow}"
        #expect(try judge(beside, facts).verdict == .hold)
        // Rules that refuse are about it whether they name it or not.
        #expect(
            try judge("  - {name: a, when: {operation: [reveal]}, then: allow}\n  - {name: b, then: refuse}", facts)
                .verdict == .refuse)
    }

    // MARK: Columns and views

    @Test(arguments: [
        ("email", ["public.users.email"], true), ("\"*.email\"", ["public.users.email"], true),
        ("users.email", ["public.users.email"], true), ("users.email", ["other.users.email"], true),
        ("public.users.email", ["other.users.email"], false), ("email", ["EMAIL"], true),
        ("users.email", ["email"], true), ("users.email", ["orders.email"], false),
        ("users.email", ["public.users.*"], true), ("email", ["public.users.id"], false), ("email", [], false),
        ("users.email", ["\"users\".\"email\""], true),
    ])
    func restrictedColumns(_ pattern: String, _ columns: [String], _ expected: Bool) throws {
        for key in ["columns_read", "columns_written", "columns_compared"] {
            var facts = facts(["read"])
            switch key {
            case "columns_read": facts.columnsRead = columns
            case "columns_written": facts.columnsWritten = columns
            default: facts.columnsCompared = columns
            }
            #expect(try refuses("{\(key): [\(pattern)]}", facts) == expected)
            facts.resolved = true
            #expect(try refuses("{\(key): [\(pattern)]}", facts) == expected)
        }
    }

    @Test(arguments: [
        ("note", ["public.orders.note"], true), ("orders.note", ["public.orders.note"], true),
        ("orders.note", ["other.orders.note"], false), ("other.orders.note", ["other.orders.note"], true),
        ("orders.note", ["public.orders.Note"], false), ("orders.note", ["public.orders.*"], false),
        ("\"orders.*\"", ["public.orders.*"], true), ("\"*\"", ["public.orders.*", "a.b.c"], true),
        ("\"*.note\"", ["other.orders.note"], true), ("orders.note", ["note"], false), ("note", ["note", "id"], false),
    ])
    func permittedColumns(_ pattern: String, _ columns: [String], _ expected: Bool) throws {
        var facts = facts(["write"], written: ["public.orders"])
        facts.columnsWritten = columns
        // Names that were not looked up are not sure.
        #expect(try !allows("{columns_written: [\(pattern)]}", facts))
        #expect(try allows("{columns_written: [\(pattern)]}", facts.resolvedWith()) == expected)
    }

    @Test func negatedColumnsAreSure() throws {
        let when = "{operation: [write], not: {columns_written: [orders.note]}}"
        var facts = facts(["write"]).resolvedWith()
        facts.columnsWritten = ["public.orders.note"]
        #expect(try !refuses(when, facts))
        facts.columnsWritten.append("public.orders.total")
        #expect(try refuses(when, facts))
        facts.columnsWritten.removeLast()
        facts.resolved = false
        #expect(try refuses(when, facts))
    }

    @Test func views() throws {
        var facts = facts(["read"], read: ["public.contacts", "public.users"]).resolvedWith()
        #expect(try !refuses("{views: [contacts]}", facts) && !allows("{views: [contacts]}", facts))
        facts.views = ["public.contacts"]
        #expect(try refuses("{views: [contacts]}", facts) && allows("{views: [contacts]}", facts))
        #expect(try !allows("{views: [other]}", facts) && !refuses("{views: [other]}", facts))
        // Not looked up, any table may be one.
        facts.resolved = false
        facts.views = []
        #expect(try refuses("{views: [contacts]}", facts) && !allows("{views: [contacts]}", facts))
    }

    @Test func tablesByUse() throws {
        let copy = facts(["read", "write"], read: ["public.users"], written: ["scratch.people"])
        #expect(try allows("{tables_written: [\"scratch.*\"]}", copy) && refuses("{tables_written: [people]}", copy))
        #expect(try !allows("{tables_written: [users]}", copy) && !refuses("{tables_written: [users]}", copy))
        #expect(try allows("{tables_read: [users]}", copy) && refuses("{tables_read: [users]}", copy))
        #expect(try !allows("{tables_read: [\"scratch.*\"]}", copy) && !allows("{tables: [\"scratch.*\"]}", copy))
        // What names no table that it writes or reads may use any.
        #expect(try !allows("{tables_written: [\"scratch.*\"]}", facts(["drop"])))
        #expect(try !allows("{tables_read: [\"scratch.*\"]}", facts(["drop"])))
        #expect(try allows("{tables_written: [\"scratch.*\"]}", facts(["read"], read: ["users"])))
        #expect(try allows("{tables_read: [\"scratch.*\"]}", facts(["write"], written: ["users"])))
        #expect(try !allows("{tables_read: [\"scratch.*\"]}", facts(["call"])))
    }

    @Test func resolved() throws {
        #expect(try refuses("{resolved: false}", facts(["read"])))
        #expect(try !refuses("{resolved: false}", facts(["read"]).resolvedWith()))
        #expect(try allows("{resolved: true}", facts(["read"]).resolvedWith()))
    }

    // MARK: Source

    @Test(arguments: [
        ("10.0.0.0/8", "10.1.2.3:5000", true), ("10.0.0.0/8", "11.1.2.3:5000", false),
        ("192.168.1.128/25", "192.168.1.200:1", true), ("192.168.1.128/25", "192.168.1.100:1", false),
        ("127.0.0.1", "127.0.0.1:1", true), ("127.0.0.1", "127.0.0.2:1", false), ("\"::1\"", "::1:5000", true),
        ("\"::1\"", "[::1]:5000", true), ("\"2001:db8::/32\"", "2001:db8:1::5:99", true),
        ("\"2001:db8::/32\"", "2001:db9::5:99", false), ("10.0.0.0/8", "::ffff:10.0.0.1:5", true),
        ("0.0.0.0/0", "::1:5", false), ("\"fe80::/10\"", "fe80::1%eth0:5", true),
    ])
    func source(_ range: String, _ address: String, _ expected: Bool) throws {
        var who = principal()
        who.sourceAddress = address
        #expect(try refuses("{source: [\(range)]}", facts(["read"]), who) == expected)
        #expect(try allows("{source: [\(range)]}", facts(["read"]), who) == expected)
    }

    @Test(arguments: ["", "/run/sluice.sock:0", "nonsense"])
    func unknownSourceFallsOnTheStrictSide(_ address: String) throws {
        var who = principal()
        who.sourceAddress = address
        #expect(try refuses("{source: [10.0.0.0/8]}", facts(["read"]), who))
        #expect(try refuses("{not: {source: [10.0.0.0/8]}}", facts(["read"]), who))
        #expect(try !allows("{source: [10.0.0.0/8]}", facts(["read"]), who))
        #expect(try !allows("{not: {source: [10.0.0.0/8]}}", facts(["read"]), who))
    }

    // MARK: Time

    /// 2026-01-30 was a Friday; Berlin is an hour ahead of UTC in winter and two in summer.
    private static let fridayNoon: Int64 = 1_769_774_400

    /// Windows, seconds from then, and whether they hold.
    private static let windows: [(String, Int64, Bool)] = [
        ("{days: [fri]}", 0, true), ("{days: [mon-thu]}", 0, false), ("{days: [thu-sat]}", 0, true),
        ("{days: [sat-fri]}", 0, true), ("{days: [sat-thu]}", 0, false), ("{days: mon-fri}", 86400, false),
        ("{hours: \"12:00-12:01\"}", 0, true), ("{hours: \"12:00-12:01\"}", 60, false),
        ("{hours: \"11:00-12:00\"}", 0, false), ("{hours: \"13:00-13:30\", zone: Europe/Berlin}", 0, true),
        ("{hours: \"12:00-13:00\", zone: Europe/Berlin}", 0, false),
        // 183 days later Berlin is at 14:00.
        ("{hours: \"14:00-14:30\", zone: Europe/Berlin}", 183 * 86400, true),
        ("{days: [fri], hours: \"22:00-06:00\"}", 10 * 3600, true),
        ("{days: [fri], hours: \"22:00-06:00\"}", 17 * 3600, true),
        ("{days: [fri], hours: \"22:00-06:00\"}", 18 * 3600, false),
        ("{days: [sat], hours: \"22:00-06:00\"}", 17 * 3600, false),
        ("{days: [fri], hours: \"22:00-06:00\"}", -7 * 3600, false),
        ("{hours: [\"08:00-09:00\", \"11:30-24:00\"]}", 0, true), ("[{days: sun}, {days: fri}]", 0, true),
        ("[{days: sun}, {days: sat}]", 0, false), ("{days: [sat], zone: Pacific/Auckland}", 0, true),
    ]

    @Test(arguments: windows)
    func time(_ window: String, _ offset: Int64, _ expected: Bool) throws {
        let time = Self.fridayNoon + offset
        #expect(try refuses("{time: \(window)}", facts(["read"]), time: time) == expected)
        #expect(try allows("{time: \(window)}", facts(["read"]), time: time) == expected)
    }

    @Test func unknownTimeFallsOnTheStrictSide() throws {
        #expect(try refuses("{time: {days: [mon-sun]}}", facts(["read"])))
        #expect(try !allows("{time: {days: [mon-sun]}}", facts(["read"])))
    }

    // MARK: Estimate

    private static let large = """
          - {name: reads, when: {operation: [read]}, then: allow}
          - name: large
            when: {operation: [read], estimated_rows: {over: 1000}}
            then: {hold: {approvers: {groups: [dba]}, expires: 5m}}

        """

    @Test func estimateIsAskedForOnlyWhereItMatters() throws {
        let first = try judge(Self.large, facts(["read"]))
        #expect(first.wantsEstimate && first.verdict == .refuse && first.rule.isEmpty && !first.isPure)
        #expect(try judge(Self.large, facts(["read"]), rows: 1000).verdict == .allow)
        let held = try judge(Self.large, facts(["read"]), rows: 1001)
        #expect(held.verdict == .hold && !held.wantsEstimate && !held.isPure)
        #expect(try judge(Self.large, facts(["read"]), estimateFailed: true).verdict == .hold)
        // Refused anyway.
        let refused = try judge(Self.large + "  - {name: no, then: refuse}", facts(["read"]))
        #expect(refused.rule == "no" && !refused.wantsEstimate)
        // The rule does not match whatever the estimate.
        #expect(try !judge(Self.large, facts(["write"])).wantsEstimate)
        // Nothing that has rows.
        #expect(try judge(Self.large, facts(["transaction"])).verdict == .allow)
        // Not about this identity.
        let others = Self.large.replacing("name: large", with: "name: large\n    who: {groups: [others]}")
        let other = try judge(others, facts(["read"]))
        #expect(other.verdict == .allow && other.isPure)
    }

    /// A statement may be described before its runs are judged: its columns are those that the runs will have.
    @Test func masksAreToldBeforeTheEstimate() throws {
        let rules = Self.large + "  - {name: gone, mask: [{columns: [users.ssn], style: drop}]}"
        let first = try judge(rules, facts(["read"]))
        #expect(first.wantsEstimate && first.mask.drops)
        #expect(try judge(rules, facts(["read"]), rows: 1).mask == first.mask)
    }

    @Test func aRefusalByAnUnknownEstimateSaysSo() throws {
        let rule = "  - {name: a, when: {estimated_rows: {over: 10}}, then: refuse}"
        #expect(try judge(rule, facts(["read"]), estimateFailed: true).hint.contains("could not estimate"))
        #expect(try !judge(rule, facts(["read"]), rows: 11).hint.contains("could not estimate"))
    }

    @Test func estimateThatPermits() throws {
        let small = "  - {name: a, when: {not: {estimated_rows: {over: 10}}}, then: allow}"
        #expect(try judge(small, facts(["read"])).wantsEstimate)
        #expect(try judge(small, facts(["read"]), rows: 10).verdict == .allow)
        #expect(try judge(small, facts(["read"]), rows: 11).verdict == .refuse)
        #expect(try judge(small, facts(["read"]), estimateFailed: true).verdict == .refuse)
    }

    /// Neither no rows nor very many match: only an estimate in between does.
    @Test func estimateBetweenThresholds() throws {
        let between = """
              - {name: all, then: allow}
              - name: some
                when: {all: [{estimated_rows: {over: 10}}, {not: {estimated_rows: {over: 100}}}]}
                then: refuse
            """
        #expect(try judge(between, facts(["read"])).wantsEstimate)
        #expect(try judge(between, facts(["read"]), rows: 50).verdict == .refuse)
        #expect(try judge(between, facts(["read"]), rows: 101).verdict == .allow)
    }

    // MARK: Delegation, purity, operations

    @Test func onBehalfOf() throws {
        let rules = "  - {name: a, who: {on_behalf_of: [\"ali*\"]}, then: allow}"
        #expect(try judge(rules, facts(["read"]), principal(labels: ["on-behalf-of": "alice"])).verdict == .allow)
        #expect(try judge(rules, facts(["read"]), principal(labels: ["on-behalf-of": "bob"])).verdict == .refuse)
        #expect(try judge(rules, facts(["read"])).verdict == .refuse)
    }

    @Test(arguments: [
        ("{time: {days: [mon]}}", false), ("{any: [{source: [10.0.0.0/8]}]}", false),
        ("{not: {estimated_rows: {over: 1}}}", false), ("{operation: [drop]}", true),
    ])
    func purity(_ when: String, _ expected: Bool) throws {
        let rules = Self.allowAll + "  - {name: b, when: \(when), then: refuse}"
        #expect(try judge(rules, facts(["read"])).isPure == expected)
        let others = Self.allowAll + "  - {name: b, who: {groups: [x]}, when: \(when), then: refuse}"
        #expect(try judge(others, facts(["read"])).isPure)
    }

    @Test(arguments: ["call.file", "call.network", "call.session", "call.sql"])
    func classesOfCalls(_ operation: String) throws {
        let call = facts(["read", "call", operation])
        #expect(try !allows("{operation: [read, call]}", call))
        #expect(try allows("{operation: [read, call, \(operation)]}", call))
        #expect(
            try refuses("{operation: [\(operation)]}", call) && !refuses("{operation: [\(operation)]}", facts(["call"]))
        )
    }
}
