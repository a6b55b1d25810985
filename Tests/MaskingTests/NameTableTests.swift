import Contract
import Testing

@testable import Masking

/// What is remembered of steps through documents.
@Suite struct NameTableTests {
    /// A way of more different steps than are remembered comes to what each of them comes to anew.
    @Test func stepsAreWhatTheyAreWithoutMemory() throws {
        let rules = [
            ColumnRule(path: try ValuePath("$..a" + String(repeating: ".*", count: 14) + ".x"), style: .redact),
            ColumnRule(path: try ValuePath("$..a[*].*..x"), style: .redact),
        ]
        let table = NameTable(detection: nil, rules: rules)
        var seed = Seeded(3)
        var standing = table.root
        var places: Set<PlaceSet> = []
        for step in 0..<12_000 {
            if step.isMultiple(of: 100) { standing = table.root }
            let fresh = NameTable(detection: nil, rules: rules)
            let before = standing
            if seed.number(below: 8) == 0 {
                standing = table.standing(ofElementIn: before)
                let expected = fresh.standing(ofElementIn: before)
                #expect(standing.places == expected.places && (standing.rule == nil) == (expected.rule == nil))
            } else {
                let name = Array(["a", "b", "x", "\(step)"][seed.number(below: 4)].utf8)
                standing = table.standing(table.meaning(of: name), enclosing: [], in: before)
                let expected = fresh.standing(fresh.meaning(of: name), enclosing: [], in: before)
                #expect(standing.places == expected.places && (standing.rule == nil) == (expected.rule == nil))
            }
            places.insert(standing.places)
        }
        #expect(places.count > 4096)
    }
}
