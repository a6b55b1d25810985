import Contract
import Foundation
import Policy
import PolicyTesting
import SwiftProtobuf
import Testing

@Suite struct PolicyDifferenceTests {
    private func record(_ session: String = "s1", seconds: UInt64 = 1_769_774_400, _ change: (inout Record) -> Void)
        -> Record
    {
        var record = Record()
        record.session = session
        record.timeUs = seconds * 1_000_000
        change(&record)
        return record
    }

    private func start(_ session: String = "s1", identity: String = "agent-1") -> Record {
        record(session) {
            $0.sessionStarted.principal.name = identity
            $0.sessionStarted.principal.groups = ["ai-agents"]
            $0.sessionStarted.principal.sourceAddress = "10.0.0.1:5000"
            $0.sessionStarted.resource = "orders"
            $0.sessionStarted.protocol = "postgres"
        }
    }

    private func command(_ number: UInt64, _ text: String, session: String = "s1") -> Record {
        record(session) {
            $0.command.command = number
            $0.command.text = text
        }
    }

    private func decided(_ number: UInt64, facts: Facts? = nil, session: String = "s1") throws -> Record {
        var decision = Decision()
        if let facts { decision.facts = facts }
        var signed = SignedDecision()
        signed.decision = try decision.serializedData()
        return record(session) {
            $0.decision.command = number
            $0.decision.decisions = [signed]
        }
    }

    @Test func commandsAreJoinedWithTheirSession() throws {
        var commands = RecordedCommands()
        var looked = Facts()
        looked.resolved = true
        looked.operations = ["read"]
        looked.tablesRead = ["public.contacts", "public.users"]
        let records = [
            start(), command(1, "SELECT 1"), command(2, "SELECT * FROM contacts"), try decided(2, facts: looked),
            try decided(1), try decided(9), command(3, ""), try decided(3), command(4, "SELECT 4", session: "other"),
            try decided(4, session: "other"),
        ]
        let found = records.compactMap { commands.add($0) }
        #expect(found.map(\.text) == ["SELECT * FROM contacts", "SELECT 1"])
        // As judged with the target's catalogue, or else read again.
        #expect(found.map(\.facts.tablesRead) == [["public.contacts", "public.users"], []])
        #expect(found.map(\.facts.operations) == [["read"], ["read"]])
        #expect(found.allSatisfy { $0.principal.name == "agent-1" && $0.resource == "orders" })
        #expect(found.allSatisfy { $0.time == 1_769_774_400 })
    }

