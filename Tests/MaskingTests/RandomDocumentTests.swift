import Contract
import Foundation
import Masking
import Testing

/// Documents made from seeds: what is sensitive in them is replaced, and every other byte is as it was.
@Suite struct RandomDocumentTests {
    private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    @Test(arguments: DocumentFormat.allCases)
    func nothingElseChanges(_ format: DocumentFormat) throws {
        let rules = try plan(detect: Expected.entities)
        for seed in 0..<300 {
            let expected = Expected.random(format, seed: seed)
            let masked = mask(expected.document, format, rules).output
            #expect(
                masked == expected.masked,
                "\(seed)\n\(text(expected.document))\n--- masked\n\(text(masked))\n--- expected\n\(text(expected.masked))"
            )
            for value in expected.values { #expect(!text(masked).contains(value), "\(seed)") }
        }
    }

    @Test(arguments: DocumentFormat.allCases)
    func cutsDoNotMatter(_ format: DocumentFormat) throws {
        let rules = try plan(detect: Expected.entities)
        for seed in 0..<12 {
            let document = Expected.random(format, seed: seed).document
            let whole = mask(document, format, rules)
            let found = find(document, format, rules)
            for cut in document.indices {
                let cuts = mask(document, format, rules, cuts: [cut])
                #expect(cuts.output == whole.output && cuts.counts == whole.counts, "\(seed), cut at \(cut)")
            }
            #expect(mask(document, format, rules, cuts: Array(document.indices)).output == whole.output, "\(seed)")
            #expect(find(document, format, rules, cuts: Array(document.indices)) == found, "\(seed)")
        }
    }

    /// Each finding, read in the document where it is said to stand, is a value in its encoding.
    @Test(arguments: DocumentFormat.allCases)
    func findingsStandWhereTheySay(_ format: DocumentFormat) throws {
        let rules = try plan(detect: Expected.entities)
        for seed in 0..<100 {
            let expected = Expected.random(format, seed: seed)
            let lines = expected.document.split(separator: 0x0a, omittingEmptySubsequences: false)
            let findings = find(expected.document, format, rules)
            #expect(findings.count == expected.values.count, "\(seed)")
            for (finding, value) in zip(findings, expected.values) {
                let line = lines[finding.line - 1]
                let shown = text(Array(line[line.startIndex + finding.start..<line.startIndex + finding.end]))
                #expect(read(shown, format) == value, "\(seed)")
            }
        }
    }

    private func read(_ shown: String, _ format: DocumentFormat) -> String? {
        switch format {
        case .text, .csv: shown
        case .form: shown.replacing("+", with: " ").removingPercentEncoding
        case .json, .ndjson:
            try? JSONDecoder().decode(String.self, from: Data("\"\(shown)\"".utf8))
        }
    }

    @Test func jsonParses() throws {
        for style in [MaskStyle.redact, .partial, .hash, .tokenize, .shift, .bucket, .null, .drop] {
            let rules = try plan(columns: [("*.plain", style)], detect: Expected.entities, style)
            for seed in 0..<100 {
                let expected = Expected.random(.ndjson, seed: seed)
                let masked = mask(expected.document, .ndjson, rules).output
                for line in masked.split(separator: 0x0a) where line.first == 0x7b || line.first == 0x5b {
                    #expect(throws: Never.self, "\(seed) \(text(Array(line)))") {
                        try JSONSerialization.jsonObject(with: Data(line))
                    }
                }
            }
        }
    }
}
