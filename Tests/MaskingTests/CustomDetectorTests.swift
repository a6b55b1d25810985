import Contract
import Detection
import Foundation
import Masking
import SwiftProtobuf
import Testing

@Suite struct CustomDetectorTests {
    private static let custom = CustomDetection(
        detectors: [CustomDetector(entity: "badge", pattern: "EMP-[0-9]{6}")],
        dictionaries: [CustomDictionary(entity: "project", words: ["Bluebird", "Night Hawk"])])

    private static func masks(_ custom: CustomDetection, _ style: MaskStyle = .redact) -> MaskPlan {
        var mask = DetectorMask()
        mask.entities = custom.names + ["email"]
        mask.style = style
        mask.definitions = Data(custom.digest)
        var plan = MaskPlan()
        plan.detectors = [mask]
        return plan
    }

    private static func plan(_ style: MaskStyle = .redact) throws -> DocumentPlan {
        try DocumentPlan(masks(custom, style), hashKey: Array("key".utf8), definitions: custom)
    }

    @Test(arguments: [
        (
            DocumentFormat.text, "EMP-123456 a@b.co bluebird, Bluebirds\nNight Hawk\n",
            "[redacted:badge] [redacted:email] [redacted:project], Bluebirds\n[redacted:project]\n"
        ),
        (
            .json, #"{"a": "EMP-123456", "NIGHT HAWK": ["x", "EMP-12345"]}"#,
            #"{"a": "[redacted:badge]", "[redacted:project]": ["x", "EMP-12345"]}"#
        ),
        (.ndjson, "{\"a\":\"EMP-123456\"}\n{\"a\":1}\n", "{\"a\":\"[redacted:badge]\"}\n{\"a\":1}\n"),
        (.csv, "a,b\nEMP-123456,\"x bluebird\"\n", "a,b\n[redacted:badge],\"x [redacted:project]\"\n"),
        (.form, "a=EMP-123456&b=Night+Hawk", "a=[redacted:badge]&b=[redacted:project]"),
    ])
    func areMaskedInEveryFormat(format: DocumentFormat, input: String, expected: String) throws {
        let bytes = Array(input.utf8)
        let whole = mask(bytes, format, try Self.plan())
        let shown = String(decoding: whole.output, as: UTF8.self)
        #expect(shown.removingPercentEncoding == expected || shown == expected, "\(shown)")
        for cut in bytes.indices.dropFirst() {
            #expect(mask(bytes, format, try Self.plan(), cuts: [cut]).output == whole.output, "cut at \(cut)")
        }
    }

    @Test(arguments: ["\n", "\r\n"])
    func linesEndBeforeTheirLineEnd(end: String) throws {
        let custom = CustomDetection(detectors: [CustomDetector(entity: "badge", pattern: "^EMP-[0-9]+$")])
        let text = ["EMP-1", "EMP-2 x", "", "EMP-3", ""].joined(separator: end)
        let masked = ["[redacted:badge]", "EMP-2 x", "", "[redacted:badge]", ""].joined(separator: end)
        func plan() throws -> DocumentPlan {
            try DocumentPlan(
                .with {
                    $0.detectors = [
                        .with {
                            ($0.entities, $0.style) = (["badge"], .redact)
                            $0.definitions = Data(custom.digest)
                        }
                    ]
                }, hashKey: nil, definitions: custom)
        }
        #expect(mask(text, .text, try plan()) == masked)
        #expect(mask(text, .ndjson, try plan()) == masked)
        #expect(stream(text, try plan()) == masked)
        let bytes = Array(text.utf8)
        for cut in bytes.indices.dropFirst() {
            #expect(mask(bytes, .text, try plan(), cuts: [cut]).output == Array(masked.utf8))
        }
    }

    @Test func areCountedByName() throws {
        let counts = mask(Array("EMP-123456 Bluebird bluebird".utf8), .text, try Self.plan()).counts
        #expect(counts == ["badge": 1, "project": 2])
    }

    @Test func hashesAreStable() throws {
        let once = mask(Array("EMP-123456 EMP-123456 EMP-654321".utf8), .text, try Self.plan(.hash)).output
        let hashes = String(decoding: once, as: UTF8.self).split(separator: " ")
        #expect(hashes.count == 3 && hashes[0] == hashes[1] && hashes[1] != hashes[2] && hashes[0].hasPrefix("h:"))
    }

    @Test func anotherDefinitionThanThePlanMeansIsNotUsed() throws {
        var other = Self.custom
        other.detectors[0].pattern = "EMP-[0-9]{5}"
        for definitions in [other, .none, CustomDetection(dictionaries: Self.custom.dictionaries)] {
            let error = #expect(throws: MaskError.self) {
                try DocumentPlan(Self.masks(Self.custom), hashKey: nil, definitions: definitions)
            }
            #expect(error?.message.contains("badge, project") == true, "\(error?.message ?? "")")
        }
    }

    @Test func aNameWithoutADefinitionIsNotUsed() throws {
        var plan = Self.masks(Self.custom)
        plan.detectors[0].definitions = Data()
        #expect(throws: MaskError.self) { try DocumentPlan(plan, hashKey: nil, definitions: Self.custom) }
    }
}
