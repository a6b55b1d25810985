import Contract
import Masking
import Testing

/// Masks of places within values of documents.
@Suite struct PathTests {
    private func rules(_ pattern: String, _ paths: [String], _ style: MaskStyle = .partial, detect: [String] = [])
        throws
        -> DocumentPlan
    {
        var plan = MaskPlan(columns: [(pattern, style)], detect: detect)
        plan.columns[0].paths = paths
        return try DocumentPlan(plan, hashKey: Array("a key for tests, of 32 bytes ....".utf8))
    }

    @Test(arguments: [
        (
            #"{"payload":{"user":{"email":"alice"},"email":"bob"},"user":{"email":"x"}}"#,
            #"{"payload":{"user":{"email":"a***"},"email":"bob"},"user":{"email":"x"}}"#
        ),
        (#"[{"Payload":[{"user":[{"EMAIL":"alice"}]}]}]"#, #"[{"Payload":[{"user":[{"EMAIL":"a***"}]}]}]"#),
        (
            #"{"events":{"payload":{"user":{"email":{"a":1}}}}}"#,
            #"{"events":{"payload":{"user":{"email":"[redacted]"}}}}"#
        ),
        (#"{"orders":{"payload":{"user":{"email":"alice"}}}}"#, #"{"orders":{"payload":{"user":{"email":"alice"}}}}"#),
        // Text that is to be a document is withheld; numbers hold none.
        (#"{"payload":"{\"user\":{\"email\":\"alice\"}}"}"#, #"{"payload":"[redacted]"}"#),
        (#"{"payload":[7,null,"x"]}"#, #"{"payload":[7,null,"[redacted]"]}"#),
        (
            #"{"payload":{"payload":{"user":{"email":"alice"}}}}"#,
            #"{"payload":{"payload":{"user":{"email":"alice"}}}}"#
        ),
    ])
    func json(_ text: String, _ expected: String) throws {
        let plan = try rules("events.payload", ["$.user.email"])
        #expect(mask(text, .json, plan) == expected)
        #expect(mask(text + "\n" + text, .ndjson, plan) == expected + "\n" + expected)
        for cut in 0...text.utf8.count {
            #expect(
                String(decoding: mask(Array(text.utf8), .json, plan, cuts: [cut]).output, as: UTF8.self) == expected)
        }
    }

    @Test(arguments: [
        (
            "id,payload\n1,\"{\"\"user\"\":{\"\"email\"\":\"\"alice\"\"}}\"\n",
            "id,payload\n1,\"{\"\"user\"\":{\"\"email\"\":\"\"a***\"\"}}\"\n"
        ),
        ("id,payload\n1,\"{\"\"user\"\":1}\"\n2,[7]\n3,\n", "id,payload\n1,\"{\"\"user\"\":1}\"\n2,[7]\n3,\n"),
        (
            "id,payload\n1,alice\n2,\"al\"\"ice\"\n3,{\n4,7\n",
            "id,payload\n1,[redacted]\n2,[redacted]\n3,[redacted]\n4,[redacted]\n"
        ),
    ])
    func csv(_ text: String, _ expected: String) throws {
        #expect(mask(text, .csv, try rules("payload", ["$.user.email"])) == expected)
    }

    @Test func form() throws {
        let plan = try rules("payload", ["$.user.email"])
        #expect(
            mask("a=1&payload=%7B%22user%22:%7B%22email%22:%22alice%22%7D%7D&b=2", .form, plan)
                == "a=1&payload=%7B%22user%22%3A%7B%22email%22%3A%22a***%22%7D%7D&b=2")
        #expect(
            mask("payload.user.email=alice&payload%5Buser%5D%5Bname%5D=bob", .form, plan)
                == "payload.user.email=a***&payload%5Buser%5D%5Bname%5D=bob")
        #expect(mask("payload=alice", .form, plan) == "payload=%5Bredacted%5D")
    }

    @Test func longValuesAreRedacted() throws {
        let long = "{\"user\":1,\"x\":\"" + String(repeating: "y", count: 1 << 20) + "\"}"
        let quoted = "payload\n\"" + long.replacing("\"", with: "\"\"") + "\"\n"
        #expect(mask(quoted, .csv, try rules("payload", ["$.user.email"])) == "payload\n\"[redacted]\"\n")
        #expect(mask("payload=\(long)", .form, try rules("payload", ["$.user.email"])) == "payload=%5Bredacted%5D")
    }

    @Test func detectorsLookAtTheRest() throws {
        let plan = try rules("payload", ["$.email"], detect: ["email"])
        #expect(
            mask(#"{"payload":{"email":"bob@x.org","b":"bob@x.org"}}"#, .json, plan)
                == #"{"payload":{"email":"b***@x.org","b":"[redacted:email]"}}"#)
    }

    /// Each path that nothing stood at is told.
    @Test func unmatchedPathsAreTold() throws {
        let plan = try rules("payload", ["$.user.email", "$.usr.phone"])
        let masker = DocumentMasker(.json, plan: plan)
        masker.write(#"{"payload":{"user":{"email":"x"}}}"#.utf8)
        masker.finish()
        #expect(masker.unmatchedRules == ["payload $.usr.phone"])
    }

    @Test func aRuleOfAllMasksAll() throws {
        var plan = MaskPlan(columns: [("payload", .partial), ("payload", .null)], detect: [])
        plan.columns[1].paths = ["$.user"]
        let rules = try DocumentPlan(plan, hashKey: nil)
        #expect(mask(#"{"payload":{"user":1},"x":1}"#, .json, rules) == #"{"payload":null,"x":1}"#)
        #expect(mask(#"{"payload":"user"}"#, .json, rules) == #"{"payload":null}"#)
    }

    /// Documents that are cut short or changed, in pieces: the result does not depend on the cuts.
    @Test(arguments: DocumentFormat.allCases)
    func hostile(_ format: DocumentFormat) throws {
        let plan = try rules("*.payload", ["$.user.email", "$..a", "$.x[*].*"], detect: ["email"])
        let document = Array(
            #"payload,b=[{"payload":{"user":[{"email":"alice@example.com"}],"x":[[1,{"a":"\u0041"}]]}},"payload[user][email]"]&payload.a=1"#
                .utf8)
        var seed = Seeded(5)
        for _ in 0..<400 {
            var bytes = document
            for _ in 0...seed.number(below: 4) {
                let place = seed.number(below: bytes.count)
                if seed.number(below: 2) == 0 {
                    bytes.remove(at: place)
                } else {
                    bytes[place] = UInt8(seed.number(below: 256))
                }
            }
            bytes = Array(bytes[seed.number(below: 20)...])
            let whole = mask(bytes, format, plan).output
            #expect(mask(bytes, format, plan, cuts: [seed.number(below: bytes.count)]).output == whole)
        }
    }
}
