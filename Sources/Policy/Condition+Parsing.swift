import Foundation
import StrictYAML

extension Condition {
    init(_ node: StrictNode, _ variables: Variables) throws(ConfigurationError) {
        var map = try node.mapping()
        parts = []
        if let node = try map.nonEmpty("operation") {
            var found: Set<String> = []
            for item in try variables.texts(node) {
                guard let operation = Operation(rawValue: item.text) else {
                    throw item.node.unknown(item.text, among: Operation.allCases.map(\.rawValue))
                }
                found.insert(operation.rawValue)
            }
            parts.append(.operation(found))
        }
        for use in TableUse.allCases {
            guard let node = try map.nonEmpty(use.rawValue) else { continue }
            parts.append(.tables(use, try variables.list(node).map(NamePattern.init)))
        }
        if let node = try map.nonEmpty("views") { parts.append(.views(try variables.list(node).map(NamePattern.init))) }
        if let node = try map.nonEmpty("functions") {
            parts.append(.functions(try variables.list(node).map(NamePattern.init)))
        }
        if let node = try map.nonEmpty("columns") {
            parts.append(.columns(try variables.texts(node).map { Self.lastPart($0.text) }))
        }
        for use in ColumnUse.allCases {
            guard let node = try map.nonEmpty(use.rawValue) else { continue }
            var patterns: [ColumnPattern] = []
            for item in try variables.texts(node) { patterns.append(try ColumnPattern(item.text, at: item.node)) }
            parts.append(.columnsIn(use, patterns))
        }
        if let node = try map.nonEmpty("unfiltered") { parts.append(.unfiltered(try node.bool())) }
        if let node = try map.nonEmpty("opaque") { parts.append(.opaque(try node.bool())) }
        if let node = try map.nonEmpty("resolved") { parts.append(.resolved(try node.bool())) }
        if let node = try map.nonEmpty("statements") { parts.append(.statementsOver(try Self.over(node))) }
        if let node = try map.nonEmpty("estimated_rows") {
            parts.append(.estimatedRowsOver(UInt64(try Self.over(node))))
        }
        if let node = try map.nonEmpty("time") {
            var windows: [TimeWindow] = []
            for item in try node.items() { windows.append(try TimeWindow(item, variables)) }
            parts.append(.time(windows))
        }
        if let node = try map.nonEmpty("source") {
            var ranges: [AddressRange] = []
            for item in try variables.texts(node) { ranges.append(try AddressRange(item.text, at: item.node)) }
            parts.append(.source(ranges))
        }
        if let node = try map.nonEmpty("any") { parts.append(.any(try Self.list(node, variables))) }
        if let node = try map.nonEmpty("all") { parts.append(.all(try Self.list(node, variables))) }
        if let node = try map.nonEmpty("not") {
            let negation = try Condition(node, variables)
            if negation.asksForColumns { throw node.error("“columns” cannot stand within “not”") }
            parts.append(.not(negation))
        }
        try map.finish()
        guard !parts.isEmpty else { throw map.error("a condition needs at least one key") }
    }

    private static func list(_ node: StrictNode, _ variables: Variables) throws(ConfigurationError) -> [Condition] {
        var result: [Condition] = []
        for item in try node.items() { result.append(try Condition(item, variables)) }
        return result
    }

    private static func over(_ node: StrictNode) throws(ConfigurationError) -> Int {
        var inner = try node.mapping()
        let count = try inner.required("over").int(in: 0...1_000_000_000_000)
        try inner.finish()
        return count
    }

    /// Columns named anywhere are known by their own name alone: `*.email` means `email`.
    private static func lastPart(_ text: String) -> Pattern {
        let name = text.lowercased()
        return Pattern(name.split(separator: ".").last.map(String.init) ?? name)
    }
}

extension ColumnPattern {
    init(_ text: String, at node: StrictNode) throws(ConfigurationError) {
        guard let pattern = ColumnPattern(text) else {
            throw node.error("a column is written column, table.column or schema.table.column, * within a part")
        }
        self = pattern
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
        if let node = try map.nonEmpty("days") {
            var found: Set<Int> = []
            for item in try variables.texts(node) { found.formUnion(try Self.days(item.text, at: item.node)) }
            days = found
        }
        if let node = try map.nonEmpty("hours") {
            var ranges: [Hours] = []
            for item in try variables.texts(node) {
                guard let range = Hours(item.text) else {
                    throw item.node.error("expected hours such as \"09:00-17:30\", or \"22:00-06:00\" over midnight")
                }
                ranges.append(range)
            }
            hours = ranges
        }
        zone = .gmt
        if let node = try map.nonEmpty("zone") {
            let name = try node.string()
            guard name == "UTC" || TimeZone.knownTimeZoneIdentifiers.contains(name),
                let known = TimeZone(identifier: name)
            else { throw node.unknown(name, among: ["UTC"] + TimeZone.knownTimeZoneIdentifiers) }
            zone = known
        }
        try map.finish()
        guard days != nil || hours != nil else { throw map.error("“time” needs days or hours") }
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
