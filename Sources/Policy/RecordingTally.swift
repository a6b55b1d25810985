import Contract

/// How much of one command is to be recorded, while the rules about its identity and resource are gone through.
///
/// To record less is a permission: it is given as allow rules permit, by rules that surely mean the whole statement. Of the
/// rules that may mean any part of it the one that keeps most counts.
struct RecordingTally {
    private(set) var least = RecordingLevel.full
    /// Of the rules that may be meant, the first that keeps most.
    private var fullest: (level: RecordingLevel, rule: String)?
    /// Operations of the statement that rules which surely mean it name.
    private var covered: Set<String> = []
    private var isCovered = false

    /// Operations that the others of a statement tell enough about.
    private static let accompanying: Set<String> = [
        Operation.transaction.rawValue, Operation.sessionSafe.rawValue, Operation.prepare.rawValue,
    ]

    /// - Parameter isUndecided: whether it is meant is not known before the target has estimated the rows.
    mutating func add(_ rule: Rule, _ question: Question, isUndecided: Bool) {
        guard let level = rule.record else { return }
        if level.isLess(than: least) { least = level }
        let isSure = !isUndecided && rule.matches(question, .permit)
        guard isSure || isUndecided || rule.matches(question, .restrict) else { return }
        if fullest.map({ $0.level.isLess(than: level) }) ?? true { fullest = (level, rule.name) }
        guard isSure else { return }
        isCovered = true
        covered.formUnion(rule.surelyMeant(question))
    }

    /// The rule's name is empty where no rule says it.
    func outcome(_ facts: Facts) -> (level: RecordingLevel, rule: String) {
        guard let fullest, isCovered, !facts.opaque, !facts.functions.contains(Facts.revealFunction) else {
            return (.full, "")
        }
        let telling = facts.operations.filter { !Self.accompanying.contains($0) }
        guard (telling.isEmpty ? facts.operations : telling).allSatisfy(covered.contains) else { return (.full, "") }
        return fullest
    }
}

extension Rule {
    /// Operations of a statement that it, which matches, means by name, or since it means everything: what cursors, calls
    /// and settings do is not in their tables and columns.
    fileprivate func surelyMeant(_ question: Question) -> Set<String> {
        guard let when else { return Set(question.facts.operations) }
        return when.covered(question).filter { name in
            guard let operation = Operation(rawValue: name),
                Operation.implied.contains(name) || Operation.indirect.contains(name)
            else { return true }
            return when.names(operation, question)
        }
    }
}
