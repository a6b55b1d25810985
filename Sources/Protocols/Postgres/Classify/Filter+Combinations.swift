import CPgQuery

extension Filter {
    /// Different conditions, and conditions in all, up to which every combination of what they may be is tried.
    private static let maximumConditions = 8
    static let maximumLeaves = 32

    /// Whether conditions that occur more than once, or as their opposite, decide the whole: `(a AND b) OR NOT a OR NOT b`
    /// holds for every row. nil: they do not.
    func combinations(of node: Message) -> Truth? {
        var formula = Formula()
        guard formula.add(node, self), formula.leaves > formula.cores.count else { return nil }
        var holds = 0
        let count = 1 << formula.cores.count
        guard !effort.isSpent(by: count) else { return nil }
        for combination in 0..<count where formula.holds(combination) { holds += 1 }
        return holds == count ? .always : holds == 0 ? .never : nil
    }

    /// Conditions in the order of a walk, as steps of a stack machine.
    private struct Formula {
        private enum Step {
            case constant(Bool)
            case condition(Int, isNegated: Bool)
            case all(Int)
            case any(Int)
            case not
        }

        private var steps: [Step] = []
        var cores: [Core] = []
        var leaves = 0

        /// False: it is too long.
        mutating func add(_ node: Message, _ filter: Filter) -> Bool {
            if node.kind == .boolExpr {
                let expression = node.unpacked(as: PgQuery__BoolExpr.self)
                let arguments = messages(expression.n_args, expression.args)
                guard leaves + arguments.count <= Filter.maximumLeaves,
                    arguments.allSatisfy({ add($0, filter) })
                else { return false }
                switch expression.boolop {
                case PG_QUERY__BOOL_EXPR_TYPE__AND_EXPR: steps.append(.all(arguments.count))
                case PG_QUERY__BOOL_EXPR_TYPE__OR_EXPR: steps.append(.any(arguments.count))
                default: steps.append(.not)
                }
                return true
            }
            leaves += 1
            switch filter.remembered(node) {
            case .always: steps.append(.constant(true))
            case .never: steps.append(.constant(false))
            case .likely, .unknown:
                let core = Core(node)
                if let place = cores.firstIndex(where: { $0.hash == core.hash && filter.isSame($0, core) }) {
                    steps.append(.condition(place, isNegated: false))
                } else if let place = cores.firstIndex(where: { $0.hash == core.hash && filter.isPair($0, core) }) {
                    steps.append(.condition(place, isNegated: true))
                } else {
                    guard cores.count < Filter.maximumConditions else { return false }
                    steps.append(.condition(cores.count, isNegated: false))
                    cores.append(core)
                }
            }
            return leaves <= Filter.maximumLeaves
        }

        /// - Parameter combination: bit by bit, which conditions hold.
        func holds(_ combination: Int) -> Bool {
            var stack: [Bool] = []
            for step in steps {
                switch step {
                case .constant(let value): stack.append(value)
                case .condition(let place, let isNegated): stack.append((combination >> place & 1 == 1) != isNegated)
                case .not: stack.append(!stack.removeLast())
                case .all(let count):
                    let holds = !stack.suffix(count).contains(false)
                    stack.removeLast(count)
                    stack.append(holds)
                case .any(let count):
                    let holds = stack.suffix(count).contains(true)
                    stack.removeLast(count)
                    stack.append(holds)
                }
            }
            return stack.last ?? false
        }
    }
}
