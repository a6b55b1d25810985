import Contract
import Foundation
import Policy
import StrictYAML
import Testing

@Suite struct ParsingTests {
    private func error(_ text: String) -> String? {
        do throws(ConfigurationError) {
            _ = try PolicySet.parse(text, file: "p.yaml")
            return nil
        } catch {
            return error.description
        }
    }

    @Test(arguments: [
        ("rules:\n  - {nam: a, then: allow}", "did you mean “name”"),
        ("rules:\n  - {then: allow}", "missing key “name”"),
        ("rules:\n  - {name: a}", "needs “then” or “mask”"), ("rules:\n  - {name: a, then: deny}", "allow, refuse"),
        ("rules:\n  - {name: a, when: {operation: [select]}, then: allow}", "read, write, create"),
        ("rules:\n  - {name: a, when: {operations: [read]}, then: allow}", "did you mean “operation”"),
        ("rules:\n  - {name: a, mask: [{detect: [ibann], style: redact}]}", "did you mean “iban”?"),
        ("rules:\n  - {name: a, mask: [{columns: [x], style: blur}]}", "redact, partial, hash, null"),
        ("rules:\n  - {name: a, mask: [{columns: [x]}]}", "missing key “style”"),
        ("rules:\n  - {name: a, mask: [{columns: [a.b.c.d], style: hash}]}", "schema.table.column"),
        ("rules:\n  - {name: a, then: allow}\n  - {name: a, then: allow}", "3:5: a rule named “a”"),
        ("rules:\n  - name: a\n    who:\n    then: allow", "“who” is empty"),
        ("rules:\n  - {name: a, who: {}, then: allow}", "“who” needs"),
        ("rules:\n  - {name: a, who: {groups: []}, then: allow}", "the list is empty"),
        ("rules:\n  - name: a\n    when:\n    then: refuse", "“when” is empty"),
        ("rules:\n  - {name: a, when: {}, then: allow}", "at least one key"),
        ("rules:\n  - {name: a, on: [], then: allow}", "the list is empty"),
        ("rules:\n  - {name: a, then: hold}", "approvers"),
        ("rules:\n  - {name: a, then: {hold: {approvers: {}, expires: 5m}}}", "groups or identities"),
        ("rules:\n  - {name: a, then: {hold: {approvers: {groups: [d]}}}}", "missing key “expires”"),
        ("rules:\n  - {name: a, then: {hold: {approvers: {groups: [d]}, quorum: 0, expires: 5m}}}", "out of range"),
        (
            "rules:\n  - {name: a, then: {refuse: {message: x}, hold: {approvers: {groups: [d]}, expires: 5m}}}",
            "use one of"
        ),
        ("rules:\n  - {name: a, when: {columns: [x]}, then: allow}", "“columns” is for rules"),
        ("rules:\n  - {name: a, when: {not: {columns: [x]}}, then: refuse}", "within “not”"),
        ("rules:\n  - {name: a, when: {unfiltered: yes}, then: allow}", "true or false"), ("rule: []", "rule"),
        ("rules: 5", "expected a list"),
        (
            "rules:\n  - {name: a, when: {operation: [reed]}, then: allow}",
            "2:34: “reed” is not known here; did you mean “read”?"
        ),
        ("rules:\n  - {name: a, mask: [{columns: [x], style: redacted}]}", "did you mean “redact”?"),
        ("rules:\n  - {name: a, mask: [{detect: [emial], style: redact}]}", "did you mean “email”?"),
        ("rules:\n  - {name: a, mask: [{columns: [x], style: {partial: {frist: 2}}}]}", "did you mean “first”?"),
        ("rules:\n  - {name: a, mask: [{columns: [x], style: {partial: {first: 65}}}]}", "2:62: 65 is out of range"),
        ("rules:\n  - {name: a, mask: [{columns: [x], style: {partial: {first: 0}}}]}", "shows nothing"),
        ("rules:\n  - {name: a, mask: [{columns: [x], style: {partial: {keep_domain: 1}}}]}", "true or false"),
        ("rules:\n  - {name: a, mask: [{columns: [x], style: {partial: }}]}", "“partial” is empty"),
        ("rules:\n  - {name: a, mask: [{columns: [x], style: {partal: {first: 1}}}]}", "did you mean “partial”?"),
        ("rules:\n  - {name: a, mask: [{columns: [x], style: {hash: {first: 1}}}]}", "“hash” is told nothing"),
        ("rules:\n  - {name: a, mask: [{columns: [x], style: {shift: {}}}]}", "missing key “days”"),
        ("rules:\n  - {name: a, mask: [{columns: [x], style: {shift: {days: 36501}}}]}", "out of range"),
        ("rules:\n  - {name: a, mask: [{columns: [x], style: bucket}]}", "2:44: a bucket needs its size"),
        ("rules:\n  - {name: a, mask: [{columns: [x], style: {bucket: {}}}]}", "a bucket needs its size"),
        ("rules:\n  - {name: a, mask: [{columns: [x], style: {bucket: {width: 0}}}]}", "2:61: a width is out of range"),
        ("rules:\n  - {name: a, mask: [{columns: [x], style: {bucket: {width: -1}}}]}", "expected a number such as"),
        ("rules:\n  - {name: a, mask: [{columns: [x], style: {bucket: {width: 1e3}}}]}", "expected a number such as"),
        ("rules:\n  - {name: a, mask: [{columns: [x], style: {bucket: {width: 1000000001}}}]}", "out of range"),
        ("rules:\n  - {name: a, mask: [{columns: [x], style: {bucket: {unit: yaer}}}]}", "did you mean “year”?"),
        ("rules:\n  - {name: a, mask: [{columns: [x], style: {shift: {days: 1}, hash: {}}}]}", "expected one style"),
        ("rules:\n  - {name: a, then: alow}", "did you mean “allow”?"),
        ("rules:\n  - {name: a, mask: [{columns: [x], style: hash, inference: refused}]}", "did you mean “refuse”?"),
        ("rules:\n  - {name: a, mask: [{detect: [email], style: hash, inference: refuse}]}", "masks of columns"),
        ("rules:\n  - {name: a, mask: [{detect: [email], style: hash, on_failure: show}]}", "withhold, refuse"),
        ("rules:\n  - {name: a, mask: [{columns: [x], style: hash, on_failure: refused}]}", "did you mean “refuse”?"),
        ("rules:\n  - {name: a, mask: [{columns: [x], style: hash, on_failure: }]}", "“on_failure” is empty"),
        ("rules:\n  - {name: a, mask: [{columns: [x], style: hash, on_failur: refuse}]}", "did you mean “on_failure”"),
        ("rules:\n  - {name: a, when: {columns_writen: [x]}, then: allow}", "did you mean “columns_written”?"),
        ("rules:\n  - {name: a, when: {columns_read: [a.b.c.d]}, then: allow}", "2:37: a column is written"),
        ("rules:\n  - {name: a, when: {estimated_rows: 5}, then: allow}", "expected keys and values"),
        ("rules:\n  - {name: a, when: {estimated_rows: {over: -1}}, then: allow}", "out of range"),
        ("rules:\n  - {name: a, when: {source: [10.0.0.0/33]}, then: allow}", "expected an address"),
        ("rules:\n  - {name: a, when: {source: [10.0.0.1/8]}, then: allow}", "bits set behind its prefix"),
        ("rules:\n  - {name: a, when: {source: [localhost]}, then: allow}", "expected an address"),
        ("rules:\n  - {name: a, when: {time: {}}, then: allow}", "“time” needs days or hours"),
        ("rules:\n  - {name: a, when: {time: {days: [fry]}}, then: allow}", "did you mean “fri”?"),
        ("rules:\n  - {name: a, when: {time: {days: [mon-tue-wed]}}, then: allow}", "a range of days"),
        ("rules:\n  - {name: a, when: {time: {hours: \"9-17\"}}, then: allow}", "expected hours such as"),
        ("rules:\n  - {name: a, when: {time: {hours: \"09:00-09:00\"}}, then: allow}", "expected hours such as"),
        ("rules:\n  - {name: a, when: {time: {hours: \"09:00-25:00\"}}, then: allow}", "expected hours such as"),
        (
            "rules:\n  - {name: a, when: {time: {days: mon, zone: Europe/Berln}}, then: allow}",
            "did you mean “Europe/Berlin”?"
        ),
        ("rules:\n  - {name: a, then: allow, limits: {max_rows: 0}}", "out of range"),
        ("rules:\n  - {name: a, then: allow, limits: {rows: 5}}", "missing key “max_rows”"),
        ("rules:\n  - {name: a, then: refuse, limits: {max_rows: 5}}", "“limits” is for rules that allow"),
        ("rules:\n  - {name: a, then: allow, limits: {max_rows: 5, beyond: hold}}", "use one of refuse, {hold"),
        (
            "rules:\n  - {name: a, then: allow, limits: {max_rows: 5, beyond: {hold: {expires: 5m}}}}",
            "missing key “approvers”"
        ),
        (
            "vars: {pii: [email]}\nrules:\n  - {name: a, on: [$pij], then: allow}",
            "3:20: “$pij” is not known here; did you mean “$pii”?"
        ),
        ("rules:\n  - {name: a, on: [$pii], then: allow}", "“$pii” is not known here"),
        ("vars: {a: [b], c: [$a]}\nrules: []", "1:20: a variable holds no variables"),
        ("vars: {a: []}\nrules: []", "the list is empty"), ("vars: {a b: [c]}\nrules: []", "a variable's name has"),
        ("var: {a: [b]}\nrules: []", "did you mean “vars”?"),
        ("include: []\nrule: []", "did you mean “rules”?"),
        ("", "empty"),
    ])
    func mistakes(_ text: String, _ expected: String) {
        let message = error(text) ?? "none"
        #expect(message.contains(expected), "\(message)")
        #expect(message.hasPrefix("p.yaml:"))
    }

