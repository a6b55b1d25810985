/// `[schema.]table.column`, `*` within a part stands for any characters; ASCII and other letters match in any case.
///
/// In a document the parts are compared with keys, the last one with the value's own.
public struct ColumnPattern: Sendable {
    private static let star = UInt8(ascii: "*")

    /// From the last part to the first.
    private let parts: [[UInt8]]

    /// Nil for what is no such pattern.
    public init?(text pattern: String) {
        let parts = pattern.lowercased().split(separator: ".", omittingEmptySubsequences: false).map { Array($0.utf8) }
        guard pattern.utf8.count <= ColumnMask.maximumPatternBytes, (1...3).contains(parts.count),
            parts.allSatisfy({ !$0.isEmpty })
        else { return nil }
        self.parts = parts.reversed()
    }

    /// Whether the parts before the column's are `*` or absent.
    public var isOfAnyTable: Bool { parts.dropFirst().allSatisfy { $0 == [ColumnPattern.star] } }

    /// - Parameter name: in lower case.
    public func matches(column name: [UInt8]) -> Bool { ColumnPattern.matches(parts[0], name) }

    /// - Parameter names: what encloses the column, in lower case, from the nearest outwards: table and schema, or keys. What is
    ///   not there, or empty, is not known and matches.
    public func matches(enclosing names: some Sequence<[UInt8]>) -> Bool {
        zip(parts.dropFirst(), names).allSatisfy { part, name in name.isEmpty || ColumnPattern.matches(part, name) }
    }

    private static func matches(_ pattern: [UInt8], _ text: [UInt8]) -> Bool {
        var at = 0
        var index = 0
        var last: (pattern: Int, text: Int)?
        while index < text.count {
            if at < pattern.count, pattern[at] == star {
                last = (at, index)
                at += 1
            } else if at < pattern.count, pattern[at] == text[index] {
                at += 1
                index += 1
            } else if let back = last {
                last = (back.pattern, back.text + 1)
                at = back.pattern + 1
                index = back.text + 1
            } else {
                return false
            }
        }
        return pattern[at...].allSatisfy { $0 == star }
    }
}
