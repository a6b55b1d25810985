import Contract
import Detection
import Foundation
import SwiftProtobuf
import Testing

@testable import Masking

/// Where findings overlap, bytes of one stand in what the style of the other would show.
@Suite struct OverlapTests {
    private static let custom = CustomDetection(
        detectors: [CustomDetector(entity: "line", pattern: "from [^;]{20,}")])

    private func plan(_ masks: [([String], MaskStyle, StyleParameters)]) throws -> DocumentPlan {
        let plan = MaskPlan.with {
            $0.detectors = masks.map { names, style, told in
                .with {
                    $0.entities = names
                    $0.style = style
                    $0.parameters = told
                    if names == Self.custom.names { $0.definitions = Data(Self.custom.digest) }
                }
            }
        }
        return try DocumentPlan(plan, hashKey: Array("a key for tests".utf8), definitions: Self.custom)
    }

    private static let long = StyleParameters.with { $0.first = 64 }
    private static let ends = StyleParameters.with { ($0.first, $0.last) = (2, 8) }

    @Test(arguments: [
        (
            DocumentFormat.text, "from alice.b@example.com with more of the same text behind; x\n",
            "[redacted:line]; x\n"
        ),
        (
            .json, #"{"a": "from alice.b@example.com with more of the same text behind; x", "b": "c@example.com"}"#,
            #"{"a": "[redacted:line]; x", "b": "[redacted:email]"}"#
        ),
        (
            .json, #"{"a": "from alice.b\u0040example.com with more of the same text behind; x"}"#,
            #"{"a": "[redacted:line]; x"}"#
        ),
        (.csv, "a\nfrom alice.b@example.com with more of the same text behind; x\n", "a\n[redacted:line]; x\n"),
    ])
    func theStrictestStyleCountsForBoth(format: DocumentFormat, input: String, expected: String) throws {
        let masks = [(["email"], MaskStyle.redact, StyleParameters()), (Self.custom.names, .partial, Self.long)]
        for plan in [try plan(masks), try plan(masks.reversed())] {
            #expect(mask(input, format, plan) == expected)
        }
        for shown in [MaskStyle.tokenize, .bucket, .shift] {
            let plan = try plan([masks[0], (Self.custom.names, shown, StyleParameters())])
            #expect(mask(input, format, plan) == expected)
        }
    }

    @Test func aLooserShorterOneChangesNothing() throws {
        let masks = [
            (["email"], MaskStyle.partial, StyleParameters()), (Self.custom.names, .redact, StyleParameters()),
        ]
        let text = "from alice.b@example.com with more; x bob.c@example.com\n"
        #expect(mask(text, .text, try plan(masks)) == "[redacted:line]; x b***@example.com\n")
    }

    /// Findings of which none holds the other: what each would show of its part is more than of one.
    @Test(arguments: [
        (DocumentFormat.text, "phone V\n"), (.json, #"{"a": "phone V"}"#), (.json, #"{"a": "\u0070hone V"}"#),
        (.csv, "a\nphone V\n"), (.form, "a=phone V"),
    ])
    func partsShowNothing(format: DocumentFormat, input: String) throws {
        let value = "\(format == .form ? "%2B" : "+")41-423-314297/3790 6117 7454 787"
        let told = [StyleParameters(), .with { $0.last = 4 }]
        for (style, parameters, shown) in [
            (MaskStyle.partial, told[0], "***"), (.partial, told[1], "***"), (.bucket, told[0], "[redacted:NAME]"),
        ] {
            let plan = try plan([(["credit_card"], style, parameters), (["phone"], style, parameters)])
            let expected = ["phone", "credit_card"].map { shown.replacing("NAME", with: $0) }.joined()
            let result = mask(input.replacing("V", with: value), format, plan)
            #expect(
                result.replacing("%5B", with: "[").replacing("%5D", with: "]").replacing("%3A", with: ":")
                    == input.replacing("V", with: expected))
        }
    }

    /// What both styles show: of one style, the less of it.
    @Test func stylesThatShowSomethingAreMerged() throws {
        let masks = [
            (["email"], MaskStyle.partial, StyleParameters.with { $0.last = 2 }),
            (Self.custom.names, .partial, StyleParameters.with { ($0.first, $0.last) = (3, 9) }),
        ]
        #expect(mask("from alice.b@example.com and so on to the end; x\n", .text, try plan(masks)) == "***nd; x\n")
    }

    /// Own detectors beyond those that a finding tells apart: the strictest style of all counts.
    @Test func manyDetectorsOverlap() throws {
        let custom = CustomDetection(
            detectors: [CustomDetector(entity: "line", pattern: "from [^;]{20,}")],
            dictionaries: (0..<200).map { CustomDictionary(entity: "d\($0)", words: ["word\($0)x"]) })
        let plan = MaskPlan.with {
            $0.detectors = custom.names.map { name in
                .with {
                    $0.entities = [name]
                    $0.style = name == "line" ? .partial : .redact
                    $0.parameters = name == "line" ? Self.long : StyleParameters()
                    $0.definitions = Data(custom.only([name]).digest)
                }
            }
        }
        let made = try DocumentPlan(plan, hashKey: nil, definitions: custom)
        for word in ["word0x", "word97x", "word98x", "word199x"] {
            #expect(mask("from one \(word) to the end of it; x\n", .text, made) == "[redacted:line]; x\n")
        }
        #expect(mask("from one word to the end of it; x\n", .text, made) == "from one word***; x\n")
    }

    @Test func aSecretsEndsAreNoMail() throws {
        let plan = try plan([(["secret"], .partial, Self.ends), (["email"], .redact, StyleParameters())])
        let masked = mask("password=alice.b@example.com; mail\n", .text, plan)
        #expect(masked == "password=[redacted:secret]; mail\n")
    }

    @Test func countsAreThoseOfTheLongest() throws {
        let plan = try plan([(["secret"], .partial, Self.ends), (["email"], .redact, StyleParameters())])
        #expect(mask(Array("password=alice.b@example.com;\n".utf8), .text, plan).counts == ["secret": 1])
    }
}
