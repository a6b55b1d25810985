import Testing

@testable import Detection

/// The scanner reports the ends that the pattern matcher would report of the same expressions.
@Suite struct ShapeScannerTests {
    private static let digits = "[0-9](?:[ ./-]?[0-9]){6}"
    private static let expressions: [(shape: ShapeScanner.Shape, expression: String)] = [
        (.capitalsAndDigits, "[A-Z]{2} ?[0-9]{2} ?[0-9A-Z]{2}"),
        (.dottedNumbers, "[0-9]\\.[0-9]{1,3}\\.[0-9]{1,3}\\.[0-9]"),
        (.hexadecimalGroups, "(?:[0-9A-Fa-f]{1,4}:){7}"),
    ]

    private func ends(_ text: [UInt8], _ scan: (UnsafeRawBufferPointer, inout [Candidate]) throws -> Void) rethrows
        -> [[Int]]
    {
        var candidates: [Candidate] = []
        try text.withUnsafeBytes { try scan($0, &candidates) }
        return candidates.map { [Int($0.end), Int($0.trigger)] }.sorted { $0.lexicographicallyPrecedes($1) }
    }

    @Test(arguments: [
        "0123456789", "01 ./-", "0AB 1", "01.", "ABC 12Z", "09.x", "1:", "0f:", "0Ag:.", "A0 .-:/fx\n", "7 \u{0}9",
        "Zz09",
    ])
    func endsAreThoseOfTheExpressions(_ alphabet: String) throws {
        let bytes = Array(alphabet.utf8)
        let all = try Matcher(
            ([Self.digits] + Self.expressions.map(\.expression)).map { Matcher.Pattern(expression: $0, flags: 0) },
            startsToo: false)
        let triggers = Self.expressions.enumerated().map { ($1.shape, UInt32($0 + 1)) }
        let scanner = ShapeScanner(digits: (7, 0), triggers: Dictionary(uniqueKeysWithValues: triggers))
        var random = SeededGenerator(seed: 11)
        for round in 0..<3000 {
            let text = (0..<Int.random(in: 0...(round % 10 == 0 ? 400 : 40), using: &random)).map { _ in
                bytes.randomElement(using: &random)!
            }
            let expected = try ends(text) { try all.scan($0, into: &$1) }
            #expect(
                try ends(text) { try scanner.scan($0, into: &$1) } == expected,
                "\(String(decoding: text, as: UTF8.self))")
        }
    }

    /// Each by itself: where it passes over bytes depends on what is looked for.
    @Test(arguments: 0..<4) func shapesAloneAreFoundToo(_ chosen: Int) throws {
        let expression = chosen == 0 ? "[0-9](?:[ ./-]?[0-9]){12}" : Self.expressions[chosen - 1].expression
        let matcher = try Matcher([Matcher.Pattern(expression: expression, flags: 0)], startsToo: false)
        let scanner =
            chosen == 0
            ? ShapeScanner(digits: (13, 0), triggers: [:])
            : ShapeScanner(digits: nil, triggers: [Self.expressions[chosen - 1].shape: 0])
        var random = SeededGenerator(seed: UInt64(chosen))
        let examples = Detector.all.flatMap(\.examples).map { Array($0.text.utf8) }
        for _ in 0..<2000 {
            var text: [UInt8] = []
            while text.count < 60 {
                text += examples.randomElement(using: &random)!
                text.append(UInt8.random(in: 0...255, using: &random))
                if Bool.random(using: &random) { text.removeFirst(Int.random(in: 0..<text.count, using: &random)) }
            }
            let expected = try ends(text) { try matcher.scan($0, into: &$1) }
            #expect(
                try ends(text) { try scanner.scan($0, into: &$1) } == expected,
                "\(String(decoding: text, as: UTF8.self))")
        }
    }
}
