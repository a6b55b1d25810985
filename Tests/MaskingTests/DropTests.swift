import Contract
import Foundation
import Masking
import Testing

/// The style `drop` in documents: a member, a field or a pair goes with what parts it from others, and nothing else changes.
@Suite struct DropTests {
    private static func rules() throws -> DocumentPlan {
        try plan(columns: [("*.ssn", .drop), ("users.phone", .drop), ("*.email", .partial)], detect: ["us_ssn"])
    }

    private static let json: [(String, String)] = [
        (#"{"ssn": 1}"#, "{}"),
        (#"{ "ssn": "x" , "a": 2 }"#, #"{ "a": 2 }"#),
        (#"{"a": 1, "ssn": 2}"#, #"{"a": 1}"#),
        (#"{"a": 1 , "ssn": 2 , "b": 3 }"#, #"{"a": 1  , "b": 3 }"#),
        ("{\n  \"a\": 1,\n  \"ssn\": 2\n}\n", "{\n  \"a\": 1\n}\n"),
        ("{\n  \"ssn\": 2,\n  \"a\": 1\n}\n", "{\n  \"a\": 1\n}\n"),
        (#"{"ssn": 1, "SSN": {"a": [1, {"b": "}"}]}, "c": true, "s\u0073n": [[], {}]}"#, #"{"c": true}"#),
        (
            #"{"ssn": 1, "users": {"phone": "1", "x": [{"phone": 2}, {"ssn": 3, "email": "al@b.co"}]}}"#,
            #"{"users": {"x": [{"phone": 2}, {"email": "a***@b.co"}]}}"#
        ),
        (#"[{"ssn": {"email": "al@b.co"}}, "536-90-4399"]"#, #"[{}, "[redacted:us_ssn]"]"#),
        ("{\"ssn\": 1}{\"ssn\": 2, \"a\": 3} 4", "{}{\"a\": 3} 4"),
        // No JSON any more.
        (#"{"a": 1, "ssn": x, "b": 2}"#, #"{"a": 1[redacted]"#),
        (#"{"ssn": 1, x"#, "{[redacted]"),
    ]

    @Test(arguments: json)
    func members(_ text: String, _ expected: String) throws {
        let rules = try Self.rules()
        #expect(mask(text, .json, rules) == expected)
        for cut in 0...text.utf8.count {
            #expect(mask(Array(text.utf8), .json, rules, cuts: [cut]).output == Array(expected.utf8), "\(cut)")
        }
        let bytes = Array(text.utf8)
        #expect(mask(bytes, .json, rules, cuts: Array(bytes.indices)).output == Array(expected.utf8))
    }

    @Test func linesAndEvents() throws {
        let rules = try Self.rules()
        #expect(
            mask("{\"ssn\":1,\"a\":2}\n{\"a\":1,\"ssn\":2}\r\n{\"ssn\":3}\n", .ndjson, rules)
                == "{\"a\":2}\n{\"a\":1}\r\n{}\n")
        #expect(mask("data: {\"ssn\":\ndata: 1, \"a\":2}\n\n", .ndjson, rules) == "data: {\ndata: \"a\":2}\n\n")
        // The comma of the line before is out: the value goes alone.
        #expect(
            mask("data: {\"a\":1,\ndata: \"ssn\":2}\n\n", .ndjson, rules) == "data: {\"a\":1,\ndata: \"ssn\":null}\n\n")
    }

    @Test func countsByRule() throws {
        let counts = mask(Array(#"[{"ssn": 1}, {"ssn": [1, 2]}]"#.utf8), .json, try Self.rules()).counts
        #expect(counts == ["*.ssn": 2])
    }

    private static let csv: [(String, String)] = [
        ("id,ssn,name\n1,2,3\n", "id,name\n1,3\n"),
        ("ssn,id\r\n1,2\r\n,3\r\n", "id\r\n2\r\n3\r\n"),
        ("id,ssn\n\"a\"\"b\",\"x,\n\"\"y\"\n2,", "id\n\"a\"\"b\"\n2"),
        ("ssn,ssn, SSN \n1,2,3\n", "\n\n"),
        ("id,ssn,a,ssn,b\n1,2,3,4,5\n1,2\n1\n\n,,,,\n", "id,a,b\n1,3,5\n1\n1\n\n,,\n"),
        // Fields behind the header's may be any.
        ("id,ssn\n1,2,3,4\n", "id\n1,,\n"),
        ("id,ssn,email\n1,x\"y,bob@b.co\n", "id,email\n1,b***@b.co\n"),
        ("id,ssn,email\n1,2,x\"y", "id,email\n1,[redacted]"),
        // The last field is empty, and no line's end follows.
        ("ssn,a,b\n1,2,", "a,b\n2,"), ("a,b\n1,", "a,b\n1,"), ("a,ssn,b\n1,2,", "a,b\n1,"), ("ssn,a\n1,", "a\n"),
        ("a,ssn\n1,", "a\n1"), ("a,ssn,", "a,"), ("a\n1,2,", "a\n1,,"), ("a,b\n1,\"\"", "a,b\n1,\"\""),
        ("a,b\n,", "a,b\n,"),
        // A name that cannot be read may be any.
        ("id, \"ssn\",a\n1,2,3\n", "id,[redacted],a\n1,,3\n"), ("\nid,ssn\n1,2\n", "\nid\n1\n"),
    ]

    @Test(arguments: csv)
    func fields(_ text: String, _ expected: String) throws {
        let rules = try Self.rules()
        #expect(mask(text, .csv, rules) == expected)
        let bytes = Array(text.utf8)
        for cut in bytes.indices {
            #expect(mask(bytes, .csv, rules, cuts: [cut]).output == Array(expected.utf8), "\(cut)")
        }
    }

    private static let form: [(String, String)] = [
        ("a=1&ssn=2&b=3", "a=1&b=3"), ("ssn=2&a=1", "a=1"), ("a=1&s%73n=2", "a=1"), ("ssn=1", ""),
        ("a=1&\nssn=1&&b\r\n&ssn=2&\n", "a=1&\n&b\r\n&\n"), ("a&ssn&b=&", "a&ssn&b=&"), ("a=1&ssn=2&", "a=1&"),
        // A name that cannot be read may be any.
        ("%zz=1&a=2", "%5Bredacted%5D=&a=2"),
    ]

    @Test(arguments: form)
    func pairs(_ text: String, _ expected: String) throws {
        let rules = try Self.rules()
        #expect(mask(text, .form, rules) == expected)
        let bytes = Array(text.utf8)
        for cut in bytes.indices {
            #expect(mask(bytes, .form, rules, cuts: [cut]).output == Array(expected.utf8), "\(cut)")
        }
    }

    @Test func longValues() throws {
        let rules = try Self.rules()
        let long = String(repeating: "x y", count: 600_000)
        #expect(mask(#"{"a": 1, "ssn": "\#(long)", "b": 2}"#, .json, rules) == #"{"a": 1, "b": 2}"#)
        #expect(mask(#"{"ssn": "\#(long)", "b": 2}"#, .json, rules) == #"{"b": 2}"#)
        #expect(mask(#"{"ssn": ["\#(long)", {"a": "\#(long)"}], "b": 2}"#, .json, rules) == #"{"b": 2}"#)
        #expect(mask("id,ssn,a\n1,\(long),3\n", .csv, rules) == "id,a\n1,3\n")
        #expect(mask("id,ssn,a\n1,\"\(long)\",3\n", .csv, rules) == "id,a\n1,3\n")
        #expect(mask("ssn,a,b\n1,\"\(long)\",3\n", .csv, rules) == "a,b\n\"\(long)\",3\n")
        #expect(mask("id,a\n1,\(long)\n", .csv, rules) == "id,a\n1,\(long)\n")
        let plain = String(repeating: "xy", count: 900_000)
        #expect(mask("a=1&ssn=\(plain)&b=2", .form, rules) == "a=1&b=2")
        #expect(mask("ssn=1&a=\(plain)&b=\(plain)", .form, rules) == "a=\(plain)&b=\(plain)")
        // A name so long may be any, and is out before its value comes.
        #expect(mask("a=1&\(plain)=secret&b=2", .form, rules) == "a=1&\(plain)=&b=2")
        #expect(
            mask(#"{"a": 1, "\#(plain)": "secret", "b": 2}"#, .json, rules) == #"{"a": 1, "\#(plain)": null, "b": 2}"#)
    }

    @Test func textHasNoColumns() throws {
        #expect(mask("ssn=1", .text, try plan(columns: [("*.ssn", .drop)])) == "ssn=1")
    }

    /// Members are left out of random JSON as by a program that reads it whole.
    @Test func randomObjects() throws {
        let rules = try plan(columns: [("*.x", .drop)])
        for seed in 0..<400 {
            var random = Seeded(seed)
            var parts = ("", "")
            value(&random, depth: 4, &parts)
            let bytes = Array(parts.0.utf8)
            let masked = mask(bytes, .json, rules, cuts: [random.number(below: bytes.count + 1)]).output
            let found = try JSONSerialization.jsonObject(with: Data(masked), options: .fragmentsAllowed) as? NSObject
            let expected =
                try JSONSerialization.jsonObject(with: Data(parts.1.utf8), options: .fragmentsAllowed) as? NSObject
            #expect(found == expected, "\(seed)\n\(parts.0)\n\(String(decoding: masked, as: UTF8.self))")
        }
    }

    /// A JSON text, and the same without members named `x`.
    private func value(_ random: inout Seeded, depth: Int, _ out: inout (String, String)) {
        let space = random.pick(["", "", " ", "\n  "])
        switch random.number(below: depth == 0 ? 3 : 6) {
        case 0: add("\(random.number(below: 100))", &out)
        case 1: add(random.pick([#""a, x""#, #""\"x\":""#, #""}""#]), &out)
        case 2: add(random.pick(["true", "null"]), &out)
        case 3:
            add("[" + space, &out)
            for index in 0..<random.number(below: 4) {
                if index > 0 { add("," + space, &out) }
                value(&random, depth: depth - 1, &out)
            }
            add(space + "]", &out)
        default:
            add("{" + space, &out)
            var kept = 0
            for index in 0..<random.number(below: 5) {
                let isDropped = random.number(below: 2) == 0
                if index > 0 { out.0 += space + "," + space }
                var member = ("", "")
                add("\"\(isDropped ? "x" : "k\(index)")\"" + space + ":", &member)
                value(&random, depth: depth - 1, &member)
                out.0 += member.0
                guard !isDropped else { continue }
                out.1 += (kept > 0 ? "," : "") + member.1
                kept += 1
            }
            add(space + "}", &out)
        }
    }

    private func add(_ text: String, _ out: inout (String, String)) {
        out.0 += text
        out.1 += text
    }
}
