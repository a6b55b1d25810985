import Contract
import Detection
import Foundation
import SwiftProtobuf
import Testing

@testable import Masking

/// What a column rule shows of a text holds nothing that a detector of the plan finds.
@Suite struct ShownPartTests {
    private static let custom = CustomDetection(dictionaries: [
        CustomDictionary(entity: "project", words: ["Blue Heron"])
    ])

    private func plan(_ told: StyleParameters, detect: [String]) throws -> DocumentPlan {
        let plan = MaskPlan.with {
            $0.columns = [
                .with {
                    $0.pattern = "v"
                    $0.style = .partial
                    $0.parameters = told
                }
            ]
            $0.detectors = [
                .with {
                    $0.entities = detect
                    $0.style = .redact
                    if detect.contains("project") { $0.definitions = Data(Self.custom.digest) }
                }
            ]
        }
        return try DocumentPlan(plan, hashKey: Array("a key for tests".utf8), definitions: Self.custom)
    }

    private static func shows(_ first: UInt32, _ last: UInt32, domain: Bool = false) -> StyleParameters {
        .with { ($0.first, $0.last, $0.keepDomain) = (first, last, domain) }
    }

    @Test(arguments: [
        // Within the shown end, across its begin, and outside of it.
        (shows(0, 64), "card number of the customer is 4111 1111 1111 1111", "[redacted]"),
        (shows(0, 4), "card number 4111 1111 1111 1111", "[redacted]"),
        (shows(0, 4), "card number 4111 1111 1111 1111 of Ann", "***f Ann"),
        (shows(4, 0), "4111 1111 1111 1111 is the card number", "[redacted]"),
        (shows(3, 0), "the 4111 1111 1111 1111 is the card number", "the***"),
        (shows(4, 0), "the 4111 1111 1111 1111 is the card number", "[redacted]"),
        (shows(0, 9), "mail for the Blue  Heron", "[redacted]"),
        // A finding that is all of the value is what the rule is about.
        (shows(0, 4), "4111 1111 1111 1111", "***1111"), (shows(0, 4), " 4111111111111111 ", "***1111"),
        (shows(1, 0, domain: true), "ann@example.com", "a***@example.com"),
        (StyleParameters(), "ann@example.com", "a***@example.com"),
        (StyleParameters(), "4111111111111111", "****1111"),
        (StyleParameters(), "ann@example.com bob@example.com", "[redacted]"),
        (StyleParameters(), "<ann@example.com>", "<***"), (StyleParameters(), "Ann <ann@example.com>", "A***"),
        (StyleParameters(), "Blue Heron is it", "[redacted]"),
        (StyleParameters(), "Blue Heron", "B***"), (shows(0, 4), "nothing at all", "***t all"),
    ])
    func isLookedAt(_ told: StyleParameters, _ value: String, _ expected: String) throws {
        let plan = try plan(told, detect: ["email", "credit_card", "project"])
        #expect(mask("v\n\"\(value)\"\n", .csv, plan) == "v\n\"\(expected)\"\n")
        #expect(mask(#"{"v": ["\#(value)"]}"#, .json, plan) == #"{"v": ["\#(expected)"]}"#)
        let form = "v=" + (value.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? "")
        #expect(mask(form, .form, plan).removingPercentEncoding?.replacing("+", with: " ") == "v=" + expected)
    }

    /// `Blue Heron` stands in the domain that is shown, and is not all of the value.
    @Test func withinAFindingThatIsAllOfTheValue() throws {
        let custom = CustomDetection(dictionaries: [CustomDictionary(entity: "project", words: ["heron"])])
        let plan = MaskPlan.with {
            $0.columns = [
                .with {
                    $0.pattern = "v"
                    $0.style = .partial
                }
            ]
            $0.detectors = [
                .with {
                    $0.entities = ["email", "project"]
                    $0.style = .redact
                    $0.definitions = Data(custom.digest)
                }
            ]
        }
        let made = try DocumentPlan(plan, hashKey: nil, definitions: custom)
        #expect(mask("v\nann@heron.com\nann@herons.com\n", .csv, made) == "v\n[redacted]\na***@herons.com\n")
    }

    @Test func countsWhatWasFoundAndTheRule() throws {
        let plan = try plan(Self.shows(0, 64), detect: ["credit_card"])
        let counts = mask(Array("v\ncard 4111111111111111\n4111111111111111\n".utf8), .csv, plan).counts
        #expect(counts == ["v": 2, "credit_card": 1])
    }

    /// Half of the characters that are seen, with the marks on them.
    @Test(arguments: [
        (shows(0, 4), "1234\u{200b}\u{200b}\u{200b}\u{200b}", "***34"),
        (shows(4, 0), "\u{200b}\u{200b}\u{200b}\u{200b}1234", "12***"),
        (shows(0, 4), "secret    ", "***ret"), (shows(0, 4), "\u{a0}\u{a0}\u{a0}\u{a0}ab", "***b"),
        (shows(2, 0), "a b c d", "a b***"), (shows(0, 2), "a b c d", "***c d"),
        (shows(64, 0), "1\u{301}2\u{301}3\u{301}4\u{301}", "1\u{301}2\u{301}***"),
        (shows(0, 64), "\u{301}1\u{301}2\u{301}3\u{301}4\u{301}", "***3\u{301}4\u{301}"),
        (shows(0, 64), "12\u{ad}\u{ad}\u{ad}\u{2060}\u{feff}", "***2"), (shows(0, 64), "1\u{200b}", "***"),
        (shows(0, 64), "12\u{e000}\u{2800}\u{3164}\u{378}", "***2"), (shows(0, 64), "\u{200b} \u{a0}", "***"),
        (shows(1, 0), "हिन्दी", "हि***"), (shows(0, 1), "हिन्दी", "***दी"),
        (StyleParameters(), "abcd", "a***"), (StyleParameters(), "abc\u{200b}\u{200b}", "***"),
        (StyleParameters(), "a\u{301}b\u{301}c", "***"), (StyleParameters(), "a\u{301}bcd", "a\u{301}***"),
        (StyleParameters(), "\u{200b}abcd", "a***"), (StyleParameters(), "a  ", "*"),
    ])
    func charactersThatAreNotSeenDoNotCount(_ told: StyleParameters, _ value: String, _ expected: String) throws {
        let plan = MaskPlan.with {
            $0.columns = [
                .with {
                    $0.pattern = "v"
                    $0.style = .partial
                    $0.parameters = told
                }
            ]
        }
        let masked = mask("v\n\"\(value)\"\n", .csv, try DocumentPlan(plan, hashKey: nil))
        #expect(masked.unicodeScalars.elementsEqual("v\n\"\(expected)\"\n".unicodeScalars), "\(masked)")
    }

    @Test func halfOfALongText() throws {
        let told = ShownPart(Self.shows(64, 64))
        for count in [127, 128, 129, 1000] {
            var out: [UInt8] = []
            let text = (0..<count).map { UInt8(0x61 + $0 % 26) }
            text.withUnsafeBytes { told.append($0, to: &out) }
            let last = min(64, count / 2)
            #expect(out == Array(text.prefix(min(64, count / 2 - last))) + Array("***".utf8) + text.suffix(last))
        }
    }
}
