/// Bounds what one condition may cost; what is not decided by then is taken for decided.
final class Effort {
    /// Of a fraction of a microsecond each.
    private static let maximumSteps = 300_000
    /// What a subquery costs beside what is in it.
    private static let stepsOfScope = 20

    private var left = Effort.maximumSteps
    private var scopes = 0
    /// What was found out of conditions that are joined with others, by their place.
    private var truths: [Place: Filter.Truth] = [:]

    private struct Place: Hashable {
        let node: UnsafeRawPointer
        let scope: Int
    }

    var isSpent: Bool { left < 0 }

    func isSpent(by steps: Int) -> Bool {
        left -= steps
        return left < 0
    }

    /// A number for what names mean at a place.
    func scope() -> Int {
        left -= Self.stepsOfScope
        scopes += 1
        return scopes
    }

    func truth(of node: Message, in scope: Int, _ find: () -> Filter.Truth) -> Filter.Truth {
        let place = Place(node: node.raw, scope: scope)
        if let known = truths[place] { return known }
        let truth = find()
        truths[place] = truth
        return truth
    }
}