    @Test func aRememberedDecisionHasTheFactsOfTheTextsLastOne() throws {
        var commands = RecordedCommands()
        var looked = Facts()
        looked.resolved = true
        looked.operations = ["read"]
        looked.tablesRead = ["public.users"]
        let remembered = record {
            $0.command.command = 3
            $0.command.text = "SELECT * FROM contacts"
            $0.command.memoised.command = 3
        }
        let records = [
            start(), command(1, "SELECT * FROM contacts"), try decided(1), remembered,
            command(2, "SELECT * FROM contacts"), try decided(2, facts: looked), remembered,
        ]
        let found = records.compactMap { commands.add($0) }
        #expect(
            found.map(\.facts.tablesRead) == [["contacts"], ["contacts"], ["public.users"], ["public.users"]])
        #expect(found.allSatisfy { $0.session == "s1" && $0.protocolName == "postgres" })
    }

    @Test func memoisedDecisionsAndRawTexts() throws {
        var commands = RecordedCommands()
        _ = commands.add(start())
        let memoised = record {
            $0.command.command = 1
            $0.command.raw = Data([0x53, 0xff])
            $0.command.memoised.command = 1
        }
        let command = commands.add(memoised)
        let found = try #require(command)
        #expect(found.facts.opaque)
        // Behind its end a session is not known any more.
        let after = [record { $0.sessionEnded.reason = "done" }, self.command(2, "SELECT 1"), try decided(2)]
        #expect(after.compactMap { commands.add($0) }.isEmpty)
    }

    /// What is compared are the facts that were recorded in place of it.
    @Test func aTextThatIsNotRecorded() throws {
        var commands = RecordedCommands()
        _ = commands.add(start())
        var decision = Decision()
        decision.facts.operations = ["read"]
        let signed = SignedDecision.with { $0.decision = Data((try? decision.serializedBytes() as [UInt8]) ?? []) }
        let records = [
            record {
                $0.command.command = 1
                $0.command.undecided = true
            },
            record {
                $0.command.command = 1
                $0.command.recording = .metadata
            },
        ]
        #expect(records.compactMap { commands.add($0) }.isEmpty)
        let decided = commands.add(
            record {
                $0.decision.command = 1
                $0.decision.recording = .metadata
                $0.decision.decisions = [signed]
            })
        let found = try #require(decided)
        #expect(found.facts.operations == ["read"] && found.text == "(text not recorded)")
        var difference = PolicyDifference(
            old: try PolicySet.parse(Self.old, file: "old"),
            new: try PolicySet.parse("rules:\n  - {name: none, when: {operation: [read]}, then: refuse}", file: "new"))
        difference.add(found)
        #expect(difference.changes.map(\.text) == ["(text not recorded)"])
    }

    private static let old = """
        rules:
          - {name: reads, when: {operation: [read]}, then: allow}
          - {name: writes, when: {operation: [write]}, then: allow}
        """

    /// What `new` decides otherwise about `texts`, each with its facts when they are known, one session an identity.
    private func changes(
        _ new: String, _ texts: [String], by identities: [String] = ["agent-1"], facts: Facts? = nil,
        old: String = Self.old
    ) throws -> PolicyDifference {
        var difference = PolicyDifference(
            old: try PolicySet.parse(old, file: "old"), new: try PolicySet.parse(new, file: "new"))
        var commands = RecordedCommands()
        for identity in identities {
            let session = "session of \(identity)"
            _ = commands.add(start(session, identity: identity))
            for (number, text) in texts.enumerated() {
                _ = commands.add(command(UInt64(number), text, session: session))
                if let found = commands.add(try decided(UInt64(number), facts: facts, session: session)) {
                    difference.add(found)
                }
            }
        }
        return difference
    }

    @Test func changesAreGrouped() throws {
        let texts = ["DELETE FROM t", "SELECT 1", "DELETE FROM t", "DELETE FROM t WHERE id = 1"]
        let new = Self.old + "\n  - {name: whole, when: {unfiltered: true}, then: refuse}"
        let difference = try changes(new, texts)
        #expect(difference.compared == 4)
        let change = try #require(difference.changes.first)
        #expect(difference.changes.count == 1 && change.count == 2 && change.text == "DELETE FROM t")
        #expect(change.identity == "agent-1" && change.groups == ["ai-agents"] && change.resource == "orders")
        #expect(change.old.decision == "allow" && change.old.rule == "writes")
        #expect(change.new.decision == "refuse" && change.new.rule == "whole")
        #expect(change.changed.first == .decision && change.session == "session of agent-1")
    }

    @Test(arguments: [
        ("\n  - {name: same, then: allow}", 0), ("\n  - {name: m, mask: [{detect: [email], style: hash}]}", 1),
        ("\n  - {name: l, limits: {max_rows: 5}}", 1),
        ("\n  - {name: h, then: {hold: {approvers: {groups: [dba]}, expires: 5m}}}", 1),
        ("\n  - {name: t, when: {time: {hours: \"11:00-13:00\"}}, then: refuse}", 1),
        ("\n  - {name: t, when: {time: {hours: \"13:00-14:00\"}}, then: refuse}", 0),
        ("\n  - {name: t, when: {source: [10.0.0.0/8]}, then: refuse}", 1),
        ("\n  - {name: e, when: {estimated_rows: {over: 5}}, then: refuse}", 1),
        ("\n  - {name: r, record: commands}", 1), ("\n  - {name: r, when: {operation: [drop]}, record: metadata}", 0),
    ])
    func whatCountsAsAChange(_ rule: String, _ expected: Int) throws {
        #expect(try changes(Self.old + rule, ["SELECT 1"]).changes.count == expected)
    }

    /// What a rule masks changes with the definition of what it names, which masks differ by.
    @Test(arguments: [
        ("detectors: {badge: {pattern: 'E-[0-9]{6}'}}", 0), ("detectors: {badge: {pattern: 'E-[0-9]{5}'}}", 1),
        ("detectors: {badge: {pattern: 'E-[0-9]{6}', examples: [E-123456]}}", 0),
        ("dictionaries: {badge: {words: [E-123456]}}", 1),
    ])
    func changedDefinitionsAreChanges(_ definition: String, _ expected: Int) throws {
        let rules = "\n" + Self.old + "\n  - {name: m, mask: [{detect: [badge], style: redact}]}"
        let changes = try changes(
            definition + rules, ["SELECT 1"], old: "detectors: {badge: {pattern: 'E-[0-9]{6}'}}" + rules
        ).changes
        #expect(changes.count == expected)
        #expect(changes.allSatisfy { $0.changed == [.mask] && $0.new.mask != $0.old.mask })
        #expect(
            changes.allSatisfy {
                $0.new.mask.first == "badge redact" && $0.new.mask.last?.hasPrefix("own definitions ") == true
            })
        #expect(
            changes.allSatisfy {
                let words = $0.old.differences(to: $0.new)
                return words.count == 1 && words.allSatisfy { $0.contains(" instead of ") }
            })
    }

    @Test func estimatesAreNotKnown() throws {
        let new = Self.old + "\n  - {name: e, when: {estimated_rows: {over: 5}}, then: refuse}"
        let change = try #require(try changes(new, ["SELECT * FROM t"]).changes.first)
        #expect(change.new.withoutEstimate && change.new.decision == "refuse" && !change.old.withoutEstimate)
    }
}
