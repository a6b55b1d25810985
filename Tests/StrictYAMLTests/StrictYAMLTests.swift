import StrictYAML
import Testing

@Suite("Strict YAML")
struct StrictYAMLTests {
    private func mapping(_ text: String) throws -> StrictMapping {
        try StrictNode.parse(text, file: "f.yaml").mapping()
    }

    private func failure(_ text: String, _ read: (inout StrictMapping) throws -> Void) -> ConfigurationError? {
        do {
            var keys = try mapping(text)
            try read(&keys)
            return nil
        } catch let error as ConfigurationError {
            return error
        } catch {
            Issue.record(error)
            return nil
        }
    }

    @Test func readsTypedValues() throws {
        var keys = try mapping("text: hello\nnumber: 7\nflag: true\nwait: 15m\nlist: [a, b]\none: a\nnothing: ~\n")
        #expect(try keys.required("text").string() == "hello")
        #expect(try keys.required("number").int(in: 1...9) == 7)
        #expect(try keys.required("flag").bool())
        #expect(try keys.required("wait").seconds() == 900)
        #expect(try keys.required("list").strings() == ["a", "b"])
        #expect(try keys.required("one").strings() == ["a"])
        #expect(keys.optional("nothing") == nil)
        try keys.finish()
    }

    @Test func unknownKeyIsPlacedAndNamesTheNearest() {
        let error = failure("replicas: 1\nreplcias: 2\n") { keys in
            _ = keys.optional("replicas")
            try keys.finish()
        }
        #expect(error?.description == "f.yaml:2:1: unknown key “replcias”; did you mean “replicas”?")
    }

    @Test func everyUnknownKeyIsTold() {
        let error = failure("a: 1\nzzz: 1\nb: 2\nyyy: 3\n") { keys in
            _ = keys.optional("a")
            _ = keys.optional("b")
            try keys.finish()
        }
        #expect(error?.description == "f.yaml:2:1: unknown key “zzz”; known keys: a, b (and 1 more mistake)")
        #expect(error?.all.map(\.line) == [2, 4])
        #expect(error?.all.allSatisfy { $0.others.isEmpty } == true)
    }

    @Test func aMissingKeyThatIsWrittenWrongIsToldOnce() {
        let error = failure("stat: x\n") { keys in
            var mistakes = Mistakes()
            mistakes.attempt(try Self.required("state", &keys))
            mistakes.attempt(try Self.finish(keys))
            try mistakes.finish()
        }
        #expect(error?.all.map(\.message) == ["unknown key “stat”; did you mean “state”?"])
    }

    private static func required(_ key: String, _ keys: inout StrictMapping) throws(ConfigurationError) -> String {
        try keys.required(key).string()
    }
    private static func finish(_ keys: StrictMapping) throws(ConfigurationError) { try keys.finish() }

