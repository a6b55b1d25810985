import Contract
import Detection

/// A rule about the values of columns: keys in JSON, header fields in CSV, names in forms.
public struct ColumnRule: Sendable {
    /// As the policy writes the pattern, and the path if there is one.
    public let text: String
    /// Nil when the column is known, and keys name none.
    let pattern: ColumnPattern?
    /// What of a column's values is meant; nil: all of it.
    let path: ValuePath?
    let style: Style

    public init(pattern: String, path: ValuePath? = nil, style: Style) throws(MaskError) {
        text = path.map { "\(pattern) \($0.text)" } ?? pattern
        self.pattern = try ColumnPattern(pattern)
        self.path = path
        self.style = style
    }

    /// A rule about what stands at a path in the values of a column that is known.
    public init(path: ValuePath, style: Style) {
        text = path.text
        pattern = nil
        self.path = path
        self.style = style
    }
}

/// What names of columns and keys say: to the detectors, and to the rules. Remembers names, which come again and again.
public final class NameTable {
    struct Meaning {
        let context: FieldContext
        /// Numbers of the rules whose last part is this name.
        let rules: [Int]
        /// As rules compare it; nil for one that is not known.
        let name: [UInt8]?

        static let nothing = Meaning(context: .none, rules: [], name: [])
    }

    /// What is known of a value whose name nothing encloses.
    struct Known {
        let meaning: Meaning
        let standing: Standing
        /// Of the value as a whole.
        var rule: Int? { standing.rule }

        static let nothing = Known(meaning: .nothing, standing: Standing())
    }

    /// Names remembered; when there are more, all are forgotten and learnt again as they come.
    private static let maximumNames = 4096
    /// A longer name is no name: it says nothing to detectors, and every rule may mean it.
    static let maximumNameBytes = 1024

    let columns: [ColumnRule]
    private var merged: MergedRules
    private let detection: DetectionEngine?
    private var remembered: [[UInt8]: Meaning] = [:]
    /// By the number of a column's rule: some name was its column's, or stood at its path.
    private var isMatched: [Bool]
    /// Of a document as a whole.
    let root: Standing

    /// - Parameters:
    ///   - rules: those with a pattern are about what keys name, others about the whole documents that are read.
    ///   - counters: by the number of a rule, whose count it is; their own numbers if not given.
    public init(detection: DetectionEngine?, rules: [ColumnRule], counters: [Int]? = nil) {
        self.detection = detection
        columns = rules
        merged = MergedRules(
            rules.enumerated().map { number, rule in
                ValueRule(style: rule.style, styles: [rule.style], counter: counters?[number] ?? number)
            })
        isMatched = Array(repeating: false, count: rules.count)
        var root = Standing()
        for (number, rule) in rules.enumerated() where rule.pattern == nil {
            for place in rule.path?.start ?? [] { root.places.append(Standing.Place(rule: number, place: place)) }
        }
        self.root = root
    }

    /// Those of the plan, then those that several come to where they meet.
    var rules: [ValueRule] { merged.rules }

    /// Rules that no name matched so far.
    var unmatched: [String] { zip(columns, isMatched).filter { !$0.1 }.map(\.0.text) }

    /// - Parameter name: as the document shows it, decoded.
    func meaning(of name: [UInt8]) -> Meaning {
        guard name.count <= NameTable.maximumNameBytes else {
            return Meaning(context: .none, rules: Array(columns.indices), name: nil)
        }
        if let meaning = remembered[name] { return meaning }
        if remembered.count >= NameTable.maximumNames { remembered.removeAll() }
        let lower = ValuePath.folded(name)
        let meaning = Meaning(
            context: detection?.context(column: String(decoding: name, as: UTF8.self)) ?? .none,
            rules: columns.indices.filter { columns[$0].pattern?.matches(column: lower) ?? false }, name: lower)
        remembered[name] = meaning
        return meaning
    }

