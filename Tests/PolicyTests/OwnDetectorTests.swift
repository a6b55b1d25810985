import Contract
import Detection
import Foundation
import Policy
import StrictYAML
import Testing

/// Detectors that the policy defines itself.
@Suite struct OwnDetectorTests {
    private static let definitions = """
        detectors:
          badge: {pattern: 'EMP-[0-9]{6}', examples: [EMP-123456]}
          ticket: {pattern: 'T-[0-9]+'}
        dictionaries:
          project: {words: [Bluebird]}

        """

    private func plan(_ detect: String, _ definitions: String = definitions) throws -> MaskPlan {
        let text =
            definitions + "vars: {ours: [badge, project]}\nrules:\n  - {name: a, then: allow, mask: [{detect: "
            + detect + ", style: redact}]}\n"
        return try PolicySet.parse(text, file: "p.yaml").decide(
            facts: facts(["read"]), principal: principal(), resource: "r", purpose: .statement
        ).mask
    }

    private func digest(_ names: [String]) -> Data {
        let own = CustomDetection(
            detectors: [
                CustomDetector(entity: "badge", pattern: "EMP-[0-9]{6}"),
                CustomDetector(entity: "ticket", pattern: "T-[0-9]+"),
            ],
            dictionaries: [CustomDictionary(entity: "project", words: ["Bluebird"])])
        return names.isEmpty ? Data() : Data(own.only(names).digest)
    }

    @Test(arguments: [
        ("[badge]", ["badge"], ["badge"]), ("[email, $ours]", ["email", "badge", "project"], ["badge", "project"]),
        ("[email, email]", ["email"], []),
        ("all", ["all", "badge", "ticket", "project"], ["badge", "ticket", "project"]),
    ])
    func plansNameThemAndSayWhichVersion(detect: String, entities: [String], own: [String]) throws {
        let mask = try #require(try plan(detect).detectors.first)
        #expect(mask.entities == entities)
        #expect(mask.definitions == digest(own))
    }

    @Test func anotherDefinitionIsAnotherPlan() throws {
        let first = try plan("[badge]")
        #expect(try plan("[badge]", Self.definitions.replacing("T-", with: "U-")) == first)
        #expect(try plan("[badge]", Self.definitions.replacing("EMP-[", with: "EMP.[")) != first)
    }

    @Test func explanationsShowThem() throws {
        let text =
            Self.definitions + "rules:\n  - {name: a, then: allow, mask: [{detect: [badge, project], style: hash}]}\n"
        let explanation = try PolicySet.parse(text, file: "p.yaml").explain(
            facts: facts(["read"]), principal: principal(), resource: "r")
        #expect(explanation.text.contains("badge, project → hash"))
    }

    @Test(arguments: [
        ("[badgee]", "did you mean “badge”?"), ("[projekt]", "did you mean “project”?"),
        ("[emial]", "did you mean “email”?"),
    ])
    func unknownNamesSuggest(detect: String, expected: String) {
        let error = #expect(throws: ConfigurationError.self) { try plan(detect) }
        #expect(error?.description.contains(expected) == true, "\(error?.description ?? "")")
    }

    /// What is wrong with a definition is told there alone, beside mistakes in rules.
    @Test func mistakesAreToldTogether() {
        let text = """
            detectors: {badge: {pattern: '('}}
            dictionaries:
            rules:
              - {name: a, then: allow, mask: [{detect: [badge], style: redact}]}
              - {name: b, then: alow}
            """
        let error = #expect(throws: ConfigurationError.self) { try PolicySet.parse(text, file: "p.yaml") }
        let found = error?.all.map(\.description) ?? []
        #expect(found.count == 3 && found.contains { $0.hasPrefix("p.yaml:1:") }, "\(found)")
        #expect(found.contains { $0.contains("“dictionaries” is empty") } && found.contains { $0.contains("“allow”") })
    }

    @Test func includedFilesDefineThemToo() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "sluice-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try Data(Self.definitions.utf8).write(to: folder.appending(path: "ours.yaml"))
        let file = folder.appending(path: "policy.yaml").path
        let main = "include: ours.yaml\nrules:\n  - {name: a, then: allow, mask: [{detect: badge, style: redact}]}"
        #expect(try PolicySet.parse(main, file: file).ruleNames == ["a"])
        let again = main.replacing("rules:", with: "detectors: {badge: {pattern: x}}\nrules:")
        let error = #expect(throws: ConfigurationError.self) { try PolicySet.parse(again, file: file) }
        #expect(error?.description.contains("“badge” is defined already") == true)
    }

    @Test func maskFilesHaveThem() throws {
        let text = Self.definitions + "mask: [{detect: [badge, email], style: redact}, {columns: [x], style: hash}]\n"
        let file = try MaskFile.parse(text, file: "m.yaml")
        #expect(file.plan.detectors.map(\.entities) == [["badge", "email"]])
        #expect(file.plan.columns.map(\.pattern) == ["x"])
        #expect(file.plan.detectors.map(\.definitions) == [Data(file.detection.only(["badge"]).digest)])
    }

    @Test(arguments: [
        ("mask: []", ["the list is empty"]), ("masks: []", ["did you mean “mask”?"]),
        (
            "detectors: {a: {pattern: '('}}\nvars: {b: ''}\nmask: [{detect: [emial], style: redact}, {columns: [x]}]\nx: 1",
            ["1:26: ", "2:11: ", "“emial”", "missing key “style”", "unknown key “x”"]
        ),
    ])
    func mistakesInMaskFilesAreToldTogether(text: String, expected: [String]) {
        let error = #expect(throws: ConfigurationError.self) { try MaskFile.parse(text, file: "m.yaml") }
        let found = error?.all.map(\.description) ?? []
        #expect(found.count == expected.count, "\(found)")
        for part in expected { #expect(found.contains { $0.contains(part) }, "\(part): \(found)") }
    }
}
