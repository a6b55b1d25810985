import Detection
import Foundation
import PolicyFiles
import StrictYAML
import Testing

@testable import PolicyDetectors

@Suite struct DefinitionVersionsTests {
    /// A folder of its own that goes with the test.
    private final class Folder {
        let path = FileManager.default.temporaryDirectory.appending(path: "sluice-versions-\(UUID().uuidString)")

        init() throws { try FileManager.default.createDirectory(at: path, withIntermediateDirectories: true) }
        deinit { try? FileManager.default.removeItem(at: path) }

        func write(_ text: String, to name: String = "policy.yaml") throws {
            try Data(text.utf8).write(to: path.appending(path: name))
        }
        var versions: DefinitionVersions { DefinitionVersions(policyPath: path.appending(path: "policy.yaml").path) }
    }

    private let folder: Folder
    init() throws { folder = try Folder() }

    private func meant(_ text: String, _ names: [String]) throws -> CustomDetection {
        try DefinedDetectors.detection(of: PolicyFiles.parse(text, file: "p.yaml")).only(names)
    }

    private func isKnown(_ meant: CustomDetection, to versions: inout DefinitionVersions) -> Bool {
        versions.definitions(of: meant.names, digest: meant.digest) { _ in } == meant
    }

    private static let good = "detectors: {a: {pattern: xa}, b: {pattern: xb}}\nrules: []\n"

    /// Of files with a mistake all is known that has none.
    @Test(arguments: [
        ("detectors: {a: {pattern: xa}, b: {pattern: '('}}\nrules: []", true),
        ("detectors: {a: {pattern: xa}, b: {pattern: xb, examples: [no]}}\nrules: []", true),
        ("detectors: {a: {pattern: xa}}\ndictionaries: {b: {file: gone.txt}}\nrules: 5", true),
        ("include: [gone.yaml, broken.yaml]\ndetectors: {a: {pattern: xa}}\nrules: []", true),
        ("detectors: {a: {pattern: xy}}\nrules: []", false),
        ("detectors: {a: {pattern: xa}\nrules: [", false),
    ])
    func mistakesElsewhereDoNotMatter(_ text: String, _ isKnown: Bool) throws {
        let a = try meant(Self.good, ["a"])
        try folder.write("detectors: {", to: "broken.yaml")
        try folder.write(text)
        var versions = folder.versions
        var told: [String] = []
        #expect((versions.definitions(of: ["a"], digest: a.digest) { told.append("\($0)") } == a) == isKnown)
        #expect(self.isKnown(try meant(Self.good, ["b"]), to: &versions) == false)
        #expect(self.isKnown(try meant(Self.good, ["a", "b"]), to: &versions) == false)
        #expect(told.count == (text.contains("xy") ? 0 : 1))
        try folder.write(Self.good)
        #expect(self.isKnown(a, to: &versions))
        #expect(self.isKnown(try meant(Self.good, ["a", "b"]), to: &versions))
    }

    /// What was read without a mistake stays until it is read so again, asked for or not.
    @Test func theFormerOnesStay() throws {
        try folder.write(Self.good)
        var versions = folder.versions
        #expect(isKnown(try meant(Self.good, ["a"]), to: &versions))
        let broken = "detectors: {a: {pattern: xa}, b: {pattern: '('}, c: {pattern: xc}}\nrules: []"
        try folder.write(broken)
        let c = try meant("detectors: {c: {pattern: xc}}", ["c"])
        #expect(isKnown(c, to: &versions))
        #expect(isKnown(try meant(Self.good, ["b"]), to: &versions))
        try folder.write("detectors: {d: {pattern: xd}}\nrules: []")
        #expect(isKnown(try meant("detectors: {d: {pattern: xd}}", ["d"]), to: &versions))
        #expect(isKnown(c, to: &versions))
        #expect(isKnown(try meant(Self.good, ["a", "b"]), to: &versions) == false)
    }

    @Test func thoseNotAskedForTheLongestAreDropped() throws {
        let count = DefinitionVersions.maximumKept
        let list = (0..<count).map { "d\($0): {pattern: x\($0)}" }.joined(separator: ", ")
        let text = "detectors: {\(list)}\nrules: []"
        try folder.write(text)
        var versions = folder.versions
        let sets = try (0..<count).map { try meant(text, ["d\($0)"]) }
        for set in sets { #expect(isKnown(set, to: &versions)) }
        #expect(isKnown(sets[0], to: &versions))
        let pair = try meant(text, ["d0", "d1"])
        #expect(isKnown(pair, to: &versions))
        try folder.write("rules: []")
        for (number, set) in sets.enumerated() where number != 1 { #expect(isKnown(set, to: &versions)) }
        #expect(isKnown(pair, to: &versions))
        #expect(isKnown(sets[1], to: &versions) == false)
    }
}
