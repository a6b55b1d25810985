import Contract
import Testing

/// Paths as policies write them, and what they name.
@Suite struct ValuePathTests {
    @Test(arguments: [
        "$.user.email", "$.a", "$..ssn", "$.cards[*].number", "$.*.name", "$..*", "$['odd key']", "$[\"odd key\"]",
        "$.a['b']..c[*]['d']", "$[ 'a' ]", "$..['a b']", "$..[*]", "$.größe", "$._a1", "$['a\\u0040\\'\\\"\\\\\\/b']",
        "$['\\ud83d\\ude00']", "$['']", "$['@id']", "$[*].a", "$['$.a']",
    ])
    func areRead(_ text: String) throws { #expect(try ValuePath(text).text == text) }

    @Test(arguments: [
        ("", "begins with $"), ("user.email", "begins with $"), ("$", "the whole value"), ("$[*]", "the whole value"),
        ("$[*][*]", "the whole value"), ("$.", "missing at its end"), ("$..", "missing at its end"),
        ("$.a.", "missing at its end"), ("$...a", "is no name"), ("$a", "cannot stand there"),
        ("$.first-name", "written $['first-name']"), ("$.1a", "does not begin with a letter"), ("$.@id", "is no name"),
        ("$[0]", "no index"), ("$[-1]", "no index"), ("$[1:2]", "no index"), ("$.a[?@.b]", "filters are not supported"),
        ("$['a','b']", "a path for each"), ("$['a'", "“]” is missing at its end"), ("$[", "“]” is missing"),
        ("$['a'x]", "missing before “x]”"), ("$['a", "quote is not closed"), ("$['\\x']", "an escape is none"),
        ("$['\\u00g0']", "an escape is none"), ("$['\\ud800']", "an escape is none"), ("$['\\", "an escape is none"),
        ("$['\\ud800\\u0041']", "an escape is none"), ("$['\\u+041']", "an escape is none"),
        ("$['a\u{1}b']", "control character"), ("$.a b", "cannot stand there"), ("$.a[b]", "a name in quotes"),
        ("$." + String(repeating: "a", count: 1100), "at most 1024 bytes"),
        ("$" + String(repeating: ".a", count: 33), "at most 32 steps"),
    ])
    func mistakesSayWhatIsSupported(_ text: String, _ message: String) {
        let mistake = #expect(throws: ValuePath.Mistake.self) { try ValuePath(text) }
        #expect(mistake?.message.contains(message) == true, "\(mistake?.message ?? "none")")
    }

    /// Names on the way to a value; `0` is an element of an array.
    private func names(_ path: String, _ steps: [String]) throws -> Bool {
        let path = try ValuePath(path)
        var places = Set(path.start)
        for step in steps {
            var next: Set<Int> = []
            for place in places {
                if step == "0" {
                    path.forEachPlace(ofElementFrom: place) { next.insert($0) }
                } else {
                    path.forEachPlace(ofMember: ValuePath.folded(Array(step.utf8)), from: place) { next.insert($0) }
                }
            }
            places = next
        }
        return places.contains(path.end)
    }

    @Test(
        arguments: [
            ("$.a.b", ["a", "b"], true), ("$.a.b", ["A", " B "], true), ("$.a.b", ["a"], false),
            ("$.a.b", ["b"], false), ("$.a.b", ["a", "c", "b"], false), ("$.a.b", ["a", "b", "c"], false),
            ("$.A['ß B']", ["a", "SS b"], false), ("$.A['ß B']", ["a", "ß b "], true), ("$[' a ']", ["a"], true),
            // Arrays are passed through.
            ("$.a.b", ["0", "a", "0", "0", "b", "0"], true), ("$.a[*].b", ["a", "0", "b"], true),
            ("$.a[*].b", ["a", "b"], true), ("$.a[*].b", ["a", "x", "b"], true),
            ("$.a[*].b", ["a", "x", "y", "b"], false),
            ("$.a[*]", ["a"], true), ("$.a.*", ["a"], false), ("$.a.*", ["a", "0"], true), ("$.a.*", ["a", "x"], true),
            ("$.a.*.b", ["a", "0", "b"], true), ("$.a.*.b", ["a", "0", "x", "b"], true), ("$.*.b", ["b"], false),
            ("$..b", ["b"], true), ("$..b", ["a", "0", "c", "b"], true), ("$..b", ["b", "b"], true),
            ("$.a..b", ["a", "b"], true), ("$.a..b", ["a", "x", "y", "b"], true), ("$.a..b", ["x", "a", "b"], false),
            ("$..a.b", ["a", "x", "a", "b"], true), ("$..*", ["x", "y"], true), ("$['']", [""], true),
        ] as [(String, [String], Bool)])
    func name(_ path: String, _ steps: [String], _ expected: Bool) throws {
        #expect(try names(path, steps) == expected)
    }

    @Test(arguments: [
        ("$.a.b", "$.a.b", true), ("$.a", "$.a.b", true), ("$.a.b", "$.a", false), ("$.A", "$['a'].b", true),
        ("$..b", "$.a.b", true), ("$..b", "$..b", true), ("$.a.b", "$..b", false), ("$.a..b", "$.a.x.y.b", true),
        ("$..b", "$.a..b.c", true), ("$.a..b", "$..b", false), ("$.*", "$.a", true), ("$.*", "$..a", false),
        ("$.a", "$.*", false), ("$.a[*].b", "$.a[*].b", true), ("$.a.b", "$.a[*].b", false),
        ("$.a[*].b", "$.a.b", true), ("$.a[*]", "$.a", true), ("$.a", "$.a[*]", true), ("$..*", "$.a.*", true),
        ("$..*", "$..a", true), ("$.a.*", "$.a[*].b", false), ("$.a.*.c", "$.a.*.c", true),
        ("$..a..b", "$..a.x..b", true),
    ])
    func cover(_ path: String, _ other: String, _ expected: Bool) throws {
        #expect(try ValuePath(path).covers(ValuePath(other)) == expected)
    }
}
