import Contract
import Foundation
import Policy
import StrictYAML

/// A policy's table test, kept beside it: `NAME.test.yaml`.
public struct PolicyTestFile: Sendable {
    public static let suffix = ".test.yaml"

    public let path: String
    /// The policy's file.
    public let policyPath: String
    let policy: PolicySet
    let catalog: Catalog?
    let cases: [PolicyTestCase]

    /// Reads a test and its policy. Errors name file, line and column.
    public init(path: String) throws(ConfigurationError) {
        self.path = path
        var map = try StrictNode.load(path: path).mapping()
        var mistakes = Mistakes()
        let policyNode = mistakes.attempt(try map.required("policy"))
        let name = mistakes.attempt(try policyNode?.string())
        var common: PolicyTestCase? = PolicyTestCase(place: "")
        if let node = map.optional("defaults") { common = mistakes.attempt(try PolicyTestCase.defaults(node)) }
        let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
        catalog = mistakes.attempt(
            try map.optional("catalog").map { node throws(ConfigurationError) in try Catalog(node, in: folder) })
        let nodes = mistakes.attempt(try map.required("cases").sequence()) ?? []
        mistakes.attempt(try map.finish())
        if mistakes.isEmpty, nodes.isEmpty { mistakes.add(map.error("there are no cases")) }
        var cases: [PolicyTestCase] = []
        // Without what they have in common no case is whole.
        if let common {
            for node in nodes {
                if let test = mistakes.attempt(try PolicyTestCase(node, defaults: common)) { cases.append(test) }
            }
        }
        self.cases = cases
        let policyPath = name.map { $0.hasPrefix("/") ? $0 : folder + $0 } ?? ""
        self.policyPath = policyPath
        if let policyNode, name != nil, !FileManager.default.fileExists(atPath: policyPath) {
            mistakes.add(
                policyNode.error("“\(policyPath)” cannot be read: check that it exists and is readable"))
        }
        try mistakes.finish()
        policy = try PolicySet.load(path: policyPath)
        for rule in cases.compactMap(\.rule) where !rule.isEmpty && !policy.ruleNames.contains(rule) {
            throw map.error("no rule of \(policyPath) is named “\(rule)”")
        }
    }

    /// The tests that `path` means: a test itself, all of a folder, or the one beside a policy.
    public static func tests(at path: String) throws(ConfigurationError) -> [String] {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            throw ConfigurationError(file: path, message: "cannot be read: check that it exists and is readable")
        }
        if isFolder.boolValue {
            let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
            let found = names.filter { $0.hasSuffix(suffix) }.sorted().map {
                path + (path.hasSuffix("/") ? "" : "/") + $0
            }
            guard !found.isEmpty else {
                throw ConfigurationError(file: path, message: "holds no test: their names end in \(suffix)")
            }
            return found
        }
        if path.hasSuffix(suffix) { return [path] }
        let beside = (path.hasSuffix(".yaml") ? String(path.dropLast(5)) : path) + suffix
        guard FileManager.default.fileExists(atPath: beside) else {
            throw ConfigurationError(file: path, message: "has no test: \(beside) is not there")
        }
        return [beside]
    }
}
