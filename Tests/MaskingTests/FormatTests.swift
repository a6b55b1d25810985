import Contract
import Masking
import Testing

/// Examples of each format, as people read them.
@Suite struct FormatTests {
    private static func rules() throws -> DocumentPlan {
        try plan(
            columns: [("*.email", .partial), ("users.phone", .redact), ("api_*", .null), ("id", .hash)],
            detect: ["us_ssn", "credit_card", "secret"])
    }

    @Test(arguments: [
        // Keys, in arrays too, and what encloses them.
        (#"{"email": "alice@example.com"}"#, #"{"email": "a***@example.com"}"#),
        (#"{"Email":["alice@example.com", "bob"]}"#, #"{"Email":["a***@example.com", "***"]}"#),
        (#"{"phone": "1"}"#, #"{"phone": "[redacted]"}"#),
        (#"{"users": [{"phone": "1"}]}"#, #"{"users": [{"phone": "[redacted]"}]}"#),
        (#"{"orders": {"phone": "1"}}"#, #"{"orders": {"phone": "1"}}"#),
        (#"{"api_key": "x", "api": "x"}"#, #"{"api_key": null, "api": "x"}"#),
        (#"{"email": {"a": ["x"], "b": 1}, "c": 2}"#, #"{"email": "[redacted]", "c": 2}"#),
        (#"{"api_key": {"a": 1}}"#, #"{"api_key": null}"#),
        (#"{"email": 17, "e\u006dail": true}"#, #"{"email": null, "e\u006dail": null}"#),
        // What a key says to the detectors.
        (#"{"ssn": 536904399, "n": 36904390}"#, #"{"ssn": null, "n": 36904390}"#),
        (#"{"ssn": 1010001}"#, #"{"ssn": null}"#),
        (#"{"password": "hunter2", "x": "hunter2"}"#, #"{"password": "[redacted:secret]", "x": "hunter2"}"#),
        (#"{"n": 4111111111111111, "f": 4.111111111111111e15}"#, #"{"n": null, "f": null}"#),
        (#"{"a": "\u0035\u00336-90-4399\n\/"}"#, #"{"a": "[redacted:us_ssn]\n\/"}"#),
        (#"{"536-90-4399": 1}"#, #"{"[redacted:us_ssn]": 1}"#),
        ("[]\n{}", "[]\n{}"),
        // No JSON any more: text, which has no columns, and is withheld.
        (#"{"a": 1, "email": alice@example.com}"#, #"{"a": 1, "email": [redacted]"#),
        (#"{'email': 'alice@example.com'}"#, "{[redacted]"),
        (#"{"a": "x"#, #"{"a": [redacted]"#),
    ])
    func json(_ text: String, _ expected: String) throws {
        #expect(mask(text, .json, try Self.rules()) == expected)
    }

    @Test func jsonIsTextFromWhereItStops() throws {
        let rules = try plan(detect: ["email", "secret"])
        #expect(
            mask(#"{"a@b.co": 1, 'b': 'c@d.org', "password": hunter22}"#, .json, rules)
                == #"{"[redacted:email]": 1, 'b': '[redacted:email]', "password": [redacted:secret]}"#)
        #expect(
            mask(#"{"a": "\q", "b": "c\u0040d.org \x", c@d.org}"#, .json, rules)
                == #"{"a": "\q", "b": "[redacted:email] \x", [redacted:email]}"#)
        #expect(mask(#"{"password": hunter22}"#, .json, rules) == #"{"password": [redacted:secret]}"#)
        #expect(mask(#"{"a": "x c@d.org"#, .json, rules) == #"{"a": "x [redacted:email]"#)
        #expect(mask("[\"a\nc@d.org\"]", .json, rules) == "[\"a\n[redacted:email]\"]")
    }

    /// How much of the white space before it is seen together with a text that is no JSON is not for the cuts to say.
    @Test func jsonIsTextWhereverItIsCut() throws {
        let rules = try plan(detect: ["email", "private_key", "credit_card"])
        let bytes = Array(("\n11 -----BEGIN " + "PRIVATE KEY-----\n1111 of alice.b@example.com\n").utf8)
        let whole = mask(bytes, .json, rules).output
        for cut in bytes.indices { #expect(mask(bytes, .json, rules, cuts: [cut]).output == whole, "\(cut)") }
        #expect(mask(bytes, .json, rules, cuts: Array(bytes.indices)).output == whole)
    }

    @Test func nullStyleOfDetectors() throws {
        let rules = try plan(detect: ["email"], .null)
        #expect(
            mask(#"{"a": "x a@b.co", "a@b.co": ["a\u0040b.co"]}"#, .json, rules)
                == #"{"a": null, "[redacted:email]": [null]}"#)
        #expect(mask("a\n\"x a@b.co\",a@b.co\n", .csv, rules) == "a\n,\n")
        #expect(mask("a=x+a%40b.co&b=1", .form, rules) == "a=&b=1")
        #expect(mask("x a@b.co", .text, rules) == "x [redacted:email]")
    }

    @Test func linesOfJSON() throws {
        let rules = try Self.rules()
        #expect(
            mask("{\"email\":\"a@b.co\"}\n{\"email\":\n\"bob@b.co\"\n7\n", .ndjson, rules)
                == "{\"email\":\"***@b.co\"}\n{\"email\":\n\"bob@b.co\"\n7\n")
        #expect(
            mask("{\"email\":bob@b.co}\n{\"email\":\"bob@b.co\"}\n", .ndjson, rules)
                == "{\"email\":[redacted]\n{\"email\":\"b***@b.co\"}\n")
    }

    /// A line that begins with a number is text: its numbers may be one.
    @Test func linesOfNumbers() throws {
        let rules = try plan(detect: ["credit_card"])
        #expect(
            mask("1 4111 1111 1111 1111 x\n-4 5\n[4111111111111111]\n", .ndjson, rules)
                == "1 [redacted:credit_card] x\n-4 5\n[null]\n")
    }

    @Test func events() throws {
        let rules = try Self.rules()
        #expect(
            mask(
                ": hi\n:\nevent: x\nid: 1\ndata: {\"email\":\ndata:\"bob@b.co\"}\n\ndata: \"bob@b.co\"\nretry: 5\n\n",
                .ndjson,
                rules)
                == ": [redacted]\n:\nevent: x\nid: \(mask("id=1", .form, rules).dropFirst(3).replacing("%3A", with: ":"))\ndata: {\"email\":\ndata:\"b***@b.co\"}\n\ndata: \"bob@b.co\"\nretry: 5\n\n"
        )
        let detectors = try plan(detect: ["email"])
        #expect(
            mask("id: a@b.co\ndata: [DONE] a@b.co\ndata\n\ndata", .ndjson, detectors)
                == "id: [redacted:email]\ndata: [DONE] [redacted:email]\ndata\n\ndata")
    }

    /// Fields of events that are not data are values of columns so named when they are words; all else is text, which has none.
    @Test(arguments: [
        ("id: 4711-a.b_c", "id: 4711-a.b_c"), ("id:alice@example.com", "id:[redacted]"),
        ("event: a b", "event: [redacted]"),
        ("event:message_delta\r", "event:message_delta\r"), ("event: {\"email\":1}\r", "event: [redacted]\r"),
        ("retry: 5", "retry: 5"), (": x", ": [redacted]"), (":", ":"), (":\r", ":\r"), ("id:", "id:"),
        ("id: " + String(repeating: "1", count: 64), "id:[redacted]"),
        ("id: " + String(repeating: "1", count: 900), "id:[redacted]"),
        ("id: " + String(repeating: "1", count: 63), "id: " + String(repeating: "1", count: 63)),
        ("email: bob@x.org", "[redacted]"), ("event: 4111111111111111", "event: [redacted:credit_card]"),
    ])
    func fieldsOfEvents(_ line: String, _ expected: String) throws {
        let rules = try plan(columns: [("*.email", .partial)], detect: ["credit_card"])
        for ending in ["", "\n", "\ndata: {\"email\":\"bob@x.org\"}\n\n"] {
            let input = Array((line + ending).utf8)
            let whole = expected + ending.replacing("bob@", with: "b***@")
            #expect(String(decoding: mask(input, .ndjson, rules).output, as: UTF8.self) == whole)
            for cut in 0...min(input.count, 100) {
                #expect(String(decoding: mask(input, .ndjson, rules, cuts: [cut]).output, as: UTF8.self) == whole)
            }
        }
        let own = try plan(columns: [("id", .redact), ("event", .null)])
        #expect(mask("id: 1\nevent: x\n", .ndjson, own) == "id: [redacted]\nevent: \n")
    }

    /// What clients pass over does not change what the data around it means; an empty line ends the event.
    @Test(arguments: [
        "foo: 1", "data", "x", "\u{feff}", " ", "\t", " \r", " data: ]}", "\tdata: ]}", "{\"a\": 1}", "[", "\"x", ": c",
        "id: 1",
        "{\"user\": [", "\rdata: ]}",
    ])
    func linesWithinAnEvent(_ line: String) throws {
        let paths = try Self.paths()
        for rules in [paths, try plan(columns: [("user", .redact)])] {
            for ending in ["\n", "\r\n"] {
                let text = ["data: {\"user\": [", line, "data: {\"email\": \"topsecret\"}", "data: ]}", "", ""]
                let bytes = Array(text.joined(separator: ending).utf8)
                let whole = mask(bytes, .ndjson, rules).output
                let shown = String(decoding: whole, as: UTF8.self)
                #expect(!shown.contains("topsecret") && shown.contains("[redacted]"), "\(shown)")
                for cut in bytes.indices { #expect(mask(bytes, .ndjson, rules, cuts: [cut]).output == whole, "\(cut)") }
            }
        }
        // Such a line is masked by itself.
        #expect(
            mask("data: {\"user\": [\n {\"email\": 1, \"user\": {\"email\": \"x\"}}\n", .ndjson, paths)
                == "data: {\"user\": [\n {\"email\": 1, \"user\": {\"email\": \"[redacted]\"}}\n")
    }

    private static func paths() throws -> DocumentPlan {
        var plan = MaskPlan(columns: [("user", .redact)], detect: [])
        plan.columns[0].paths = ["$.email"]
        return try DocumentPlan(plan, hashKey: nil)
    }

    @Test(arguments: ["\n", "\r\n"]) func anEmptyLineEndsAnEvent(_ ending: String) throws {
        let text = ["data: {\"user\": [", "", "data: {\"email\": \"shown\"}", ""].joined(separator: ending)
        #expect(mask(text, .ndjson, try Self.paths()) == text)
    }

    /// Names of fields that say what encloses them.
    @Test(arguments: [
        ("user[email]", true), ("user.email", true), ("users[0][email]", true), ("users[0].email", true),
        ("users[][email]", true),
        ("a.users.email", true), ("users.email[]", true), ("users.email.0", true), ("EMAIL", true),
        ("orders[email]", false),
        ("user[email][x]", true), ("user[name]", false), ("users.e mail", false), ("email.x", true), ("users", false),
        ("[email]", true), ("users[email", true), ("x.orders[0].email", false),
    ])
    func namesWithinNames(_ name: String, _ expected: Bool) throws {
        let rules = try plan(columns: [("user*.email", .redact)])
        let encoded = name.replacing("[", with: "%5B").replacing("]", with: "%5D").replacing(" ", with: "+")
        #expect(mask("\(encoded)=x&a=1", .form, rules) == "\(encoded)=\(expected ? "%5Bredacted%5D" : "x")&a=1")
        #expect(mask("\(name),a\nx,1\n", .csv, rules) == "\(name),a\n\(expected ? "[redacted]" : "x"),1\n")
    }

    @Test func namesWithinNamesSayWhatValuesAre() throws {
        let rules = try plan(columns: [("a.b", .hash)], detect: ["us_ssn"])
        #expect(mask("user%5Bssn%5D=536904399", .form, rules) == "user%5Bssn%5D=%5Bredacted%3Aus_ssn%5D")
        // The whole name counts as well.
        #expect(mask("x.b=1", .form, try plan(columns: [("x*", .redact)])) == "x.b=%5Bredacted%5D")
    }

    @Test func csv() throws {
        let rules = try Self.rules()
        #expect(
            mask(
                "\u{feff}Email,\"users\"\"\",note,ssn\r\n\"alice@example.com\",x,\"say \"\"536-90-4399\"\",\n y\",536904399\r\n,1,,\r\n",
                .csv, rules)
                == "\u{feff}Email,\"users\"\"\",note,ssn\r\n\"a***@example.com\",x,\"say \"\"[redacted:us_ssn]\"\",\n y\",[redacted:us_ssn]\r\n,1,,\r\n"
        )
        // A field without a name may be any; a quote where none may be makes a value unreadable.
        #expect(mask("a\n1,2\n", .csv, rules) == "a\n1,\n")
        #expect(mask("a,b\nx\"y,z\n\"x\"y,z\n\"open", .csv, rules) == "a,b\n[redacted],z\n[redacted],z\n[redacted]")
        let detectors = try plan(detect: ["email"])
        #expect(mask("a@b.co,b\nx\"y a@b.co,z\n", .csv, detectors) == "[redacted:email],b\nx\"y [redacted:email],z\n")
    }

    /// Where no name can be read the column may be any, and what stands before the header names none.
    @Test(arguments: [
        ("email, \"email\"\nalice, bob", "email,[redacted]\n[redacted],[redacted]"),
        ("\"id\", \"email\", \"email\"\n1, alice, bob", "\"id\",[redacted],[redacted]\n1,[redacted],[redacted]"),
        ("id,\"email\"x\n1,alice\n", "id,[redacted]\n1,[redacted]\n"),
        ("\nemail,x\nalice,1\n", "\nemail,x\n[redacted],1\n"),
        ("\r\n\r\n\nemail,x\r\nalice,1\r\n", "\r\n\r\n\nemail,x\r\n[redacted],1\r\n"),
        ("\u{feff} \t\n\nemail\nalice\n", "\u{feff} \t\n\nemail\n[redacted]\n"),
        ("\"\"\nx\n", "\"\"\nx\n"), (",email\n1,alice\n\n,bob", ",email\n1,[redacted]\n\n,[redacted]"),
    ])
    func headersThatCannotBeRead(_ text: String, _ expected: String) throws {
        let rules = try plan(columns: [("email", .redact)])
        let bytes = Array(text.utf8)
        for cuts in [[]] + bytes.indices.map({ [$0] }) + [Array(bytes.indices)] {
            #expect(String(decoding: mask(bytes, .csv, rules, cuts: cuts).output, as: UTF8.self) == expected)
        }
    }

    /// What rules come to where they meet is no rule that further names are compared with.
    @Test func namesAfterRulesHaveMet() throws {
        let rules = try plan(columns: [("*.email", .partial), ("e*", .hash)])
        let hash = mask(#"{"email": "bob@b.co"}"#, .json, rules).dropFirst(11).dropLast(2)
        #expect(
            mask(#"{"email": "bob@b.co", "EMAIL": "bob@b.co", "e": "bob@b.co"}"#, .json, rules)
                == #"{"email": "\#(hash)", "EMAIL": "\#(hash)", "e": "\#(hash)"}"#)
    }

    /// Who wrote a header or a key by hand put spaces around names.
    @Test func whiteSpaceAroundNames() throws {
        let rules = try plan(columns: [("*.email", .partial), ("users.phone", .redact)])
        #expect(
            mask("id, email ,\"phone\t\",\u{a0}EMAIL\n1,bob@b.co,2,bob@b.co\n", .csv, rules)
                == "id, email ,\"phone\t\",\u{a0}EMAIL\n1,b***@b.co,[redacted],b***@b.co\n")
        #expect(
            mask(#"{" email": "bob@b.co", " users ": {"phone ": "1"}, "e mail": "x"}"#, .json, rules)
                == #"{" email": "b***@b.co", " users ": {"phone ": "[redacted]"}, "e mail": "x"}"#)
        #expect(mask("+email=bob%40b.co&phone%20=1", .form, rules) == "+email=b***%40b.co&phone%20=%5Bredacted%5D")
    }

    @Test(arguments: [
        (DocumentFormat.csv, "id,email\n1,x\n"), (.json, #"{"a": {"email": 1}, "orders": {"phone": 1}}"#),
        (.form, "email=x"), (.ndjson, "{\"email\":1}\n"),
    ])
    func rulesThatMatchNothing(_ format: DocumentFormat, _ document: String) throws {
        let masker = DocumentMasker(
            format, plan: try plan(columns: [("*.email", .partial), ("users.phone", .redact), ("id.x", .null)]))
        masker.write(document.utf8)
        masker.finish()
        #expect(masker.unmatchedRules == ["users.phone", "id.x"])
    }

    @Test func form() throws {
        let rules = try Self.rules()
        #expect(
            mask("e%6dail=alice%40example.com&a=536-90-4399+x%20y&api_key=1&b", .form, rules)
                == "e%6dail=a***%40example.com&a=%5Bredacted%3Aus_ssn%5D+x%20y&api_key=&b")
        #expect(
            mask("ssn=536904399&x=1\nphone=2", .form, rules) == "ssn=%5Bredacted%3Aus_ssn%5D&x=1\nphone=%5Bredacted%5D")
        #expect(mask("a=%4&%zz=1", .form, rules) == "a=%5Bredacted%5D&%5Bredacted%5D=")
    }

    @Test func privateKeysInText() throws {
        let rules = try plan(detect: ["private_key", "email"])
        let key = "-----BEGIN " + "RSA PRIVATE KEY-----\nMIIE\nAAAA\n-----END RSA PRIVATE KEY-----"
        #expect(mask("a\n  \(key) b\nc\n", .text, rules) == "a\n  [redacted:private_key] b\nc\n")
        #expect(mask("{}\n\(key)\n{}\n", .ndjson, rules) == "{}\n[redacted:private_key]\n{}\n")
        let unended = "-----BEGIN " + "PRIVATE KEY-----\n" + String(repeating: "MIIE\n", count: 20_000)
        let masked = mask(unended + "a@b.co\n", .text, rules)
        #expect(masked.hasPrefix("[redacted:private_key]") && masked.hasSuffix("MIIE\n[redacted:email]\n"))
        #expect(unended.utf8.count - masked.utf8.count > 65_000)
        let found = find(Array("x \(key)\n".utf8), .text, rules)
        #expect(found.map { [$0.line, $0.start, $0.end] } == [[1, 2, 2 + key.utf8.count]])
    }

    @Test func hashesAgreeAcrossFormats() throws {
        let rules = try Self.rules()
        let json = mask(#"{"id": "k\u0061y"}"#, .json, rules)
        let hash = json.split(separator: "\"")[3]
        #expect(hash.hasPrefix("h:") && hash.utf8.count == 18)
        #expect(mask("id\nkay\n", .csv, rules) == "id\n\(hash)\n")
        #expect(mask("id=kay", .form, rules) == "id=" + hash.replacing(":", with: "%3A"))
    }

    @Test func hashNeedsAKey() throws {
        var column = ColumnMask()
        (column.pattern, column.style) = ("a", .hash)
        var plan = MaskPlan()
        plan.columns = [column]
        #expect(throws: MaskError.self) { try DocumentPlan(plan, hashKey: nil) }
    }
}
