import Contract
import Detection
import Foundation

/// Tags that are proposed for a database's columns.
struct TagProposal {
    let resource: String
    let account: String
    /// Of each table, at most.
    let rows: Int
    let tables: [SampledTable]

    enum Confidence: String, Encodable {
        case high, medium, low
    }

    struct Tag: Encodable {
        var tag: String
        var entity: String
        var hits: Int
        var values: Int
        /// Of the values, from 0 to 1.
        var share: Double
        var named: Bool
        var confidence: Confidence

        init(_ finding: SampledTable.Finding, of column: SampledTable.Column) {
            entity = finding.entity
            tag =
                switch finding.kind {
                case .personal: "pii." + entity
                case .credential: entity == Entity.secret.name ? entity : "secret." + entity
                case .own: "own." + entity
                }
            hits = finding.hits
            values = column.values
            share = values == 0 ? 0 : (Double(hits) / Double(values) * 1000).rounded() / 1000
            named = finding.isNamedSo
            // A column is of a kind when most of it is, or its name says so and some of it agrees. One hit among many is a
            // remark that somebody wrote, or chance.
            confidence =
                share >= 0.5 && hits >= 5 || named && share >= 0.2
                ? .high : share >= 0.1 && hits >= 2 || named && hits > 0 ? .medium : .low
        }

        var remark: String {
            let percent = Int((share * 100).rounded())
            let found = values == 0 ? "no values seen" : "\(hits) of \(values) values (\(percent) %)"
            return "\(confidence.rawValue): \(entity): \(found)" + (named ? ", its name says so" : "")
        }
    }

    /// Tags of columns with something to propose; by low confidence alone they are commented out.
    var yaml: String {
        var lines = [
            "# Tags proposed by sluice classify-schema for “\(resource)”, from at most \(rows) rows of each table as “\(account)”",
            "# sees them. Read each line, take away what is wrong, and name this file as `tags` of the policy.",
            "tags:",
        ]
        if !hidden.isEmpty {
            lines.insert(
                "# The policy's detectors mask these wherever they find them, so that none was seen: \(hidden.joined(separator: ", "))",
                at: 2)
        }
        let head = lines.count - 1
        var isEmpty = true
        // A key comes once: names that differ in what `*` stands for are of one pattern.
        var alike = Dictionary(grouping: tables.flatMap(\.patterns)) { $0.pattern }.mapValues { $0.map { $0.column } }
        for table in tables {
            if let remark = table.remark { lines.append("  # \(remark)") }
            for (name, _) in table.patterns {
                guard let columns = alike.removeValue(forKey: name) else { continue }
                for column in columns {
                    if column.isMasked {
                        lines.append("  # \(name): masked by the policy already")
                    } else if column.withheld > 0 {
                        lines.append(
                            "  # \(name): \(column.withheld) values withheld by the policy's detectors: look at it")
                    }
                }
                let tags = columns.filter { !$0.isMasked }.flatMap { column in
                    column.findings.map { Tag($0, of: column) }
                }
                let sure = tags.filter { $0.confidence != .low }
                guard let shown = sure.isEmpty ? tags.first.map({ [$0] }) : sure else { continue }
                lines += shown.map { "  # \($0.remark)" }
                var list: [String] = []
                for tag in shown.map(\.tag) where !list.contains(tag) { list.append(tag) }
                lines.append("  \(sure.isEmpty ? "# " : "")\(name): [\(list.joined(separator: ", "))]")
                if !sure.isEmpty { isEmpty = false }
            }
        }
        if isEmpty { lines[head] = "tags: {}" }
        return lines.map { TextTable.printable($0) + "\n" }.joined()
    }

    private var hidden: [String] { Set(tables.flatMap(\.hidden)).sorted() }

    var json: String {
        get throws {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
            return String(decoding: try encoder.encode(Report(self)), as: UTF8.self) + "\n"
        }
    }

    private struct Report: Encodable {
        struct Table: Encodable {
            var table: String
            var rows: Int
            var reached: Bool
            var failure: String?
            var columns: [Column]
        }
        struct Column: Encodable {
            var column: String
            var masked: Bool
            var values: Int
            var withheld: Int
            var tags: [Tag]
        }

        var resource: String
        var account: String
        var hidden: [String]
        var tables: [Table]

        init(_ proposal: TagProposal) {
            hidden = proposal.hidden
            resource = proposal.resource
            account = proposal.account
            tables = proposal.tables.map { table in
                Table(
                    table: "\(table.schema).\(table.name)", rows: table.rows, reached: table.isReached,
                    failure: table.failure,
                    columns: table.columns.map { column in
                        Column(
                            column: column.name, masked: column.isMasked, values: column.values,
                            withheld: column.withheld,
                            tags: column.findings.map { Tag($0, of: column) })
                    })
            }
        }
    }
}

extension SampledTable {
    fileprivate var remark: String? {
        let table = "\(schema).\(name)".yamlKey
        if let failure { return "\(table) could not be read: \(failure.yamlEscaped)" }
        return isReached ? nil : "\(table) was not reached in time"
    }

    fileprivate var patterns: [(pattern: String, column: Column)] { columns.map { (pattern($0), $0) } }

    /// `schema.table.column` as a key of YAML. In a pattern `*` stands for what no part of it may hold.
    fileprivate func pattern(_ column: Column) -> String {
        [schema, name, column.name].map { $0.replacingScalars { $0 == "." || $0 == ":" ? "*" : nil } }
            .joined(separator: ".").yamlKey
    }
}

extension String {
    /// The target chooses its names: whatever they hold, they stay within their line, in a comment too.
    fileprivate var yamlKey: String {
        let isPlain = utf8.allSatisfy { byte in
            (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte) || byte == 0x5f
                || byte == 0x2e
        }
        return isPlain ? self : "\"\(yamlEscaped)\""
    }

    /// Printable ASCII, as it stands in a double-quoted scalar (YAML 1.2, 5.7).
    fileprivate var yamlEscaped: String {
        unicodeScalars.map { scalar in
            switch scalar.value {
            case 0x22, 0x5c: "\\\(scalar)"
            case 0x20...0x7e: String(scalar)
            case 0...0xffff: "\\u" + Self.hexadecimal(scalar, digits: 4)
            default: "\\U" + Self.hexadecimal(scalar, digits: 8)
            }
        }.joined()
    }

    private static func hexadecimal(_ scalar: Unicode.Scalar, digits: Int) -> String {
        let code = String(scalar.value, radix: 16)
        return String(repeating: "0", count: digits - code.count) + code
    }
}