    /// What rules say of an object's member.
    /// - Parameters:
    ///   - enclosing: names in lower case from the nearest outwards, empty where not known.
    ///   - object: where the object stands.
    func standing(
        _ meaning: Meaning, enclosing: some Sequence<[UInt8]>, in object: Standing
    ) -> Standing {
        guard !meaning.rules.isEmpty || !object.places.isEmpty else { return Standing() }
        var standing = Standing()
        for number in meaning.rules {
            let column = columns[number]
            guard let pattern = column.pattern, pattern.matches(enclosing: enclosing) else { continue }
            if let path = column.path {
                for place in path.start { standing.add(number, place) }
                standing.column = standing.column ?? number
            } else {
                standing.whole.append(number)
            }
        }
        for place in object.places {
            columns[place.rule].path?.forEachPlace(ofMember: meaning.name, from: place.place) {
                standing.add(place.rule, $0)
            }
        }
        resolve(&standing)
        return standing
    }

    /// What rules say of an array's element.
    func standing(ofElementIn array: Standing) -> Standing {
        guard !array.places.isEmpty else { return array }
        var standing = Standing(whole: array.whole, column: array.column)
        for place in array.places {
            columns[place.rule].path?.forEachPlace(ofElementFrom: place.place) { standing.add(place.rule, $0) }
        }
        resolve(&standing)
        return standing
    }

    private func resolve(_ standing: inout Standing) {
        let named = standing.places.filter { columns[$0.rule].path?.end == $0.place }.map(\.rule)
        guard !standing.whole.isEmpty || !named.isEmpty else { return }
        for number in standing.whole + named { isMatched[number] = true }
        // What shows a part of all shows what is at some place of it.
        let meeting = standing.whole.isEmpty ? named : standing.whole + standing.places.map(\.rule)
        standing.rule = merged.rule(of: Set(meeting).sorted())
    }

    /// What is known of a value of this name, which nothing encloses but what the name itself says: `user[email]`, `user.email`.
    func known(_ name: [UInt8]) -> Known {
        let whole = meaning(of: name)
        let standing = standing(whole, enclosing: [], in: Standing())
        let parts = NestedName.parts(name)
        guard parts.count > 1 else { return Known(meaning: whole, standing: standing) }
        var enclosing: [[UInt8]] = []
        var inner = Standing()
        var last = Meaning.nothing
        for part in parts {
            if let part {
                last = meaning(of: part)
                inner = self.standing(last, enclosing: enclosing.reversed(), in: inner)
                enclosing.append(last.name ?? [])
            } else {
                inner = self.standing(ofElementIn: inner)
            }
            // What is about an object is about all in it.
            if inner.rule != nil { break }
        }
        let context = whole.context.union(last.context)
        return Known(
            meaning: Meaning(context: context, rules: whole.rules, name: whole.name), standing: merged(standing, inner))
    }

    /// What is said of a value in two ways.
    private func merged(_ standing: Standing, _ other: Standing) -> Standing {
        var result = standing
        result.whole = Set(standing.whole + other.whole).sorted()
        for place in other.places { result.add(place.rule, place.place) }
        result.column = standing.column ?? other.column
        resolve(&result)
        return result
    }

    /// Of a value whose name is not known: any rule may mean it.
    var unknown: Known {
        Known(meaning: .nothing, standing: Standing(rule: merged.rule(of: Array(columns.indices))))
    }

    /// The rule that redacts what is no document, where this one names places in one.
    func redacting(_ rule: Int) -> Int { merged.redacting(rule) }

    /// The rule about a value that is too long to be read as a document.
    func rule(ofLong known: Known) -> Int? { known.rule ?? known.standing.column.map(redacting) }

    /// What is about a member of a document that is no more than names and texts.
    public func rule(ofMember name: [UInt8]) -> (style: Style, counter: Int)? {
        standing(meaning(of: name), enclosing: [], in: root).rule.map { (rules[$0].style, rules[$0].counter) }
    }
}
