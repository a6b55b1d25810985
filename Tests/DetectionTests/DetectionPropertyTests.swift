import Testing

@testable import Detection

@Suite struct DetectionPropertyTests {
    /// Parts of examples and bytes at random, so that near misses of every detector come up.
    private static func text(_ random: inout SeededGenerator, length: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < length {
            switch Int.random(in: 0..<5, using: &random) {
            case 0:
                bytes += (0..<Int.random(in: 1...6, using: &random)).map { _ in
                    UInt8.random(in: 0...255, using: &random)
                }
            case 1: bytes += Array(" ,.-/:;\"'()\n\t=@+".utf8.randomElement(using: &random).map { [$0] } ?? [])
            case 2:
                let example = Array(
                    Detector.all.randomElement(using: &random)!.examples.randomElement(using: &random)!.text.utf8)
                let start = Int.random(in: 0..<example.count, using: &random)
                bytes += example[start..<Int.random(in: start...example.count, using: &random)]
            case 3:
                bytes += Array(
                    Topic.allCases.randomElement(using: &random)!.phrases.randomElement(using: &random)?.utf8 ?? "".utf8
                )
            case _: bytes += Array(Detector.all.randomElement(using: &random)!.examples[0].text.utf8)
            }
        }
        return bytes
    }

    @Test func findingsOfAnyBytesAreInOrderAndInside() throws {
        let engine = try DetectionEngine(
            entities: Entity.all, custom: [CustomDetector(entity: "x", pattern: "[a-z]{3}[0-9]", context: ["ssn"])],
            dictionaries: [CustomDictionary(entity: "y", words: ["ab", "4111"])])
        var random = SeededGenerator(seed: 5)
        for round in 0..<1500 {
            let bytes =
                round % 3 == 0
                ? (0..<Int.random(in: 0...300, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
                : Self.text(&random, length: Int.random(in: 0...300, using: &random))
            let context = engine.context(
                column: ["", "ssn", "password", "phone", "name", "iban", "dob"].randomElement(using: &random)!)
            try bytes.withUnsafeBytes { raw in
                var findings: [Finding] = []
                try engine.findings(in: raw, context: context, into: &findings)
                var end = 0
                for finding in findings {
                    #expect(finding.range.lowerBound >= end && !finding.range.isEmpty)
                    end = finding.range.upperBound
                }
                #expect(end <= raw.count)
                var again: [Finding] = []
                try engine.findings(in: raw, context: context, into: &again)
                #expect(again == findings)
            }
        }
    }

    /// One scan over many fields and a scan of each field by itself find the same.
    @Test func fieldsAreJudgedByThemselves() throws {
        let engine = try DetectionEngine(entities: Entity.all)
        var random = SeededGenerator(seed: 6)
        for _ in 0..<600 {
            let bytes = Self.text(&random, length: 400)
            var cuts = (0..<6).map { _ in Int.random(in: 0...bytes.count, using: &random) }
            cuts.sort()
            cuts = [0] + cuts + [bytes.count]
            try bytes.withUnsafeBytes { raw in
                var candidates: [Candidate] = []
                try engine.appendCandidates(in: raw, to: &candidates)
                for (lower, upper) in zip(cuts, cuts.dropFirst()) {
                    var together: [Finding] = []
                    let inside = candidates.filter { Int($0.end) > lower && Int($0.end) <= upper }
                    try engine.verify(inside[...], in: raw, scope: lower..<upper, into: &together)
                    var alone: [Finding] = []
                    try engine.findings(in: UnsafeRawBufferPointer(rebasing: raw[lower..<upper]), into: &alone)
                    let moved = alone.map {
                        $0.with($0.range.lowerBound + lower..<$0.range.upperBound + lower)
                    }
                    #expect(together == moved, "\(String(decoding: raw[lower..<upper], as: UTF8.self))")
                }
            }
        }
    }

    /// Text that is longer than one scan is read in pieces: findings on their borders are whole.
    @Test func longTextsAreFoundAsShortOnesAre() throws {
        let engine = try DetectionEngine(entities: [.creditCard, .email, .secret, .privateKey])
        let parts = [
            "4111 1111 1111 1111", "alice@example.com", "ghp_" + "abcdefghijklmnopqrstuvwxyz0123456789",
            "-----BEGIN " + "PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----",
        ]
        for part in parts {
            for offset in [1, part.utf8.count / 2, part.utf8.count - 1] {
                var bytes = [UInt8](repeating: 0x20, count: DetectionEngine.maximumPiece - offset)
                let start = bytes.count
                bytes += Array(part.utf8) + [0x20]
                var findings: [Finding] = []
                try bytes.withUnsafeBytes { try engine.findings(in: $0, into: &findings) }
                #expect(findings.map(\.range) == [start..<start + part.utf8.count], "\(part) \(offset)")
            }
        }
    }
}
