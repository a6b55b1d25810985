import Contract
import Detection
import Foundation
import Masking
import SwiftProtobuf
import Testing

/// Values on which the matcher fails: nothing of them shows, whatever the styles of the detectors.
@Suite struct UnsearchedTests {
    /// More matches than one scan may have in a few ten thousand bytes.
    private static let greedy = CustomDetection(
        detectors: (0..<32).map { CustomDetector(entity: "d\($0)", pattern: "[a-y]{\($0 + 2)}") })
    private static let value =
        String(repeating: "a", count: 40_000) + "@ ssn 536-90-4399 of bob.smith@example.com"

    private func plan(_ email: MaskStyle) throws -> DocumentPlan {
        let plan = MaskPlan.with {
            $0.detectors = [
                .with {
                    $0.entities = Self.greedy.names + ["us_ssn"]
                    $0.style = .redact
                    $0.definitions = Data(Self.greedy.digest)
                },
                .with {
                    $0.entities = ["email"]
                    $0.style = email
                    $0.parameters.first = email == .partial ? 64 : 0
                },
            ]
        }
        return try DocumentPlan(plan, hashKey: Array("a key for tests".utf8), definitions: Self.greedy)
    }

    @Test(arguments: [
        (DocumentFormat.text, "\(Self.value)\nb\n", "[redacted]\nb\n"),
        (
            .json, #"{"k": "\#(Self.value)", "n": [1, true]}"#,
            #"{"[redacted]": "[redacted]", "[redacted]": [null, null]}"#
        ),
        (.ndjson, "{\"k\":\"\(Self.value)\"}\n{\"k\":1}\n", "{\"[redacted]\":\"[redacted]\"}\n{\"k\":1}\n"),
        (.csv, "k,l\n\"\(Self.value)\",b\n", "k,l\n[redacted],b\n"),
        (.form, "k=\(Self.value.replacing(" ", with: "+"))&l=b", "k=[redacted]&l=b"),
    ])
    func isWithheld(format: DocumentFormat, input: String, expected: String) throws {
        for style in [MaskStyle.partial, .tokenize, .bucket, .redact] {
            let (output, counts) = mask(Array(input.utf8), format, try plan(style))
            let shown = String(decoding: output, as: UTF8.self)
            #expect(shown.removingPercentEncoding == expected, "\(shown.prefix(500))")
            #expect(counts == ["withheld": 1])
        }
    }

    @Test func isReportedAsWithheld() throws {
        let found = find(Array(Self.value.utf8), .text, try plan(.partial))
        #expect(found.map(\.entity) == ["withheld"])
    }

    @Test func onATerminalIsWithheld() throws {
        let masker = StreamMasker(plan: try plan(.partial))
        Array("\(Self.value)\nb\n".utf8).withUnsafeBytes { masker.write($0) }
        masker.finish()
        #expect(String(decoding: masker.takeOutput(), as: UTF8.self) == "[redacted]\nb\n")
        #expect(masker.counts.map(\.name) == ["withheld"])
    }
}
