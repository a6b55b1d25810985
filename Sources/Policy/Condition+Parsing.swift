import Contract
import Foundation
import StrictYAML

extension Condition {
    init(_ node: StrictNode, _ variables: Variables) throws(ConfigurationError) {
        var map = try node.mapping()
        var mistakes = Mistakes()
        parts = []
        for key in Key.allCases {
            guard let node = mistakes.attempt(try map.nonEmpty(key.rawValue)) else { continue }
            if let part = mistakes.attempt(try Self.part(key, node, variables)) { parts.append(part) }
        }
        mistakes.attempt(try map.finish())
        try mistakes.finish()
        guard !parts.isEmpty else { throw map.error("a condition needs at least one key") }
    }

    /// In the order in which they are tried and told.
    private enum Key: String, CaseIterable {
        case operation, tables
        case tablesRead = "tables_read"
        case tablesWritten = "tables_written"
        case views, functions, columns
        case columnsRead = "columns_read"
        case columnsWritten = "columns_written"
        case columnsCompared = "columns_compared"
        case unfiltered, opaque, resolved, statements
        case estimatedRows = "estimated_rows"
        case time, source, any, all, not
    }

    private static func part(
        _ key: Key, _ node: StrictNode, _ variables: Variables
    ) throws(ConfigurationError) -> Part {
        switch key {
        case .operation: .operation(Set(try variables.map(node, operation)))
        case .tables: .tables(.any, try names(node, variables))
        case .tablesRead: .tables(.read, try names(node, variables))
        case .tablesWritten: .tables(.written, try names(node, variables))
        case .views: .views(try names(node, variables))
        case .functions: .functions(try names(node, variables))
        case .columns: .columns(try variables.map(node, lastPart))
        case .columnsRead: .columnsIn(.read, try variables.columns(node))
        case .columnsWritten: .columnsIn(.written, try variables.columns(node))
        case .columnsCompared: .columnsIn(.compared, try variables.columns(node))
        case .unfiltered: .unfiltered(try node.bool())
        case .opaque: .opaque(try node.bool())
        case .resolved: .resolved(try node.bool())
        case .statements: .statementsOver(try over(node))
        case .estimatedRows: .estimatedRowsOver(UInt64(try over(node)))
        case .time: .time(try node.mapItems { item throws(ConfigurationError) in try TimeWindow(item, variables) })
        case .source: .source(try variables.map(node, AddressRange.init(_:at:)))
        case .any: .any(try list(node, variables))
        case .all: .all(try list(node, variables))
        case .not: .not(try negation(node, variables))
        }
    }

    private static func operation(_ text: String, _ node: StrictNode) throws(ConfigurationError) -> String {
        guard let operation = Operation(rawValue: text) else {
            throw node.unknown(text, among: Operation.allCases.map(\.rawValue))
        }
        return operation.rawValue
    }

    private static func names(_ node: StrictNode, _ variables: Variables) throws(ConfigurationError) -> [NamePattern] {
        try variables.map(node, NamePattern.init(_:at:))
    }

    private static func list(_ node: StrictNode, _ variables: Variables) throws(ConfigurationError) -> [Condition] {
        try node.mapItems { item throws(ConfigurationError) in try Condition(item, variables) }
    }

    private static func negation(_ node: StrictNode, _ variables: Variables) throws(ConfigurationError) -> Condition {
        let negation = try Condition(node, variables)
        if negation.asksForColumns { throw node.error("“columns” cannot stand within “not”") }
        return negation
    }

    private static func over(_ node: StrictNode) throws(ConfigurationError) -> Int {
        var inner = try node.mapping()
        let count = try inner.required("over").int(in: 0...1_000_000_000_000)
        try inner.finish()
        return count
    }

    /// Columns named anywhere are known by their own name alone: `*.email` means `email`.
    private static func lastPart(_ text: String, _ node: StrictNode) throws(ConfigurationError) -> Pattern {
        guard !text.utf8.contains(ColumnPattern.colon) else {
            throw node.error(
                "“columns” of a condition takes names alone: tag:NAME stands for columns of certain tables; write it in "
                    + "columns_read, columns_written or columns_compared, and * for a “:” in a name")
        }
        let name = text.lowercased()
        return Pattern(name.split(separator: ".").last.map(String.init) ?? name)
    }
}

