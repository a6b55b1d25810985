import Contract
import Foundation
import Policy
import StrictYAML

/// One line of a policy's table test: a command of some identity, and what is to be decided.
struct PolicyTestCase: Sendable {
    enum Decision: String, CaseIterable, Sendable {
        case allow, hold, refuse
    }

    /// `file:line`
    var place: String
    var principal = Principal()
    var resource = ""
    var protocolName = "postgres"
    var sql = ""
    var circumstances = Circumstances()
    /// Rows that the command turns out to change: judged again when that is beyond its limit.
    var changedRows: UInt64?
    var expected: Decision?
    var rule: String?
    var operations: [String]?
    var mask: [String]?
    var outputs: [String]?
    var limit: UInt64?
    var record: String?

    /// Keys that `defaults` may give for all cases.
    static func defaults(_ node: StrictNode) throws(ConfigurationError) -> PolicyTestCase {
        var result = PolicyTestCase(place: "")
        var map = try node.mapping()
        try result.readActor(&map)
        try map.finish()
        return result
    }

    init(place: String) { self.place = place }

    init(_ node: StrictNode, defaults: PolicyTestCase) throws(ConfigurationError) {
        self = defaults
        place = "\(node.file):\(node.line)"
        var map = try node.mapping()
        try readActor(&map)
        sql = try map.required("sql").string()
        if let node = map.optional("estimated_rows") {
            var estimate = Estimate()
            if node.isScalar, try node.string() == "unknown" {
                estimate.failed = true
            } else {
                estimate.rows = UInt64(try node.int(in: 0...1_000_000_000_000))
            }
            circumstances.estimate = estimate
        }
        if let node = map.optional("changed_rows") { changedRows = UInt64(try node.int(in: 0...1_000_000_000_000)) }
        expected = try map.required("expect").choice(of: Decision.self)
        if let node = map.optional("rule") { rule = try node.string() }
        if let node = map.optional("operations") { operations = try node.strings().sorted() }
        if let node = map.optional("mask") { mask = try node.strings().sorted() }
        if let node = map.optional("outputs") { outputs = try node.strings().sorted() }
        if let node = map.optional("limit") { limit = UInt64(try node.int(in: 0...1_000_000_000_000)) }
        if let node = map.optional("record") {
            let words = [RecordingLevel.metadata, .commands, .full].map(\.word)
            let word = try node.string()
            guard words.contains(word) else { throw node.unknown(word, among: words) }
            record = word
        }
        try map.finish()
        guard !principal.name.isEmpty else { throw node.error("missing key “as”") }
        guard !resource.isEmpty else { throw node.error("missing key “on”") }
    }

    private mutating func readActor(_ map: inout StrictMapping) throws(ConfigurationError) {
        if let node = map.optional("as") { principal.name = try node.string() }
        if let node = map.optional("groups") { principal.groups = try node.strings() }
        if let node = map.optional("labels") {
            var labels = try node.mapping()
            principal.labels = [:]
            for key in labels.keys { principal.labels[key] = try labels.required(key).string() }
        }
        if let node = map.optional("on") { resource = try node.string() }
        if let node = map.optional("on_labels") {
            var labels = try node.mapping()
            circumstances.resourceLabels = [:]
            for key in labels.keys { circumstances.resourceLabels[key] = try labels.required(key).string() }
        }
        if let node = map.optional("from") {
            guard let source = ClientAddress.source(try node.string()) else {
                throw node.error("expected an IP address")
            }
            principal.sourceAddress = source
        }
        if let node = map.optional("at") {
            guard let date = try? Date(try node.string(), strategy: .iso8601) else {
                throw node.error("expected a time such as 2026-01-31T10:00:00Z")
            }
            circumstances.time = Int64(date.timeIntervalSince1970)
        }
    }
}
