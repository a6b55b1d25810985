import Contract
import Detection
import Masking

/// Rules about places within the values of one column.
final class ColumnPaths {
    let names: NameTable
    let kind: DocumentKind
    /// The rule that refuses a reply with a value that cannot be read.
    let refusing: String?

    init(names: NameTable, kind: DocumentKind, refusing: String?) {
        (self.names, self.kind, self.refusing) = (names, kind, refusing)
    }
}

/// Gathers them.
struct PathRules {
    private var rules: [ColumnRule] = []
    private var counters: [Int] = []
    private var seen: Set<Seen> = []
    private var refusing: String?
    private(set) var styles: [Style] = []
    /// In all paths.
    private(set) var steps = 0

    private struct Seen: Hashable {
        let path: String
        let style: Style
    }

    /// - Parameter refusing: the rule's name, when it refuses what cannot be read.
    mutating func add(_ texts: [String], _ style: Style, _ counter: Int, _ refusing: String?) throws(MaskError) {
        self.refusing = self.refusing ?? refusing
        styles.append(style)
        for path in try ValuePath.paths(texts) where seen.insert(Seen(path: path.text, style: style)).inserted {
            rules.append(ColumnRule(path: path, style: style))
            counters.append(counter)
            steps += path.end
        }
    }

    /// Nil when there are none.
    func compiled(_ kind: DocumentKind, _ engine: DetectionEngine?) -> ColumnPaths? {
        guard !rules.isEmpty else { return nil }
        return ColumnPaths(
            names: NameTable(detection: engine, rules: rules, counters: counters), kind: kind, refusing: refusing)
    }
}
