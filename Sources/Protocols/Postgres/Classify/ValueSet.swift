import CPgQuery

/// Decides conditions that compare one expression with literals, by trying all values that can make a difference:
/// `id < 5 OR id >= 3` holds for every number.
struct ValueSet {
    /// Comparisons that are tried for conditions over one expression; where they do not suffice, it is taken for decided.
    private static let maximumTrials = 16_384
    /// Conditions in conditions: each is looked into by those around it too.
    private static let maximumDepth = 16

    private let filter: Filter
    private var groups: [(subject: Message, tests: [Test])] = []
    private var places: [Int: [Int]] = [:]

    init(_ conditions: [Message], _ filter: Filter) {
        self.filter = filter
        for condition in conditions {
            guard let (test, subject) = test(condition) else { continue }
            let hash = expressionHash(subject)
            if let place = places[hash]?.first(where: { filter.same(groups[$0].subject, subject) }) {
                groups[place].tests.append(test)
            } else {
                places[hash, default: []].append(groups.count)
                groups.append((subject, [test]))
            }
        }
    }

    /// Whether conditions over one expression, joined by OR, hold for every value; joined by AND (`allHold`), for none.
    ///
    /// What is between whole numbers, and which forms a date has, is not tried: a value that is no row's own may be that.
    func truth(allHold: Bool) -> Filter.Truth {
        var isDecided = false
        for group in groups where decides(group.tests, of: group.subject, allHold: allHold) {
            if filter.mayRead(group.subject), filter.isSteady(group.subject) { return allHold ? .never : .always }
            isDecided = true
        }
        return isDecided && !allHold ? .likely : .unknown
    }

    private func decides(_ tests: [Test], of subject: Message, allHold: Bool) -> Bool {
        var tests = tests
        var constants = Self.constants(of: tests)
        if !Self.areAlike(constants) {
            // Which of them is less is not known.
            tests.removeAll(where: \.isOrdered)
            constants = Self.constants(of: tests)
        }
        guard let points = filter.possible(subject)?.map(Point.init) ?? Self.points(constants) else { return false }
        var trials = 0
        for point in points {
            guard trials <= Self.maximumTrials else { return true }
            trials += constants.count
            let isDecided =
                allHold ? tests.contains { !$0.holds(at: point) } : tests.contains { $0.holds(at: point) }
            if !isDecided { return false }
        }
        return true
    }

    private static func constants(of tests: [Test]) -> [Constant] {
        var constants: [Constant] = []
        for test in tests { test.collect(into: &constants) }
        return constants
    }

    private static func areAlike(_ constants: [Constant]) -> Bool {
        guard case .text(let first) = constants.first else { return true }
        return constants.allSatisfy { if case .text(let text) = $0 { Constant.areAlike(first, text) } else { true } }
    }

    /// `c IN (true, false)`.
    static func holdsBothBooleans(_ items: [Message]) -> Bool {
        var found: [Bool] = []
        for item in items { if case .boolean(let value) = Constant(item) { found.append(value) } }
        return found.contains(true) && found.contains(false)
    }

    // MARK: points

    private enum Point {
        case value(Constant)
        /// A text that no literal is, just before this one.
        case before(String)
        /// One that is after all of them.
        case last

        init(_ constant: Constant) { self = .value(constant) }
    }

    private static func points(_ constants: [Constant]) -> [Point]? {
        guard let first = constants.first else { return nil }
        if case .boolean = first {
            guard constants.allSatisfy({ if case .boolean = $0 { true } else { false } }) else { return nil }
            return [.value(.boolean(true)), .value(.boolean(false))]
        }
        let numbers = constants.compactMap(\.asNumber)
        if numbers.count == constants.count { return points(numbers) }
        var texts: [String] = []
        for constant in constants {
            guard case .text(let text) = constant else { return nil }
            texts.append(text)
        }
        return ([.last] + texts.map(Point.before)) + texts.map { .value(.text($0)) }
    }

    /// Whole numbers only where all are: `c <= 1 OR c >= 2` holds for every integer, and for nearly every other number.
    private static func points(_ numbers: [Number]) -> [Point] {
        let isWhole = numbers.allSatisfy(\.isWhole)
        var points: [Number] = []
        // The least and the greatest, which most lists of values and ranges leave out, are tried first.
        for number in [numbers.min(by: <), numbers.max(by: <)].compactMap({ $0 }) + numbers {
            let step = isWhole ? .one : number.step
            points += [number - step, number, number + step].compactMap { $0 }
        }
        return points.map { .value(.number($0)) }
    }

    // MARK: tests

    /// Comparisons with literals, joined.
    private indirect enum Test {
        case comparison(String, [Constant])
        case all([Test])
        case any([Test])
        case not(Test)

        func collect(into constants: inout [Constant]) {
            switch self {
            case .comparison(_, let own): constants += own
            case .all(let tests), .any(let tests): for test in tests { test.collect(into: &constants) }
            case .not(let test): test.collect(into: &constants)
            }
        }

        /// Whether it asks which of two is less.
        var isOrdered: Bool {
            switch self {
            case .comparison(let name, _): !["=", "<>", "IN"].contains(name)
            case .all(let tests), .any(let tests): tests.contains(where: \.isOrdered)
            case .not(let test): test.isOrdered
            }
        }

        func holds(at point: Point) -> Bool {
            switch self {
            case .all(let tests): tests.allSatisfy { $0.holds(at: point) }
            case .any(let tests): tests.contains { $0.holds(at: point) }
            case .not(let test): !test.holds(at: point)
            case .comparison("BETWEEN", let constants):
                Self.compare(point, ">=", constants[0]) && Self.compare(point, "<=", constants[1])
            case .comparison("IN", let constants): constants.contains { Self.compare(point, "=", $0) }
            case .comparison(let name, let constants): Self.compare(point, name, constants[0])
            }
        }

        private static func compare(_ point: Point, _ name: String, _ constant: Constant) -> Bool {
            switch point {
            case .value(let value): return value.compared(name, constant) == .always
            case .before(let text):
                switch name {
                case "<>": return true
                case ">", ">=": return constant.compared("<", .text(text)) == .always
                case "<", "<=": return constant.compared("<", .text(text)) != .always
                default: return false
                }
            case .last: return ["<>", ">", ">="].contains(name)
            }
        }
    }

