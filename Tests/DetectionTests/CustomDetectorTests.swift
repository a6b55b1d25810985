import Testing

@testable import Detection

@Suite struct CustomDetectorTests {
    private func found(
        _ text: String, _ custom: [CustomDetector], _ dictionaries: [CustomDictionary] = [], column: String = ""
    ) throws -> [String] {
        let engine = try DetectionEngine(entities: [], custom: custom, dictionaries: dictionaries)
        var findings: [Finding] = []
        let bytes = Array(text.utf8)
        try bytes.withUnsafeBytes {
            try engine.findings(in: $0, context: engine.context(column: column), into: &findings)
        }
        return findings.map { "\(engine.name(of: $0.entity))=\(String(decoding: bytes[$0.range], as: UTF8.self))" }
    }

    @Test func patternsAreFoundWhole() throws {
        let badge = CustomDetector(entity: "badge", pattern: "EMP-[0-9]{3,6}")
        #expect(try found("see EMP-12345, EMP-77 and EMP-777", [badge]) == ["badge=EMP-12345", "badge=EMP-777"])
        let any = CustomDetector(entity: "badge", pattern: "emp-[0-9]+", isCaseSensitive: false)
        #expect(try found("EmP-1", [any]) == ["badge=EmP-1"])
    }

    @Test func patternsMayAskWhereAValueStartsAndEnds() throws {
        let whole = CustomDetector(entity: "code", pattern: "^[A-Z]{3}$")
        let engine = try DetectionEngine(entities: [.email], custom: [whole])
        #expect(engine.looksAtEveryValue)
        let bytes = Array("0ABC0".utf8)
        try bytes.withUnsafeBytes { raw in
            var findings: [Finding] = []
            try engine.verify([], in: raw, scope: 1..<4, into: &findings)
            #expect(findings.map(\.range) == [1..<4])
            findings = []
            try engine.verify([], in: raw, scope: 0..<4, into: &findings)
            #expect(findings.isEmpty)
        }
    }

