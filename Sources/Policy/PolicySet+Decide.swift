import Contract

extension PolicySet {
    /// Judges one command. Strictest wins: refuse, then hold, then allow; what nothing allows is refused.
    public func decide(
        facts: Facts, principal: Principal, resource: String, purpose: CommandPurpose,
        circumstances: Circumstances = Circumstances()
    ) -> Judgement {
        switch purpose {
        case .session: admit(principal, resource, circumstances.resourceLabels)
        case .statement, .execution:
            judge(Question(facts, principal, resource, circumstances), excess: circumstances.excess)
        case .unspecified, .UNRECOGNIZED: Judgement(reason: "the command's purpose is not known")
        }
    }

    private func judge(_ question: Question, excess: Excess?) -> Judgement {
        var tally = Tally()
        for rule in rules { tally.add(rule, question) }
        var judgement = verdict(tally, question, excess)
        judgement.isPure = !tally.isImpure && excess == nil
        judgement.leastRecording = tally.recording.least
        // What is refused is recorded in full.
        if judgement.verdict != .refuse || judgement.wantsEstimate {
            (judgement.recording, judgement.recordingRule) = tally.recording.outcome(question.facts)
        }
        return judgement
    }

    private func verdict(_ tally: Tally, _ question: Question, _ excess: Excess?) -> Judgement {
        let facts = question.facts
        let what = "\(facts.operations.joined(separator: ", ")) on \(question.resource)"
        if let rule = tally.refusal {
            let isUnknown = question.rows == .failed && rule.when?.estimateThresholds.isEmpty == false
            let estimate = isUnknown ? "The target could not estimate its rows, which counts as too many. " : ""
            return Judgement(
                refusedBy: rule,
                hint: estimate + "This statement does \(what). Change it, or ask the owner of the policy.")
        }
        if let breach = tally.breach(facts) {
            return Judgement(refusedBy: breach.rule, because: breach.reason, hint: breach.hint)
        }
        let limit = tally.limitOutcome(facts, excess)
        let isAllowed = tally.missing(facts).isEmpty
        // What is held by a rule runs without a limit once it is approved, unless it is known to exceed one.
        if case .refused(let rule, let because, let hint) = limit, excess != nil || tally.hold == nil && isAllowed {
            return Judgement(refusedBy: rule, because: because, hint: hint)
        }
        let mask = MaskPlan(rules: tally.masks, facts: facts)
        guard !tally.wantsEstimate else {
            var judgement = Judgement(
                reason: "a rule asks how many rows the target expects",
                hint: "`sluice explain --estimated-rows` shows what is decided then.")
            judgement.wantsEstimate = true
            // A statement that is not run yet may be described.
            judgement.mask = mask
            return judgement
        }
        // A hold is none that permits it by not naming it.
        if tally.missing(facts).contains(Operation.reveal.rawValue), !tally.holdsRevealing {
            return uncovered(tally, question)
        }
        if let (rule, terms) = tally.hold {
            guard case .held(let other, let beyond, let because) = limit, beyond.isStricter(than: terms) else {
                return Judgement(heldBy: rule, terms, mask: mask)
            }
            return Judgement(heldBy: other, beyond, because: because, mask: mask)
        }
        guard isAllowed else { return uncovered(tally, question) }
        switch limit {
        case .held(let rule, let terms, let because):
            return Judgement(heldBy: rule, terms, because: because, mask: mask)
        case .limited(let limits):
            return Judgement(allowedBy: tally.allowedBy, limits: limits, mask: mask)
        case .unlimited:
            return Judgement(allowedBy: tally.allowedBy, limits: nil, mask: mask)
        case .refused(let rule, let because, let hint):
            return Judgement(refusedBy: rule, because: because, hint: hint)
        }
    }

    private func uncovered(_ tally: Tally, _ question: Question) -> Judgement {
        let facts = question.facts
        let missing = tally.missing(facts)
        var reason = "no policy rule allows \(missing.joined(separator: ", ")) on \(question.resource)"
        reason += " for \(question.principal.name)"
        if missing.contains(Operation.opaque.rawValue), !facts.opaqueReason.isEmpty {
            reason += " (\(facts.opaqueReason))"
        }
        return Judgement(
            reason: reason,
            hint: "Ask the owner of the policy for a rule; `sluice explain` shows how each rule reads this statement.")
    }

    /// Opening a session: whoever has some rule that can let something through.
    private func admit(
        _ principal: Principal, _ resource: String, _ labels: [String: String]
    ) -> Judgement {
        let mine = rules.filter { $0.isAbout(principal, resource, labels) }
        let barring = mine.first { rule in
            switch rule.outcome {
            case .refuse: rule.when == nil
            case .allow, .hold, nil: false
            }
        }
        if let barring { return Judgement(refusedBy: barring, hint: "") }
        let admitting = mine.first { rule in
            switch rule.outcome {
            case .allow, .hold: true
            case .refuse, nil: false
            }
        }
        guard let admitting else {
            return Judgement(
                reason: "no policy rule allows anything on \(resource) for \(principal.name)",
                hint: "Ask the owner of the policy for a rule that names this identity or one of its groups.")
        }
        var judgement = Judgement(
            allowedBy: admitting, limits: nil, mask: MaskPlan(sessionRules: mine.filter(\.masks)))
        judgement.leastRecording = mine.compactMap(\.record).min { $0.isLess(than: $1) } ?? .full
        return judgement
    }
}

extension Tally {
    /// Operations that no rule permits, in order; something when there is no access at all.
    func missing(_ facts: Facts) -> [String] {
        guard hasAccess else { return facts.operations.isEmpty ? ["anything"] : facts.operations }
        return facts.operations.filter { !covered.contains($0) && !Operation.implied.contains($0) }
    }
}

extension Judgement {
    fileprivate init(refusedBy rule: Rule, because: String? = nil, hint: String) {
        let remarks = [because, rule.message].compactMap { $0 }
        self.init(
            rule: rule.name, reason: (["refused by rule “\(rule.name)”"] + remarks).joined(separator: ": "), hint: hint)
    }

    fileprivate init(heldBy rule: Rule, _ terms: Hold, because: String? = nil, mask: MaskPlan) {
        let remarks = [because, rule.message].compactMap { $0 }
        self.init(
            rule: rule.name, reason: (["held by rule “\(rule.name)”"] + remarks).joined(separator: ": "),
            hint: "It runs when \(terms.approversText) approved it.")
        verdict = .hold
        hold = terms
        self.mask = mask
    }

    fileprivate init(allowedBy rule: Rule?, limits: Limits?, mask: MaskPlan) {
        self.init(
            rule: rule?.name ?? "",
            reason: rule.map { "allowed by rule “\($0.name)”" } ?? "allowed: it does nothing to data by itself")
        verdict = .allow
        self.limits = limits
        self.mask = mask
    }
}
