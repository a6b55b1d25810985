/// What rules about one value come to.
struct ValueRule {
    let style: Style
    /// What each of them asks for.
    let styles: [Style]
    /// Whose count it is.
    let counter: Int
}

/// Rules by number, and what several of them come to where they meet.
struct MergedRules {
    /// Sets of rules; beyond so many all rules count as meeting.
    private static let maximumMeetings = 4096

    /// Those given, for each of them one that redacts, then those that several come to.
    private(set) var rules: [ValueRule]
    private let count: Int
    private var numbers: [[Int]: Int] = [:]

    init(_ rules: [ValueRule]) {
        self.rules =
            rules + rules.map { ValueRule(style: .redact, styles: [.redact, .null], counter: $0.counter) }
        count = rules.count
    }

    /// The rule that stands for a value of which a rule's path tells nothing.
    func redacting(_ number: Int) -> Int { count + number }

    /// - Parameter meeting: ascending.
    mutating func rule(of meeting: [Int]) -> Int? {
        guard meeting.count > 1 else { return meeting.first }
        if let known = numbers[meeting] { return known }
        let meeting = numbers.count > MergedRules.maximumMeetings ? Array(0..<count) : meeting
        if let known = numbers[meeting] { return known }
        guard let first = meeting.max(by: { rules[$0].style < rules[$1].style }) else { return nil }
        let styles = meeting.flatMap { rules[$0].styles }
        rules.append(ValueRule(style: styles.merged(on: .text) ?? .null, styles: styles, counter: rules[first].counter))
        numbers[meeting] = rules.count - 1
        return rules.count - 1
    }
}