    @Test(arguments: [
        (CustomDetector.Validator.luhn, "N-4111111111111111", "N-4111111111111112"),
        (.verhoeff, "N-2363", "N-2364"),
        (.mod97, "XX00ABCD", ""),
        (.entropy, "N-9f86d081884c7d659a2feaa0c55ad015", "N-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
        (.none, "N-1", ""),
    ])
    func validators(validator: CustomDetector.Validator, right: String, wrong: String) throws {
        let detector = CustomDetector(entity: "number", pattern: "(N-[0-9a-f]+|DE[0-9]{20})", validator: validator)
        switch validator {
        case .mod97:
            #expect(try found("DE89370400440532013000", [detector]) == ["number=DE89370400440532013000"])
            #expect(try found("DE88370400440532013000", [detector]) == [])
        case .none, .luhn, .verhoeff, .entropy:
            #expect(try found(right, [detector]) == ["number=" + right])
            if !wrong.isEmpty { #expect(try found(wrong, [detector]) == []) }
        }
    }

    @Test func contextWordsAreNearOrInTheColumnsName() throws {
        let detector = CustomDetector(entity: "room", pattern: "[0-9]{4}", context: ["room", "Zimmer Nr"])
        #expect(try found("room 1234", [detector]) == ["room=1234"])
        #expect(try found("1234 (ROOM)", [detector]) == ["room=1234"])
        #expect(try found("zimmer nr 1234", [detector]) == ["room=1234"])
        #expect(try found("1234", [detector]) == [])
        #expect(try found("mushroom 1234", [detector]) == [])
        #expect(try found("room" + String(repeating: " ", count: 80) + "1234", [detector]) == [])
        #expect(try found("1234", [detector], column: "hotel_room") == ["room=1234"])
        #expect(try found("1234", [detector], column: "zimmerNr") == ["room=1234"])
        #expect(try found("1234", [detector], column: "mushroom") == [])
    }

    private static let spaces = [
        " ", "  ", "\t", "\n", "\r\n  ", "\u{a0}", "\u{2003}\u{3000}", " \u{202f}\n",
        String(repeating: " ", count: 256),
    ]

    @Test(arguments: spaces)
    func partsOfAWordStandApartByAnyWhiteSpace(space: String) throws {
        let words = ["Night Hawk", "Bank of the North", "a\u{a0}b", "Night", "Zoë Ünal"]
        let projects = CustomDictionary(entity: "project", words: words)
        for word in words {
            let written = word.split(whereSeparator: \.isWhitespace).joined(separator: space)
            #expect(try found("(\(written))", [], [projects]) == ["project=\(written)"])
        }
        #expect(try found("NIGHT\(space)hawk", [], [projects]) == ["project=NIGHT\(space)hawk"])
        #expect(try found("Nights\(space)Hawk Night\(space)Hawks", [], [projects]) == ["project=Night"])
        let exact = CustomDictionary(entity: "project", words: ["Night Hawk"], isCaseSensitive: true)
        #expect(try found("NIGHT\(space)Hawk Night\(space)Hawk", [], [exact]) == ["project=Night\(space)Hawk"])
    }

    @Test func partsOfAWordStandApartBySpaceAlone() throws {
        let projects = CustomDictionary(entity: "project", words: ["Night Hawk"])
        for between in ["", "-", "_", "\u{200b}", " - ", String(repeating: " ", count: 257)] {
            #expect(try found("Night\(between)Hawk", [], [projects]) == [])
        }
        #expect(try found("Hawk", [], [projects]) == [])
        #expect(try found("Night ", [], [projects]) == [])
    }

    /// Whatever part of a word the matcher looks for.
    @Test func wordsThatShareParts() throws {
        let words = (0..<40).flatMap { first in (0..<40).map { "first\(first)x of last\($0)x" } }
        let names = CustomDictionary(entity: "name", words: words)
        #expect(
            try found("first1x  of last2x, last3x of first4x first39x\tof\nlast39x", [], [names])
                == ["name=first1x  of last2x", "name=first39x\tof\nlast39x"])
    }

    @Test(arguments: spaces)
    func contextOfSeveralWordsStandsApartByAnyWhiteSpace(space: String) throws {
        let detector = CustomDetector(entity: "room", pattern: "[0-9]{4}", context: ["Zimmer Nr"])
        let isNear = space.utf8.count < 54
        #expect(try found("zimmer\(space)NR 1234", [detector]) == (isNear ? ["room=1234"] : []))
        #expect(try found("1234 Zimmer\(space)Nr", [detector]) == (isNear ? ["room=1234"] : []))
        #expect(try found("zimmer\(space)nrs 1234", [detector]) == [])
    }

    @Test func dictionariesFindWholeWords() throws {
        let projects = CustomDictionary(entity: "project", words: ["Blue Heron", "zephyr"])
        #expect(
            try found("BLUE HERON, Zephyr; zephyrs", [], [projects]) == ["project=BLUE HERON", "project=Zephyr"])
        let exact = CustomDictionary(entity: "project", words: ["Zephyr"], isCaseSensitive: true)
        #expect(try found("zephyr Zephyr", [], [exact]) == ["project=Zephyr"])
        let many = CustomDictionary(entity: "project", words: (0..<5000).map { "word\($0)x" })
        #expect(try found("word17x word4999x word5000x", [], [many]) == ["project=word17x", "project=word4999x"])
    }

    @Test func knownEntitiesAreMeantByTheirNames() throws {
        let engine = try DetectionEngine(
            entities: [.email],
            custom: [
                CustomDetector(entity: "secret", pattern: "K[0-9]{5}"), CustomDetector(entity: "a", pattern: "A[0-9]"),
                CustomDetector(entity: "b", pattern: "B[0-9]"), CustomDetector(entity: "a", pattern: "a[0-9]"),
            ])
        #expect(engine.entities.map { engine.name(of: $0) } == ["email", "a", "b"])
        var findings: [Finding] = []
        try Array("K12345 a1 B2 A3 x@y.org".utf8).withUnsafeBytes { try engine.findings(in: $0, into: &findings) }
        #expect(findings.map { engine.name(of: $0.entity) } == ["secret", "a", "b", "a", "email"])
        #expect(findings[0].entity == .secret)
    }

