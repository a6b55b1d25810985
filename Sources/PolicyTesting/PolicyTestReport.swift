/// What a policy's test found.
public struct PolicyTestReport: Sendable, Encodable {
    public struct Failure: Sendable, Encodable {
        /// `file:line`
        public var place: String
        /// Who asks what.
        public var what: String
        public var differences: [Difference]
        /// Why it was decided as it was.
        public var reason: String
    }

    public struct Difference: Sendable, Encodable {
        public var key: String
        public var expected: String
        public var actual: String
    }

    /// How often a rule was met by the cases.
    public struct Coverage: Sendable, Encodable {
        public var rule: String
        /// `file:line`
        public var place: String
        public var matched: Int
        public var decided: Int
        /// Rules that only mask or limit decide nothing: they are covered when they match.
        public var decides: Bool
        public var isCovered: Bool { decides ? decided > 0 : matched > 0 }
    }

    public var file: String
    public var policy: String
    public var cases: Int
    public var failures: [Failure] = []
    public var coverage: [Coverage]

    /// Whole percent of the rules that are covered.
    public var coveredPercent: Int {
        coverage.isEmpty ? 100 : coverage.count(where: \.isCovered) * 100 / coverage.count
    }

    /// Reports of tests of the same policy, together.
    public static func coverage(of reports: [PolicyTestReport]) -> [(policy: String, coverage: [Coverage])] {
        var result: [(policy: String, coverage: [Coverage])] = []
        for report in reports {
            guard let index = result.firstIndex(where: { $0.policy == report.policy }) else {
                result.append((report.policy, report.coverage))
                continue
            }
            for (number, rule) in report.coverage.enumerated() where number < result[index].coverage.count {
                result[index].coverage[number].matched += rule.matched
                result[index].coverage[number].decided += rule.decided
            }
        }
        return result
    }
}