extension ColumnPattern {
    static let colon = UInt8(ascii: ":")

    /// - Parameter form: what is said of a text that is no pattern.
    init(
        _ text: String, at node: StrictNode,
        form: String = "a column is written column, table.column or schema.table.column, * within a part"
    ) throws(ConfigurationError) {
        guard text.utf8.count <= ColumnMask.maximumPatternBytes else {
            throw node.error("a pattern for columns has at most \(ColumnMask.maximumPatternBytes) bytes")
        }
        guard !text.utf8.contains(Self.colon) else {
            throw node.error(
                "“\(text)” is no column: a tag is written tag:NAME, in lower case and without spaces; for a “:” in a column's "
                    + "name write *")
        }
        guard let pattern = ColumnPattern(text) else { throw node.error(form) }
        self = pattern
    }
}

extension NamePattern {
    fileprivate init(_ text: String, at node: StrictNode) throws(ConfigurationError) {
        let parts = text.utf8.split(separator: UInt8(ascii: "\""), omittingEmptySubsequences: false)
        guard
            !parts.enumerated().contains(where: {
                $0.offset.isMultiple(of: 2) && $0.element.contains(ColumnPattern.colon)
            })
        else {
            throw node.error(
                "“\(text)” is no name: tag:NAME stands for columns, in “columns” of a mask, columns_read, columns_written and "
                    + "columns_compared; a name with a “:” is quoted: '\"a:b\"'")
        }
        self.init(text)
    }
}

extension AddressRange {
    fileprivate init(_ text: String, at node: StrictNode) throws(ConfigurationError) {
        do throws(Mistake) {
            self = try AddressRange(text)
        } catch {
            switch error {
            case .notAnAddress:
                throw node.error("expected an address or a range of them, such as 10.0.0.0/8 or \"2001:db8::/32\"")
            case .bitsBeyondPrefix:
                throw node.error("“\(text)” has bits set behind its prefix: write the range's first address")
            }
        }
    }
}

extension TimeWindow {
    fileprivate init(_ node: StrictNode, _ variables: Variables) throws(ConfigurationError) {
        var map = try node.mapping()
        var mistakes = Mistakes()
        if let node = mistakes.attempt(try map.nonEmpty("days")) {
            let found = mistakes.attempt(try variables.map(node, Self.days(_:at:)))
            days = found?.reduce(into: []) { $0.formUnion($1) }
        }
        if let node = mistakes.attempt(try map.nonEmpty("hours")) {
            hours = mistakes.attempt(try variables.map(node, Self.hours(_:at:)))
        }
        zone = .gmt
        if let node = mistakes.attempt(try map.nonEmpty("zone")), let known = mistakes.attempt(try Self.zone(node)) {
            zone = known
        }
        mistakes.attempt(try map.finish())
        try mistakes.finish()
        guard days != nil || hours != nil else { throw map.error("“time” needs days or hours") }
    }

    private static func hours(_ text: String, at node: StrictNode) throws(ConfigurationError) -> Hours {
        guard let range = Hours(text) else {
            throw node.error("expected hours such as \"09:00-17:30\", or \"22:00-06:00\" over midnight")
        }
        return range
    }

    private static func zone(_ node: StrictNode) throws(ConfigurationError) -> TimeZone {
        let name = try node.string()
        guard name == "UTC" || TimeZone.knownTimeZoneIdentifiers.contains(name), let known = TimeZone(identifier: name)
        else { throw node.unknown(name, among: ["UTC"] + TimeZone.knownTimeZoneIdentifiers) }
        return known
    }

    /// `mon`, `mon-fri`, `sat-mon`.
    private static func days(_ text: String, at node: StrictNode) throws(ConfigurationError) -> Set<Int> {
        var ends: [Int] = []
        for name in text.split(separator: "-", omittingEmptySubsequences: false) {
            guard let day = Day(rawValue: String(name)) else {
                throw node.unknown(String(name), among: Day.allCases.map(\.rawValue))
            }
            ends.append(day.number)
        }
        guard let first = ends.first, let last = ends.last, ends.count <= 2 else {
            throw node.error("expected a day or a range of days, such as mon-fri")
        }
        return first <= last ? Set(first...last) : Set(first...6).union(0...last)
    }
}
