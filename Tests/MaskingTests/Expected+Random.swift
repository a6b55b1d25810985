import Masking

extension Expected {
    static let entities = ["email", "credit_card", "us_ssn", "iban"]
    private static let sensitive = [
        ("alice.b@example.com", "email"), ("jürgen@müller.de", "email"), ("4111 1111 1111 1111", "credit_card"),
        ("5500-0000-0000-0004", "credit_card"), ("536-90-4399", "us_ssn"), ("DE89 3704 0044 0532 0130 00", "iban"),
    ]
    private static let words = [
        "plain", "Grüße", "日本", "\u{1f600}", "a, b", "say \"hi\"", "tab\there", "line\nend", "back\\slash", "50 %",
        "x=1&y=2", "{\"k\": [1]}", "'q'", "", ";", "+", "\u{7f}",
    ]

    static func random(_ format: DocumentFormat, seed: Int) -> Expected {
        var random = Seeded(seed)
        var expected = Expected()
        switch format {
        case .text:
            for _ in 0...random.number(below: 6) {
                expected.addText(&random) { $0.replacing("\n", with: " ") }
                expected.add(random.pick(["\n", "\n", "\r\n", "\n\n"]))
            }
        case .json:
            for _ in 0...random.number(below: 2) {
                expected.addJSON(&random, depth: 0, spaces: [" ", "\n", "\t", "", "\r\n  "])
                expected.add("\n")
            }
        case .ndjson:
            for _ in 0...random.number(below: 3) {
                expected.addJSON(&random, depth: 0, spaces: [" ", ""])
                expected.add(random.pick(["\n", "\r\n", "\n\n"]))
            }
            expected.add("event: message\n")
            for _ in 0...1 {
                expected.add(random.pick(["data:", "data: "]))
                expected.addJSON(&random, depth: 1, spaces: [" ", ""])
                expected.add("\n\n")
            }
        case .csv:
            let end = random.pick(["\n", "\r\n"])
            expected.add("one,\"two\",three" + end)
            for _ in 0...random.number(below: 3) {
                for column in 0..<3 {
                    if column > 0 { expected.add(",") }
                    expected.addField(&random)
                }
                expected.add(end)
            }
        case .form:
            for number in 0...random.number(below: 5) {
                expected.add(number == 0 ? "n\(number)=" : "&n\(number)=")
                var random = random
                expected.addText(&random, encodeMasked: { Expected.percent($0, []) }) { text in
                    Expected.percent(text, [])
                }
            }
        }
        return expected
    }

    /// Words with sensitive values between them, in an encoding.
    private mutating func addText(
        _ random: inout Seeded, encodeMasked: (String) -> String = { $0 }, encode: (String) -> String
    ) {
        for _ in 0...random.number(below: 3) {
            add(encode(random.pick(Expected.words)))
            guard random.number(below: 2) == 0 else { continue }
            let value = random.pick(Expected.sensitive)
            values.append(value.0)
            add(encode(" | "))
            add(encode(value.0), masked: encodeMasked("[redacted:\(value.1)]"))
            add(encode(" | "))
        }
    }

    private mutating func addField(_ random: inout Seeded) {
        let isQuoted = random.number(below: 2) == 0
        if isQuoted { add("\"") }
        addText(&random) { text in
            isQuoted
                ? text.replacing("\"", with: "\"\"") : text.filter { ![",", "\"", "\n", "\r", "\r\n"].contains($0) }
        }
        if isQuoted { add("\"") }
    }

    private mutating func addJSON(_ random: inout Seeded, depth: Int, spaces: [String]) {
        add(random.pick(spaces))
        switch random.number(below: depth > 3 ? 3 : 5) {
        case 0, 1: addString(&random)
        case 2:
            if random.number(below: 3) == 0, depth > 0 {
                values.append("4111111111111111")
                add("4111111111111111", masked: "null")
            } else {
                add(random.pick(["17", "-0.5e3", "true", "null", "false", "0"]))
            }
        case 3:
            add("[")
            for index in 0..<random.number(below: 4) {
                if index > 0 { add(",") }
                addJSON(&random, depth: depth + 1, spaces: spaces)
            }
            add("]")
        default:
            add("{")
            for index in 0..<random.number(below: 4) {
                if index > 0 { add(",") }
                add(random.pick(spaces))
                addString(&random)
                add(random.pick(spaces) + ":")
                addJSON(&random, depth: depth + 1, spaces: spaces)
            }
            add("}")
        }
        add(random.pick(spaces))
    }

    private mutating func addString(_ random: inout Seeded) {
        add("\"")
        var escapes = Seeded(random.number(below: 1 << 30))
        let everything = random.number(below: 3) == 0
        addText(&random) { text in
            text.unicodeScalars.map { scalar in
                switch scalar {
                case "\"", "\\": return "\\" + String(scalar)
                case "\n": return "\\n"
                case _ where scalar.value < 0x20 || everything && escapes.number(below: 2) == 0:
                    return String(scalar).utf16.map { unit in
                        let digits = String(unit, radix: 16)
                        return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
                    }.joined()
                case _: return String(scalar)
                }
            }.joined()
        }
        add("\"")
    }

    private static func percent(_ text: String, _ kept: [UInt8]) -> String {
        String(
            decoding: text.utf8.flatMap { byte -> [UInt8] in
                switch byte {
                case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x2a, 0x2d, 0x2e, 0x5f: return [byte]
                case 0x20: return [0x2b]
                case _:
                    let digits = String(byte, radix: 16, uppercase: true)
                    return Array(("%" + (digits.count == 1 ? "0" : "") + digits).utf8)
                }
            }, as: UTF8.self)
    }
}
