import Contract

/// One rule of a policy file.
struct Rule: Sendable {
    enum Outcome: Sendable {
        case allow
        case refuse
        case hold(Hold)
    }

    struct Who: Sendable {
        var identities: [Pattern]?
        var groups: [Pattern]?
        var labels: [(key: String, value: Pattern)]?
    }

    var name: String
    var who: Who?
    var resources: [Pattern]?
    var when: Condition?
    /// nil: the rule only masks.
    var outcome: Outcome?
    var columns: [ColumnMask] = []
    var detectors: [DetectorMask] = []
    var message: String?

    var masks: Bool { !columns.isEmpty || !detectors.isEmpty }

    /// nil when the rule is about this identity, else why not. Each given part of `who` must match.
    func mismatch(_ principal: Principal) -> String? {
        guard let who else { return nil }
        if let identities = who.identities, !identities.contains(where: { $0.matches(principal.name) }) {
            return "identity is \(principal.name)"
        }
        if let groups = who.groups,
            !principal.groups.contains(where: { group in groups.contains { $0.matches(group) } })
        {
            return "groups are \(principal.groups.isEmpty ? "none" : principal.groups.joined(separator: ", "))"
        }
        for label in who.labels ?? [] {
            guard let value = principal.labels[label.key], label.value.matches(value) else {
                return "label \(label.key)"
            }
        }
        return nil
    }

    func isOn(_ resource: String) -> Bool {
        resources?.contains { $0.matches(resource) } ?? true
    }
}
