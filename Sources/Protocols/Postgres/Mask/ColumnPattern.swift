import Contract

/// `[schema.]table.column`, `*` within a part stands for any characters; ASCII and other letters match in any case.
struct ColumnPattern {
    /// PostgreSQL names have at most 63 bytes; a longer pattern cannot mean one.
    private static let maximumBytes = 512

    private let schema: [UInt8]?
    private let table: [UInt8]
    private let column: [UInt8]
    private let anyTable: Bool

    init(_ pattern: String) throws(MaskError) {
        let parts = pattern.lowercased().split(separator: ".", omittingEmptySubsequences: false).map { Array($0.utf8) }
        guard pattern.utf8.count <= ColumnPattern.maximumBytes, (1...3).contains(parts.count),
            parts.allSatisfy({ !$0.isEmpty })
        else {
            throw MaskError(code: .badPlan, message: "a column rule's pattern is not [schema.]table.column")
        }
        column = parts[parts.count - 1]
        table = parts.count > 1 ? parts[parts.count - 2] : [0x2a]
        schema = parts.count > 2 ? parts[0] : nil
        anyTable = table == [0x2a] && (schema ?? [0x2a]) == [0x2a]
    }

    /// Either the origin or, for a pattern of any table, the name that the client sees. Unknown parts of an origin match.
    func matches(_ result: ResultColumn) -> Bool {
        if anyTable, matches(column, result.name) { return true }
        guard result.hasOrigin_p else { return false }
        return matchesOrUnknown(column, result.originColumn) && matchesOrUnknown(table, result.originTable)
            && (schema.map { matchesOrUnknown($0, result.originSchema) } ?? true)
    }

    private func matchesOrUnknown(_ pattern: [UInt8], _ name: String) -> Bool { name.isEmpty || matches(pattern, name) }

    private func matches(_ pattern: [UInt8], _ name: String) -> Bool {
        let text = Array(name.lowercased().utf8)
        var at = 0
        var index = 0
        var star: (pattern: Int, text: Int)?
        while index < text.count {
            if at < pattern.count, pattern[at] == 0x2a {
                star = (at, index)
                at += 1
            } else if at < pattern.count, pattern[at] == text[index] {
                at += 1
                index += 1
            } else if let last = star {
                star = (last.pattern, last.text + 1)
                at = last.pattern + 1
                index = last.text + 1
            } else {
                return false
            }
        }
        return pattern[at...].allSatisfy { $0 == 0x2a }
    }
}
