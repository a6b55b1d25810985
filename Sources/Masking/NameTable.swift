import Detection

/// A rule about the values of columns: keys in JSON, header fields in CSV, names in forms.
public struct ColumnRule: Sendable {
    /// As the policy writes the pattern.
    public let text: String
    let pattern: ColumnPattern
    let style: Style

    public init(pattern: String, style: Style) throws(MaskError) {
        text = pattern
        self.pattern = try ColumnPattern(pattern)
        self.style = style
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

    /// Names remembered; when there are more, all are forgotten and learnt again as they come.
    private static let maximumNames = 4096
    /// A longer name is no name: it says nothing to detectors, and every rule may mean it.
    static let maximumNameBytes = 1024

    let rules: [ColumnRule]
    private let detection: DetectionEngine?
    private var known: [[UInt8]: Meaning] = [:]

    public init(detection: DetectionEngine?, rules: [ColumnRule]) {
        self.detection = detection
        self.rules = rules
    }

    /// - Parameter name: as the document shows it, decoded.
    func meaning(of name: [UInt8]) -> Meaning {
        guard name.count <= NameTable.maximumNameBytes else {
            return Meaning(context: .none, rules: Array(rules.indices))
        }
        if let meaning = known[name] { return meaning }
        if known.count >= NameTable.maximumNames { known.removeAll() }
        let lower = NameTable.lower(name)
        let meaning = Meaning(
            context: detection?.context(column: String(decoding: name, as: UTF8.self)) ?? .none,
            rules: rules.indices.filter { rules[$0].pattern.matches(column: lower) })
        known[name] = meaning
        return meaning
    }

    /// Of the rules whose last part is this name, the strictest that fits what encloses it.
    /// - Parameter enclosing: names in lower case from the nearest outwards, empty where not known.
    func rule(_ meaning: Meaning, enclosing: some Sequence<[UInt8]>) -> Int? {
        meaning.rules.filter { rules[$0].pattern.matches(enclosing: enclosing) }.max {
            rules[$0].style < rules[$1].style
        }
    }

    /// The rule that stands for any: a value whose name is not known is masked by it.
    var strictest: Int? { rules.indices.max { rules[$0].style < rules[$1].style } }

    static func lower(_ name: [UInt8]) -> [UInt8] { Array(String(decoding: name, as: UTF8.self).lowercased().utf8) }
}