    @Test func everyMistakeIsTold() {
        let text = """
            vars: {pii: ["*.email", $x], "a b": [c]}
            rules:
              - name: one
                who: {group: [agents], identites: [x]}
                on: [$pij, ""]
                when: {operation: [reed, write, dorp], unfiltered: yes, any: [{tables: []}, {time: {days: [fry], hours: 9}}]}
                then: alow
                mask: [{columns: [a.b.c.d, $pii], style: redacted}, {detect: [emial], style: hash}]
              - {name: two, then: {hold: {approvers: {}, quorum: 0}}}
              - {nmae: three, then: allow}
              - {when: {opaque: 1}, then: allow}
              - {name: four, limits: {max_rows: no, beyond: {hold: {approvers: {group: [x]}, expires: 5}}}}
              - {name: five, then: allow}
              - {name: five, then: refuse}
            """
        do throws(ConfigurationError) {
            _ = try PolicySet.parse(text, file: "p.yaml")
            Issue.record("no mistake")
        } catch {
            let places = error.all.map { "\($0.line ?? 0):\($0.column ?? 0)" }
            #expect(
                places == [
                    "1:25", "1:37", "4:11", "4:28", "5:10", "5:16", "6:24", "6:37", "6:56", "6:76", "6:96", "6:109",
                    "7:11",
                    "8:23", "8:46", "8:67", "9:30", "9:42", "9:54", "10:6", "11:5", "11:21", "12:37", "12:69", "12:91",
                    "14:5",
                ])
            #expect(error.all.last?.message == "a rule named “five” is there already: p.yaml:13")
        }
    }

    @Test func mistakesOfEveryFileAreTold() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "sluice-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let files = [
            "policy.yaml":
                "include: [absent.yaml, broken.yaml, one.yaml]\nrules:\n  - {name: a, on: [$elsewhere], then: alow}",
            "broken.yaml": "rules: {", "one.yaml": "rules:\n  - {name: b, then: rfuse}",
        ]
        for (name, text) in files { try Data(text.utf8).write(to: folder.appending(path: name)) }
        do throws(ConfigurationError) {
            _ = try PolicySet.load(path: folder.appending(path: "policy.yaml").path)
            Issue.record("no mistake")
        } catch {
            let places = error.all.map { "\($0.file.dropFirst(folder.path.count + 1)):\($0.line ?? 0)" }
            // What “$elsewhere” stands for may be in a file that cannot be read.
            #expect(places == ["policy.yaml:1", "policy.yaml:3", "broken.yaml:2", "one.yaml:2"])
        }
    }

    @Test func epochFollowsTheBytes() throws {
        let first = try PolicySet.parse(orders, file: "p")
        #expect(first.epoch.count == PolicySet.epochLength)
        #expect(try PolicySet.parse(orders, file: "q").epoch == first.epoch)
        #expect(try PolicySet.parse(orders + "\n", file: "p").epoch != first.epoch)
        #expect(first.ruleNames.count == 4)
    }

    @Test(arguments: ["read-only", "orders", "allow-all"]) func examples(_ name: String) throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let policy = try PolicySet.load(path: root.appending(path: "examples/policies/\(name).yaml").path)
        let who = principal()
        #expect(
            policy.decide(facts: facts(["read"]), principal: who, resource: "orders", purpose: .statement).verdict
                == .allow)
        #expect(
            policy.decide(facts: facts(["opaque"]), principal: who, resource: "orders", purpose: .statement).verdict
                == (name == "allow-all" ? .allow : .refuse))
    }

    @Test func variablesAreSplicedIntoLists() throws {
        let text = """
            vars:
              pii: ["*.email", "*.phone"]
              agents: [ai-agents, bots]
              changes: [drop, truncate]
            rules:
              - {name: all, who: {groups: [$agents]}, then: allow}
              - {name: b, when: {operation: [$changes, alter]}, then: refuse}
              - {name: c, mask: [{columns: [$pii, ssn], style: redact}]}
              - {name: d, when: {columns: $pii, unfiltered: true}, then: refuse}
            """
        let policy = try PolicySet.parse(text, file: "p")
        func decide(_ facts: Facts, _ group: String = "bots") -> Judgement {
            policy.decide(
                facts: facts, principal: principal(groups: [group]), resource: "r", purpose: .statement)
        }
        #expect(decide(facts(["read"])).mask.columns.map(\.pattern) == ["*.email", "*.phone", "ssn"])
        #expect(decide(facts(["read"]), "others").verdict == .refuse)
        for operation in ["drop", "truncate", "alter"] { #expect(decide(facts([operation])).rule == "b") }
        var oracle = facts(["write"], unfiltered: true)
        oracle.columnsReferenced = ["Phone"]
        #expect(decide(oracle).rule == "d")
    }

    @Test func includedRulesAndVariables() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "sluice-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let common = "vars: {pii: [email]}\nrules:\n  - {name: masks, mask: [{columns: [$pii], style: hash}]}"
        try Data(common.utf8).write(to: folder.appending(path: "common.yaml"))
        let file = folder.appending(path: "policy.yaml").path
        let main = "include: [common.yaml]\nrules:\n  - {name: a, when: {columns: [$pii]}, then: refuse}"
        #expect(try PolicySet.parse(main, file: file).ruleNames == ["masks", "a"])
        for (text, expected) in [
            (main.replacing("name: a", with: "name: masks"), "policy.yaml:3:5: a rule named “masks” is there already"),
            (
                main.replacing("rules:", with: "vars: {pii: [x]}\nrules:"),
                "2:13: a variable named “pii” is there already"
            ),
            (main.replacing("common", with: "absent"), "policy.yaml:1:11: “"),
        ] {
            do throws(ConfigurationError) {
                _ = try PolicySet.parse(text, file: file)
                Issue.record("no mistake: \(text)")
            } catch {
                #expect(error.description.contains(expected), "\(error)")
            }
        }
    }

    @Test(arguments: ["null", "\"null\""]) func nullStyle(_ style: String) throws {
        let text = "rules:\n  - {name: a, then: allow, mask: [{columns: [x], style: \(style)}]}"
        let plan = try PolicySet.parse(text, file: "p").decide(
            facts: facts(["read"]), principal: principal(), resource: "r", purpose: .statement
        ).mask
        #expect(plan.columns.map(\.style) == [.null])
    }

    @Test func missingFile() {
        #expect(throws: ConfigurationError.self) { try PolicySet.load(path: "/nonexistent/policy.yaml") }
    }

    @Test func explanation() throws {
        var held = facts(["drop"], written: ["a\"b\n"])
        held.functions = ["\u{1}"]
        let explanation = try PolicySet.parse(orders, file: "p").explain(
            facts: held, principal: principal(), resource: "orders")
        let object = try JSONSerialization.jsonObject(with: Data(explanation.json.utf8)) as? [String: Any]
        #expect(object?["decision"] as? String == "hold")
        #expect(object?["rule"] as? String == "destructive statements need a dba")
        for key in ["facts", "mask", "obligations"] { #expect(object?[key] != nil) }
        #expect(explanation.text.hasPrefix("decision: hold\n"))
        #expect(explanation.text.contains("✓ destructive statements need a dba → hold"))
        #expect(explanation.text.contains("≈ agents may read orders → allow: nearly, but operation is drop"))
        #expect(explanation.judgement.verdict == .hold)
    }
}
