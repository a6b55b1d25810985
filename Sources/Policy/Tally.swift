import Contract

/// What the rules add up to for one command while they are gone through in file order.
struct Tally {
    var refusal: Rule?
    var hold: (rule: Rule, terms: Hold)?
    var allowedBy: Rule?
    /// Operations that matching allow rules cover.
    var covered: Set<String> = []
    /// Some rule can let something through for this identity here.
    var hasAccess = false
    /// Some rule that holds names what undoes masks.
    var holdsRevealing = false
    var masks: [Rule] = []
    var limits: [Rule] = []
    /// Some rule needs to know the rows that the target expects.
    var wantsEstimate = false
    /// Some rule for this identity here asks for what changes from one time to the next.
    var isImpure = false
    var recording = RecordingTally()

    mutating func add(_ rule: Rule, _ question: Question) {
        guard rule.isAbout(question.principal, question.resource, question.resourceLabels) else { return }
        if rule.isImpure { isImpure = true }
        switch rule.outcome {
        case .allow, .hold: hasAccess = true
        case .refuse, nil: break
        }
        let dependsOnEstimate = rule.dependsOnEstimate(question)
        recording.add(rule, question, isUndecided: dependsOnEstimate)
        guard !dependsOnEstimate else {
            wantsEstimate = true
            return
        }
        let restricts = rule.restricts && rule.matches(question, .restrict)
        // What such a command reads is not in its text: every mask for this identity holds.
        if rule.masks, restricts || question.facts.isIndirect { masks.append(rule) }
        if rule.limits(question, restricts: restricts) { limits.append(rule) }
        switch rule.outcome {
        case nil: break
        case .refuse:
            if restricts, refusal == nil { refusal = rule }
        case .hold(let terms):
            guard restricts else { return }
            if rule.when?.names(.reveal, question) == true { holdsRevealing = true }
            if terms.isStricter(than: hold?.terms) { hold = (rule, terms) }
        case .allow:
            guard rule.matches(question, .permit) else { return }
            let covers = rule.covered(question)
            covered.formUnion(covers)
            if allowedBy == nil, !covers.isEmpty || question.facts.operations.isEmpty { allowedBy = rule }
        }
    }
}

extension Rule {
    /// Whether its limit is about this command. A limit is no permission: it holds as soon as a part of the command may
    /// be meant.
    fileprivate func limits(_ question: Question, restricts: Bool) -> Bool {
        guard limit != nil else { return false }
        switch outcome {
        case .allow:
            return restricts || (question.facts.fetches ? mayBeAboutReading : matches(question, .permit))
        case .refuse, .hold, nil:
            return restricts || question.facts.changesUnseen || question.facts.fetches && mayBeAboutReading
        }
    }

    /// What a cursor reads is told elsewhere.
    private var mayBeAboutReading: Bool {
        let operations = (when?.allParts ?? []).compactMap { part in
            if case .operation(let names) = part { names } else { nil }
        }
        return operations.isEmpty || operations.contains { $0.contains(Operation.read.rawValue) }
    }
}
