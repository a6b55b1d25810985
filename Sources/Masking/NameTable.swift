import Contract
import Detection

/// A rule about the values of columns: keys in JSON, header fields in CSV, names in forms.
public struct ColumnRule: Sendable {
    /// As the policy writes the pattern.
    public let text: String
    let pattern: ColumnPattern
    let style: Style
    /// What the rules that are merged here ask for.
    let styles: [Style]
    /// Whose count it is.
    let counter: Int

    public init(pattern: String, style: Style) throws(MaskError) {
        text = pattern
        self.pattern = try ColumnPattern(pattern)
        self.style = style
        styles = [style]
        counter = 0
    }

    fileprivate init(merging rules: [ColumnRule], counter: Int) {
        (text, pattern, self.counter) = (rules[0].text, rules[0].pattern, counter)
        styles = rules.flatMap(\.styles)
        style = styles.merged(on: .text) ?? .null
    }
}

/// What names of columns and keys say: to the detectors, and to the rules. Remembers names, which come again and again.
public final class NameTable {
    struct Meaning {
        let context: FieldContext
        /// Numbers of the rules whose last part is this name.
        let rules: [Int]

        static let nothing = Meaning(context: .none, rules: [])
    }

    /// What is known of a value whose name nothing encloses.
    struct Known {
        let meaning: Meaning
        let rule: Int?

        static let nothing = Known(meaning: .nothing, rule: nil)
    }

    /// Names remembered; when there are more, all are forgotten and learnt again as they come.
    private static let maximumNames = 4096
    /// A longer name is no name: it says nothing to detectors, and every rule may mean it.
    static let maximumNameBytes = 1024

    /// Those of the plan, then those that several come to where they meet.
    private(set) var rules: [ColumnRule]
    /// Of numbers of rules; beyond ``maximumNames`` sets of them all rules count as meeting.
    private var merged: [[Int]: Int] = [:]
    private let detection: DetectionEngine?
    private var remembered: [[UInt8]: Meaning] = [:]
    /// By the number of a rule: some name was its column's.
    private var isMatched: [Bool]

    public init(detection: DetectionEngine?, rules: [ColumnRule]) {
        self.detection = detection
        self.rules = rules.enumerated().map { ColumnRule(merging: [$0.element], counter: $0.offset) }
        isMatched = Array(repeating: false, count: rules.count)
    }

    /// Patterns of rules that no name matched so far.
    var unmatched: [String] { zip(rules, isMatched).filter { !$0.1 }.map(\.0.text) }

    /// - Parameter name: as the document shows it, decoded.
    func meaning(of name: [UInt8]) -> Meaning {
        guard name.count <= NameTable.maximumNameBytes else {
            return Meaning(context: .none, rules: Array(isMatched.indices))
        }
        if let meaning = remembered[name] { return meaning }
        if remembered.count >= NameTable.maximumNames { remembered.removeAll() }
        let lower = NameTable.lower(name)
        let meaning = Meaning(
            context: detection?.context(column: String(decoding: name, as: UTF8.self)) ?? .none,
            rules: isMatched.indices.filter { rules[$0].pattern.matches(column: lower) })
        remembered[name] = meaning
        return meaning
    }

    /// Of the rules whose last part is this name, the strictest that fits what encloses it.
    /// - Parameter enclosing: names in lower case from the nearest outwards, empty where not known.
    func rule(_ meaning: Meaning, enclosing: some Sequence<[UInt8]>) -> Int? {
        let matching = meaning.rules.filter { rules[$0].pattern.matches(enclosing: enclosing) }
        for rule in matching { isMatched[rule] = true }
        return strictest(of: matching)
    }

    /// What is known of a value of this name, which nothing encloses.
    func known(_ name: [UInt8]) -> Known {
        let meaning = meaning(of: name)
        return Known(meaning: meaning, rule: rule(meaning, enclosing: []))
    }

    /// Of a value whose name is not known: any rule may mean it.
    var unknown: Known { Known(meaning: .nothing, rule: strictest(of: isMatched.indices)) }

    private func strictest(of numbers: some Sequence<Int>) -> Int? {
        var numbers = Array(numbers)
        if numbers.count > 1, merged.count > NameTable.maximumNames { numbers = Array(isMatched.indices) }
        guard numbers.count > 1, let first = numbers.max(by: { rules[$0].style < rules[$1].style }) else {
            return numbers.first
        }
        if let known = merged[numbers] { return known }
        rules.append(ColumnRule(merging: numbers.map { rules[$0] }, counter: first))
        merged[numbers] = rules.count - 1
        return rules.count - 1
    }

    /// A name as patterns are compared with it: in lower case, without the white space around it.
    static func lower(_ name: [UInt8]) -> [UInt8] {
        let scalars = String(decoding: name, as: UTF8.self).lowercased().unicodeScalars
        guard let first = scalars.firstIndex(where: { !$0.properties.isWhitespace }),
            let last = scalars.lastIndex(where: { !$0.properties.isWhitespace })
        else { return [] }
        return Array(String(scalars[first...last]).utf8)
    }
}