    /// A condition over one expression, which it compares with literals and with nothing else.
    private func test(_ condition: Message, depth: Int = 0) -> (Test, subject: Message)? {
        if condition.kind == .boolExpr {
            guard depth < Self.maximumDepth else { return nil }
            var found: Message?
            var tests: [Test] = []
            for child in condition.children {
                guard let (test, subject) = test(child, depth: depth + 1),
                    found.map({ filter.same($0, subject) }) ?? true
                else {
                    return nil
                }
                tests.append(test)
                found = subject
            }
            guard let found else { return nil }
            switch condition.unpacked(as: PgQuery__BoolExpr.self).boolop {
            case PG_QUERY__BOOL_EXPR_TYPE__AND_EXPR: return (.all(tests), found)
            case PG_QUERY__BOOL_EXPR_TYPE__OR_EXPR: return (.any(tests), found)
            default: return (.not(tests[0]), found)
            }
        }
        if condition.kind == .columnRef { return (.comparison("=", [.boolean(true)]), condition) }
        if condition.kind == .booleanTest { return test(of: condition.unpacked(as: PgQuery__BooleanTest.self)) }
        return condition.kind == .aExpr ? comparison(condition.unpacked(as: PgQuery__AExpr.self)) : nil
    }

    private func test(of test: PgQuery__BooleanTest) -> (Test, subject: Message)? {
        guard let argument = Message(test.arg), argument.kind == .columnRef else { return nil }
        switch test.booltesttype {
        case PG_QUERY__BOOL_TEST_TYPE__IS_TRUE, PG_QUERY__BOOL_TEST_TYPE__IS_NOT_FALSE:
            return (.comparison("=", [.boolean(true)]), argument)
        case PG_QUERY__BOOL_TEST_TYPE__IS_FALSE, PG_QUERY__BOOL_TEST_TYPE__IS_NOT_TRUE:
            return (.comparison("=", [.boolean(false)]), argument)
        default: return nil
        }
    }

    private func comparison(_ expression: PgQuery__AExpr) -> (Test, subject: Message)? {
        guard let left = Message(expression.lexpr), let right = Message(expression.rexpr) else { return nil }
        let name = expression.operatorName
        switch expression.kind {
        case PG_QUERY__A__EXPR__KIND__AEXPR_OP:
            guard ["=", "<>", "<", "<=", ">", ">="].contains(name) else { return nil }
            if let constant = Constant(right) { return comparison(left, name, constant) }
            return Constant(left).flatMap { comparison(right, Filter.mirrored(name), $0) }
        case PG_QUERY__A__EXPR__KIND__AEXPR_DISTINCT:
            return Constant(right).flatMap { comparison(left, "<>", $0) }
        case PG_QUERY__A__EXPR__KIND__AEXPR_NOT_DISTINCT:
            return Constant(right).flatMap { comparison(left, "=", $0) }
        case PG_QUERY__A__EXPR__KIND__AEXPR_IN:
            return list("IN", left, right).map { name == "=" ? ($0, left) : (.not($0), left) }
        case PG_QUERY__A__EXPR__KIND__AEXPR_BETWEEN:
            return list("BETWEEN", left, right).map { ($0, left) }
        case PG_QUERY__A__EXPR__KIND__AEXPR_NOT_BETWEEN:
            return list("BETWEEN", left, right).map { (.not($0), left) }
        default:
            return nil
        }
    }

    private func comparison(_ subject: Message, _ name: String, _ constant: Constant) -> (Test, subject: Message)? {
        guard constant != .null, Constant(subject) == nil else { return nil }
        let subject = filter.plain(subject)
        if filter.isArithmetic(subject), let number = constant.asNumber, let sum = filter.linear(subject),
            let (node, name, solved) = filter.solved(sum, name, number)
        {
            return (.comparison(name, [.number(solved)]), node)
        }
        let literal = Self.literal(constant)
        return Self.sorts(literal, name) ? (.comparison(name, [literal]), subject) : nil
    }

    /// A date or the like as what is written: forms that differ are taken for different values.
    private static func literal(_ constant: Constant) -> Constant {
        if case .written(let text, _) = constant { .text(text) } else { constant }
    }

    /// How texts sort is the collation's matter, but for dates and the like.
    private static func sorts(_ constant: Constant, _ name: String) -> Bool {
        guard case .text(let text) = constant, !["=", "<>", "IN"].contains(name) else { return true }
        return text.utf8.first.map { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") } ?? false
    }

    private func list(_ name: String, _ left: Message, _ right: Message) -> Test? {
        let constants = right.children.map { Constant($0) }
        let known = constants.compactMap { $0.map(Self.literal) }
        guard right.kind == .list, known.count == constants.count, !known.isEmpty, !known.contains(.null),
            name == "IN" || known.count == 2, Constant(left) == nil
        else { return nil }
        return known.allSatisfy { Self.sorts($0, name) } ? .comparison(name, known) : nil
    }
}