    @Test func mistakesComeFileByFileFromTheTopEachOnce() {
        var mistakes = Mistakes()
        #expect(mistakes.isEmpty && mistakes.error == nil)
        let places = [("b", 9), ("a", 2), ("b", 3), ("b", 9), ("a", 1)]
        for (file, line) in places {
            mistakes.add(ConfigurationError(file: file, line: line, column: 1, message: "wrong"))
        }
        var other = Mistakes()
        other.add(ConfigurationError(file: "c", message: "is missing"))
        mistakes.add(other)
        let error = mistakes.error
        #expect(error?.description == "b:3:1: wrong (and 4 more mistakes)")
        #expect(
            error?.all.map(\.description) == [
                "b:3:1: wrong", "b:9:1: wrong", "a:1:1: wrong", "a:2:1: wrong", "c: is missing",
            ])
        #expect(error?.all.first?.warning == "b:3:1: warning: wrong")
    }

    @Test func mistakesAreBounded() {
        var mistakes = Mistakes()
        for line in 1...(Mistakes.maximum + 5) {
            mistakes.add(ConfigurationError(file: "f", line: line, column: 1, message: "wrong"))
        }
        #expect(mistakes.error?.all.count == Mistakes.maximum)
    }

    @Test func unknownKeyFarFromAllListsThem() {
        let error = failure("zzz: 1\n") { keys in
            _ = keys.optional("state")
            try keys.finish()
        }
        #expect(error?.message == "unknown key “zzz”; known keys: state")
    }

    @Test func missingKeyIsPlaced() {
        let error = failure("a: 1\n") { keys in _ = try keys.required("b") }
        #expect(error?.description == "f.yaml:1:1: missing key “b”")
    }

    @Test func aMissingKeyThatIsWrittenWrongIsNamed() {
        let error = failure("state: x\nlistners: y\n") { keys in
            _ = try keys.required("state")
            _ = try keys.required("listeners")
        }
        #expect(error?.description == "f.yaml:2:1: unknown key “listners”; did you mean “listeners”?")
    }

    @Test(arguments: [
        "a: 1\na: 2\n", "a: &x 1\nb: *x\n", "a: [1\n", "\tx: 1\n", "a: 1\n---\nb: 2\n", "", "a: b: c\n",
    ])
    func refusesWhatIsNotOnePlainDocument(_ text: String) {
        #expect(throws: ConfigurationError.self) { try StrictNode.parse(text, file: "f.yaml") }
    }

    @Test(arguments: ["[&x 1, *x]", "{a: &x [1], b: *x}", "a: &x\n  b: 1\nc: *x\n", "- &x a\n- *x\n"])
    func refusesAliases(_ text: String) {
        #expect(throws: ConfigurationError.self) { try StrictNode.parse(text, file: "f.yaml") }
    }

    @Test(arguments: [
        "a:\nb:\n  -\n  - x\nc: {d, e: }\n", "- - 1\n  - 2\n- a: 1\n  b: [ [], {} ]\n", "? a\n? b\n",
        "a: |\n  x\n  y\nb: 'z'\n",
    ])
    func readsEveryShape(_ text: String) throws {
        _ = try StrictNode.parse(text, file: "f.yaml")
    }

    @Test func refusesDeepNesting() {
        let text = String(repeating: "[", count: 100) + String(repeating: "]", count: 100)
        #expect(throws: ConfigurationError.self) { try StrictNode.parse(text, file: "f.yaml") }
    }

    @Test(arguments: ["yes", "on", "\"true\"", "1", "[true]"])
    func onlyPlainTrueAndFalseAreBooleans(_ text: String) {
        #expect(failure("a: \(text)\n") { keys in _ = try keys.required("a").bool() }?.line == 1)
    }

    @Test(arguments: ["0", "10", "-1", "x", "1.0", "99999999999999999999"])
    func numbersOutsideTheRangeAreRefused(_ text: String) {
        #expect(failure("a: \(text)\n") { keys in _ = try keys.required("a").int(in: 1...9) }?.column == 4)
    }

    @Test(arguments: ["30", "s", "-1s", "1w", "9223372036854775807d", "1.5h", ""])
    func durationsNeedANumberAndAUnit(_ text: String) {
        #expect(StrictNode.seconds(parsing: text) == nil)
    }

    private enum Word: String, CaseIterable { case refuse, partial, hash }

    @Test(arguments: [
        ("refused", "“refused” is not known here; did you mean “refuse”? Use one of refuse, partial, hash"),
        ("other", "“other” is not known here: use one of refuse, partial, hash"),
    ])
    func unknownValuesNameTheNearest(_ text: String, _ expected: String) {
        #expect(
            failure("a: \(text)\n") { keys in _ = try keys.required("a").choice(of: Word.self) }?.message == expected)
        #expect(failure("a: hash\n") { keys in _ = try keys.required("a").choice(of: Word.self) } == nil)
    }

    @Test func longListsAreNotPrinted() throws {
        let node = try StrictNode.parse("x", file: "f.yaml")
        let words = (0..<100).map { "word\($0)" }
        #expect(
            node.unknown("word9x", among: words).description
                == "f.yaml:1:1: “word9x” is not known here; did you mean “word9”?")
        #expect(node.unknown("none", among: words).message == "“none” is not known here")
        #expect(node.unknown("none", among: []).message == "“none” is not known here")
        let some = (10..<30).map { "word\($0)" }
        #expect(node.unknown("wrd11", among: some).message == "“wrd11” is not known here; did you mean “word11”?")
        #expect(node.unknown("none", among: some).message.hasSuffix("word28, word29"))
    }

    @Test func missingFileIsNamed() {
        #expect(throws: ConfigurationError.self) { try StrictNode.load(path: "/nonexistent/sluice.yaml") }
    }
}
