import Testing

@testable import Detection

@Suite struct DetectionEngineTests {
    @Test func findingsAreAscendingAndDoNotOverlap() throws {
        let values = try found("z@y.org 536-90-4399 a@b.co 4111111111111111 password=a@b.co")
        #expect(values.map(\.1) == ["z@y.org", "536-90-4399", "a@b.co", "4111111111111111", "a@b.co"])
        #expect(values.map(\.0) == [.email, .usSSN, .email, .creditCard, .secret])
    }

    @Test func theLongestOfOverlappingFindingsWins() throws {
        let values = try found("password='mail a@b.co now'")
        #expect(values.map(\.1) == ["mail a@b.co now"])
    }

    @Test func aKeyInABareValueIsFoundWhole() throws {
        let key = "-----BEGIN " + "PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----"
        #expect(try found("private_key=\(key) end").map(\.1) == [key])
        #expect(try found("password=token=abc").map(\.1) == ["token=abc"])
    }

    @Test func onlyAskedEntitiesAreFound() throws {
        let values = try found("a@b.co 536-90-4399", [.usSSN])
        #expect(values.map(\.1) == ["536-90-4399"])
        #expect(throws: DetectionError.self) { try DetectionEngine(entities: []) }
    }

    @Test func aColumnsNameIsContextForBareDigits() throws {
        #expect(try found("536904399").isEmpty)
        #expect(try found("536904399", column: "user_ssn").map(\.1) == ["536904399"])
        #expect(try found("000904399 5369043990", column: "user_ssn").isEmpty)
    }

    @Test func invalidUTF8IsJustBytes() throws {
        let engine = try DetectionEngine(entities: Entity.all)
        let bytes: [UInt8] = [0xff, 0x00, 0xfe] + Array("4111111111111111".utf8) + [0xc3, 0x28, 0x00]
        #expect(try found(bytes, with: engine).map(\.1) == ["4111111111111111"])
    }

    @Test func nothingOutsideTheScopeIsLookedAt() throws {
        let engine = try DetectionEngine(entities: Entity.all)
        let bytes = Array("xa@b.co".utf8)
        try bytes.withUnsafeBytes { raw in
            var candidates: [Candidate] = []
            #expect(throws: Never.self) { try engine.appendCandidates(in: raw, to: &candidates) }
            for lower in 0...7 {
                for upper in lower...7 {
                    var findings: [Finding] = []
                    try engine.verify(candidates[...], in: raw, scope: lower..<upper, into: &findings)
                    for finding in findings {
                        #expect(finding.range.lowerBound >= lower && finding.range.upperBound <= upper)
                    }
                    #expect(findings.isEmpty == !(lower <= 1 && upper >= 7), "\(lower)..<\(upper)")
                }
            }
        }
    }

    @Test func everyPrefixOfEveryExampleIsSafe() throws {
        let engine = try DetectionEngine(entities: Entity.all)
        for example in Detector.all.flatMap(\.examples) {
            let bytes = Array(example.text.utf8)
            for count in 0...bytes.count {
                for value in try found(Array(bytes[..<count]), with: engine) { #expect(!value.1.isEmpty) }
                _ = try found(Array(bytes[count...]), with: engine, column: "user_ssn")
            }
        }
    }

    @Test(arguments: [
        "@", "a@", "eyJ", "eyJ.", "4", "4 ", "4111-", "-----BEGIN ", "-----BEGIN PRIVATE KEY-----", "://a:",
        "password='", "ssn ", "sk-",
        "\\\"", "pwd=", "pwd='", "a@bb.co:", "+1 ", "+49", "1.1.", "1.1.1.1 ", "::", "a:", "Mr ", "name: A",
        "Anna Smith ", "1 A St",
        "Calle A ", "1 rue A ", "straße 1", "phone 1", "tel(", "DE89 ", "AB12", "1 2A123456 ", "dob may", "passport A1",
        "0x",
        "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfN", "bc1", "bearer ", "auth A1", "address: A 1 ", "11.111.111/", "2341 ",
        "00:", "X1",
    ])
    func hostileRepetitionEnds(unit: String) throws {
        let engine = try DetectionEngine(entities: Entity.all)
        var bytes: [UInt8] = []
        while bytes.count < 1 << 16 { bytes += Array(unit.utf8) }
        var findings: [Finding] = []
        let context = FieldContext(name: "ssn")
        try bytes.withUnsafeBytes { try engine.findings(in: $0, context: context, into: &findings) }
        for (left, right) in zip(findings, findings.dropFirst()) {
            #expect(left.range.upperBound <= right.range.lowerBound)
        }
    }

    @Test func aWholeValueIsRecognisedWithoutTheMatcher() {
        func whole(_ text: String) -> Entity? {
            Array(text.utf8).withUnsafeBytes { DetectionEngine.entity(ofWhole: $0) }
        }
        #expect(whole("alice@example.com") == .email)
        #expect(whole("4111 1111 1111 1111") == .creditCard)
        #expect(whole("536-90-4399") == .usSSN)
        #expect(whole("x alice@example.com") == nil)
        #expect(whole("Smith") == nil)
        #expect(whole("") == nil)
    }
}
