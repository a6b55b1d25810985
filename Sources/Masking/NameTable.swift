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
    /// A name as far as paths tell it from others.
    enum StepName: Hashable {
        /// No path has it.
        case other
        /// It is not known, and may be any.
        case unknown
        case number(Int)
    }

    struct Meaning {
        let context: FieldContext
        /// Numbers of the rules whose last part is this name.
        let rules: [Int]
        /// As rules compare it; nil for one that is not known.
        let name: [UInt8]?
        let step: StepName

        static let nothing = Meaning(context: .none, rules: [], name: [], step: .other)
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
    /// Every place of every rule's path, by its number, and the number of each path's first.
    private let places: [Standing.Place]
    private let firstPlaces: [Int]
    private let stepNames: [[UInt8]: Int]
    /// Steps that were taken come again and again, too.
    private var steps: [Standing.Step: Standing] = [:]
    /// Steps remembered, likewise.
    private static let maximumSteps = 4096

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
        var places: [Standing.Place] = []
        var firstPlaces: [Int] = []
        var stepNames: [[UInt8]: Int] = [:]
        var root = Standing()
        for (number, rule) in rules.enumerated() {
            firstPlaces.append(places.count)
            guard let path = rule.path else { continue }
            if rule.pattern == nil { for place in path.start { root.places.insert(places.count + place) } }
            places += (0...path.end).map { Standing.Place(rule: number, place: $0) }
            for name in path.names where stepNames[name] == nil { stepNames[name] = stepNames.count }
        }
        self.root = root
        (self.places, self.firstPlaces, self.stepNames) = (places, firstPlaces, stepNames)
    }

    /// Those of the plan, then those that several come to where they meet.
    var rules: [ValueRule] { merged.rules }

    /// Rules that no name matched so far.
    var unmatched: [String] { zip(columns, isMatched).filter { !$0.1 }.map(\.0.text) }

    /// - Parameter name: as the document shows it, decoded.
    func meaning(of name: [UInt8]) -> Meaning {
        guard name.count <= NameTable.maximumNameBytes else {
            return Meaning(context: .none, rules: Array(columns.indices), name: nil, step: .unknown)
        }
        if let meaning = remembered[name] { return meaning }
        if remembered.count >= NameTable.maximumNames { remembered.removeAll() }
        let lower = ValuePath.folded(name)
        let meaning = Meaning(
            context: detection?.context(column: String(decoding: name, as: UTF8.self)) ?? .none,
            rules: columns.indices.filter { columns[$0].pattern?.matches(column: lower) ?? false }, name: lower,
            step: stepNames[lower].map { .number($0) } ?? .other)
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
        let rules = meaning.rules.filter { columns[$0].pattern?.matches(enclosing: enclosing) ?? false }
        let step = Standing.Step(kind: .member(meaning.step), places: object.places, rules: rules, column: nil)
        return remembered(step) {
            var standing = Standing()
            for number in rules {
                if let path = columns[number].path {
                    for place in path.start { standing.places.insert(firstPlaces[number] + place) }
                    standing.column = standing.column ?? number
                } else {
                    standing.whole.append(number)
                }
            }
            object.places.forEach { number in
                let place = places[number]
                columns[place.rule].path?.forEachPlace(ofMember: meaning.name, from: place.place) {
                    standing.places.insert(firstPlaces[place.rule] + $0)
                }
            }
            return standing
        }
    }

    /// What rules say of an array's element.
    func standing(ofElementIn array: Standing) -> Standing {
        guard !array.places.isEmpty else { return array }
        let step = Standing.Step(
            kind: .element, places: array.places, rules: array.whole, column: array.column)
        return remembered(step) {
            var standing = Standing(whole: array.whole, column: array.column)
            array.places.forEach { number in
                let place = places[number]
                columns[place.rule].path?.forEachPlace(ofElementFrom: place.place) {
                    standing.places.insert(firstPlaces[place.rule] + $0)
                }
            }
            return standing
        }
    }

    private func remembered(_ step: Standing.Step, _ take: () -> Standing) -> Standing {
        if let standing = steps[step] { return standing }
        if steps.count >= NameTable.maximumSteps { steps.removeAll(keepingCapacity: true) }
        var standing = take()
        resolve(&standing)
        steps[step] = standing
        return standing
    }

    private func resolve(_ standing: inout Standing) {
        var reached: [Int] = []
        var named: [Int] = []
        standing.places.forEach { number in
            let place = places[number]
            if reached.last != place.rule { reached.append(place.rule) }
            if columns[place.rule].path?.end == place.place { named.append(place.rule) }
        }
        guard !standing.whole.isEmpty || !named.isEmpty else { return }
        for number in standing.whole + named { isMatched[number] = true }
        // What shows a part of all shows what is at some place of it.
        let meeting = standing.whole.isEmpty ? named : standing.whole + reached
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
            meaning: Meaning(context: context, rules: whole.rules, name: whole.name, step: whole.step),
            standing: merged(standing, inner))
    }

    /// What is said of a value in two ways.
    private func merged(_ standing: Standing, _ other: Standing) -> Standing {
        var result = standing
        result.whole = Set(standing.whole + other.whole).sorted()
        result.places.formUnion(other.places)
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

    /// What a member's name says of its value.
    public func context(ofMember name: [UInt8]) -> FieldContext { meaning(of: name).context }

    /// What is about a member of a document that is no more than names and texts.
    public func rule(ofMember name: [UInt8]) -> (style: Style, counter: Int)? {
        standing(meaning(of: name), enclosing: [], in: root).rule.map { (rules[$0].style, rules[$0].counter) }
    }
}
