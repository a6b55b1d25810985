import PolicyTesting

/// What another policy would have decided otherwise, for people.
struct PolicyDifferenceTable {
    let compared: Int
    let summary: PolicyDifferenceSummary

    /// Longest command shown; JSON has the whole text.
    private static let longestCommand = 100
    /// Most names shown in one cell.
    private static let mostNames = 2

    func print() {
        if !summary.decisions.isEmpty {
            let rows = summary.decisions.map { group in
                ["\(group.old.decision) → \(group.new.decision)", group.new.rule.isEmpty ? "no rule" : group.new.rule]
                    + cells(of: group)
            }
            TextTable(columns: ["DECISION", "BY"] + Self.columns, rows: rows).print()
            Swift.print("")
        }
        if !summary.terms.isEmpty {
            let rows = summary.terms.map { group in
                ["still \(group.new.decision)", group.old.differences(to: group.new).joined(separator: ", ")]
                    + cells(of: group)
            }
            TextTable(columns: ["DECISION", "NOW WITH"] + Self.columns, rows: rows).print()
            Swift.print("")
        }
        let changed = count(summary.decisions)
        Swift.print("\(changed) of \(compared) recorded commands would be decided otherwise")
        let terms = count(summary.terms)
        if terms > 0 { Swift.print("\(terms) would keep their decision, with other approvers, masks or limits") }
        if summary.untouched > 0 {
            Swift.print(
                "\(summary.untouched) not shown: other masks or limits that are nothing to them (BEGIN, SET, no masked output)"
            )
        }
    }

    private static let columns = ["COUNT", "IDENTITY", "RESOURCE", "SESSION", "COMMAND"]

    private func cells(of group: PolicyDifferenceSummary.Group) -> [String] {
        let more = group.identities.count - Self.mostNames
        let names = group.identities.prefix(Self.mostNames).joined(separator: ", ")
        return [
            String(group.count), more > 0 ? "\(names) and \(more) more" : names, group.resource, group.session,
            Self.command(group),
        ]
    }

    /// On one line, and cut.
    private static func command(_ group: PolicyDifferenceSummary.Group) -> String {
        let words = group.text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        let text = words.count > longestCommand ? words.prefix(longestCommand) + "…" : words
        return group.texts > 1 ? "\(text) (\(group.texts) texts)" : text
    }

    private func count(_ groups: [PolicyDifferenceSummary.Group]) -> Int { groups.reduce(0) { $0 + $1.count } }
}
