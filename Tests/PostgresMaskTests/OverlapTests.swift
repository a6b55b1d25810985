import Contract
import Detection
import Foundation
import Masking
import SwiftProtobuf
import Testing

@testable import PostgresMask

/// Findings that overlap, and those in what a column rule shows.
@Suite struct OverlapTests {
    private static let custom = CustomDetection(
        detectors: [
            CustomDetector(entity: "account", pattern: "[0-9]{16}"),
            CustomDetector(entity: "line", pattern: "from [^;]{20,}"),
        ])

    private func plan(
        _ masks: [(String, MaskStyle, StyleParameters)], rule: StyleParameters? = nil
    ) -> MaskPlan {
        .with {
            $0.detectors = masks.map { name, style, told in
                .with {
                    ($0.entities, $0.style, $0.parameters) = ([name], style, told)
                    if Self.custom.names.contains(name) { $0.definitions = Data(Self.custom.only([name]).digest) }
                }
            }
            guard let rule else { return }
            $0.columns = [
                .with {
                    ($0.pattern, $0.style, $0.parameters) = ("v", .partial, rule)
                }
            ]
        }
    }

    /// The value that a client gets; nil: NULL.
    private func masked(_ plan: MaskPlan, _ column: ResultColumn, _ value: [UInt8]) throws -> [UInt8]? {
        let masker = PostgresMasker(hashKey: key, definitions: Self.custom)
        let answer = try mask(batch(plan, [column]), Wire.row([value]), with: masker)
        return Wire.fields(try #require(Wire.parse(answer.payload).first?.body))[0]
    }

    private static let long = StyleParameters.with { $0.first = 64 }
    private static let thousands = StyleParameters.with { $0.widthBillionths = 1000 * 1_000_000_000 }

    @Test func theStrictestStyleCountsInText() throws {
        let text = Array("from alice.b@example.com with more of the same text; x".utf8)
        for masks in [
            [("email", MaskStyle.redact, StyleParameters()), ("line", .partial, Self.long)],
            [("line", .partial, Self.long), ("email", .redact, StyleParameters())],
        ] {
            for (type, format) in [(25, 0), (25, 1)] as [(UInt32, Int32)] {
                let value = try masked(plan(masks), column("v", type: type, format: format), text)
                #expect(value == Array("[redacted:line]; x".utf8))
            }
            let json = Array(#"{"a": "from alice.b@example.com with more of it; x"}"#.utf8)
            for (type, format, version) in [(114, 0, []), (3802, 0, []), (3802, 1, [1])] as [(UInt32, Int32, [UInt8])] {
                let value = try masked(plan(masks), column("v", type: type, format: format), version + json)
                #expect(value == version + Array(#"{"a": "[redacted:line]; x"}"#.utf8))
            }
        }
        let null = plan([("email", .null, StyleParameters()), ("line", .partial, Self.long)])
        #expect(try masked(null, column("v", type: 25), text) == nil)
    }

    /// A bucket of a card's digits is all but the last of them.
    @Test func theStrictestStyleCountsInNumbers() throws {
        let card = 4_111_111_111_111_111
        let looser = plan([("account", .bucket, Self.thousands)])
        #expect(
            try masked(looser, column("v", type: 20), Array("\(card)".utf8)) == Array("4111111111111000".utf8))
        let both = plan([("account", .bucket, Self.thousands), ("credit_card", .redact, StyleParameters())])
        #expect(try masked(both, column("v", type: 20), Array("\(card)".utf8)) == nil)
        #expect(try masked(both, column("v", type: 20, format: 1), Wire.int64(Int64(card))) == nil)
        let json = Array("[\(card)]".utf8)
        #expect(try masked(both, column("v", type: 3802), json) == Array("[null]".utf8))
        #expect(try masked(looser, column("v", type: 3802), json) == Array("[4111111111111000]".utf8))
    }

    @Test(arguments: [
        ("card 4111 1111 1111 1111", "[redacted]"), ("4111 1111 1111 1111", "***1111 1111"),
        ("nothing but a word", "***ut a word"),
    ])
    func whatARuleShowsIsLookedAt(_ value: String, _ expected: String) throws {
        let plan = plan([("credit_card", .redact, StyleParameters())], rule: .with { $0.last = 8 })
        for format in [Int32(0), 1] {
            let text = try masked(plan, column("v", type: 25, format: format), Array(value.utf8))
            #expect(text.map { String(decoding: $0, as: UTF8.self) } == expected)
        }
        let copied = try copied(plan, value)
        #expect(copied == expected)
    }

    private func copied(_ plan: MaskPlan, _ value: String) throws -> String {
        let answer = try mask(batch(plan, [column("v", type: 25)], copy: "text"), Wire.copy(value + "\n"))
        return String(decoding: try #require(Wire.parse(answer.payload).first?.body).dropLast(), as: UTF8.self)
    }
}