    @Test(arguments: [
        (CustomDetector(entity: "Bad", pattern: "x"), "an entity's name"),
        (CustomDetector(entity: "", pattern: "x"), "an entity's name"),
        (CustomDetector(entity: "a", pattern: ""), "1 to 1024 bytes"),
        (CustomDetector(entity: "a", pattern: String(repeating: "x", count: 1025)), "1 to 1024 bytes"),
        (CustomDetector(entity: "a", pattern: "("), "custom detector 1 (a): "),
        (CustomDetector(entity: "a", pattern: "x*"), "custom detector 1 (a): "),
        (CustomDetector(entity: "a", pattern: "(x)\\1"), "custom detector 1 (a): "),
        (CustomDetector(entity: "a", pattern: "x", context: [""]), "1 to 64 bytes"),
        (CustomDetector(entity: "a", pattern: "x", context: Array(repeating: "w", count: 33)), "there may be 32"),
    ])
    func whatCannotBeUsedIsNamed(detector: CustomDetector, message: String) {
        let error = #expect(throws: DetectionError.self) { try DetectionEngine(entities: [.email], custom: [detector]) }
        #expect(error?.code == .custom)
        #expect(error?.message.contains(message) == true, "\(error?.message ?? "")")
    }

    @Test func everyPatternKeepsItsLongestMatchWhateverComesBetween() throws {
        let patterns = ["[A-Za-z0-9+/=]{20,}", "[A-Za-z0-9+/]{24,}"].map {
            CustomDetector(entity: "blob", pattern: $0, validator: .entropy).matcherPattern
        }
        let matcher = try Matcher(patterns, startsToo: true)
        var matches: [Matcher.Match] = []
        for count in [100, 16 << 10] {
            let line = Array(repeating: Array("q7Rk0+Zx".utf8), count: count / 8).joined()
            try Array(line).withUnsafeBytes { try matcher.scan($0, into: &matches) }
            #expect(matches.map(\.pattern).sorted() == [0, 1])
            #expect(matches.allSatisfy { $0.range == 0..<line.count })
        }
    }

    /// More matches than one scan may have in a few ten thousand bytes.
    private static let greedy = (0..<32).map { CustomDetector(entity: "d\($0)", pattern: "[a-z]{\($0 + 2)}") }

    @Test func tooManyMatchesAreAFailureAndNoFinding() throws {
        let engine = try DetectionEngine(entities: [.email], custom: Self.greedy)
        var findings = [Finding(entity: .phone, range: 0..<1)]
        var text = Array(repeating: UInt8(ascii: "a"), count: 40_000)
        text.withUnsafeBytes { bytes in
            #expect(throws: DetectionError.self) { try engine.findings(in: bytes, into: &findings) }
            #expect(throws: DetectionError.self) {
                try engine.verify([], in: bytes, scope: 0..<bytes.count, into: &findings)
            }
        }
        #expect(findings == [Finding(entity: .phone, range: 0..<1)])
        #expect(engine.custom?.matches.capacity == 0)
        text.removeSubrange(100...)
        try text.withUnsafeBytes { try engine.findings(in: $0, into: &findings) }
        #expect(findings.count > 1)
    }

    @Test func countsAreBounded() {
        let one = CustomDetector(entity: "a", pattern: "x")
        #expect(throws: DetectionError.self) {
            try DetectionEngine(entities: [], custom: Array(repeating: one, count: CustomDetector.maximumCount + 1))
        }
        let words = (0...CustomDictionary.maximumWords).map { "w\($0)" }
        #expect(throws: DetectionError.self) {
            try DetectionEngine(entities: [], dictionaries: [CustomDictionary(entity: "a", words: words)])
        }
        #expect(throws: DetectionError.self) {
            try DetectionEngine(entities: [], dictionaries: [CustomDictionary(entity: "a", words: ["x"])])
        }
    }
}
