import Testing

@testable import Detection

/// The scanner reports every end of what the expressions say. The pattern matcher is no measure: it misses some dotted numbers in
/// a set of few expressions.
@Suite struct ShapeScannerTests {
    private static let shapes: [ShapeScanner.Shape] = [.capitalsAndDigits, .dottedNumbers, .hexadecimalGroups]

    /// Where the parts, each of which takes one byte of so many or none, can end from `start` on.
    private func ends(_ parts: [(Range<Int>, (UInt8) -> Bool)], _ text: [UInt8], from start: Int) -> Set<Int> {
        var places: Set<Int> = [start]
        for (count, isOf) in parts {
            var next: Set<Int> = []
            for place in places {
                var end = place
                for taken in 0..<count.upperBound {
                    if taken >= count.lowerBound { next.insert(end) }
                    guard end < text.count, isOf(text[end]) else { break }
                    end += 1
                }
            }
            places = next
        }
        return places
    }

    private func expected(_ shape: ShapeScanner.Shape?, digits: Int, _ text: [UInt8]) -> Set<Int> {
        let digit = (1..<2, { (byte: UInt8) in byte.isDigit })
        let dot = (1..<2, { (byte: UInt8) in byte == 0x2e })
        let space = (0..<2, { (byte: UInt8) in byte == 0x20 })
        let parts: [(Range<Int>, (UInt8) -> Bool)] =
            switch shape {
            case .capitalsAndDigits:
                [(2..<3, { $0.isUpper }), space, (2..<3, { $0.isDigit }), space, (2..<3, { $0.isDigit || $0.isUpper })]
            case .dottedNumbers: [digit, dot, (1..<4, { $0.isDigit }), dot, (1..<4, { $0.isDigit }), dot, digit]
            case .hexadecimalGroups:
                (0..<7).flatMap { _ in [(1..<5, { $0.isHexadecimal }), (1..<2, { $0 == 0x3a })] }
            case nil: [digit] + (1..<digits).flatMap { _ in [(0..<2, { " ./-".utf8.contains($0) }), digit] }
            }
        return text.indices.reduce(into: []) { $0.formUnion(ends(parts, text, from: $1)) }
    }

    private func found(_ scanner: ShapeScanner, _ text: [UInt8]) throws -> [UInt32: Set<Int>] {
        var candidates: [Candidate] = []
        try text.withUnsafeBytes { try scanner.scan($0, into: &candidates) }
        return Dictionary(grouping: candidates, by: \.trigger).mapValues { Set($0.map { Int($0.end) }) }
    }

    @Test(arguments: [
        "0123456789", "01 ./-", "0AB 1", "01.", "ABC 12Z", "09.x", "1:", "0f:", "0Ag:.", "A0 .-:/fx\n", "7 \u{0}9",
        "Zz09",
    ])
    func everyEndIsFound(_ alphabet: String) throws {
        let bytes = Array(alphabet.utf8)
        let triggers = Self.shapes.enumerated().map { ($1, UInt32($0 + 1)) }
        let scanner = ShapeScanner(digits: (7, 0), triggers: Dictionary(uniqueKeysWithValues: triggers))
        var random = SeededGenerator(seed: 11)
        for round in 0..<300 {
            let text = (0..<Int.random(in: 0...(round % 10 == 0 ? 300 : 40), using: &random)).map { _ in
                bytes.randomElement(using: &random)!
            }
            let ends = try found(scanner, text)
            for (number, shape) in ([nil] + Self.shapes).enumerated() {
                #expect(
                    ends[UInt32(number)] ?? [] == expected(shape, digits: 7, text),
                    "\(String(decoding: text, as: UTF8.self))")
            }
        }
    }

    /// Each by itself: where it passes over bytes depends on what is looked for.
    @Test(arguments: 0..<4) func shapesAloneAreFoundToo(_ chosen: Int) throws {
        let shape = chosen == 0 ? nil : Self.shapes[chosen - 1]
        let scanner = ShapeScanner(digits: shape == nil ? (13, 0) : nil, triggers: shape.map { [$0: 0] } ?? [:])
        var random = SeededGenerator(seed: UInt64(chosen))
        let examples = Detector.all.flatMap(\.examples).map { Array($0.text.utf8) }
        for _ in 0..<300 {
            var text: [UInt8] = []
            while text.count < 60 {
                text += examples.randomElement(using: &random)!
                text.append(UInt8.random(in: 0...255, using: &random))
                if Bool.random(using: &random) { text.removeFirst(Int.random(in: 0..<text.count, using: &random)) }
            }
            #expect(
                try found(scanner, text)[0] ?? [] == expected(shape, digits: 13, text),
                "\(String(decoding: text, as: UTF8.self))")
        }
    }
}
