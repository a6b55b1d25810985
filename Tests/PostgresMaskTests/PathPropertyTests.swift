import Contract
import Foundation
import Masking
import PostgresMask
import TestKit
import Testing

/// Random JSON documents: all but what the path names stays byte for byte, and nothing of that shows in any spelling.
@Suite struct PathPropertyTests {
    /// Writes a document, and what masking it by `$..ssn` and `$.user.mail` in style `redact` must make of it.
    private struct Writer {
        var seed: Seed
        var document = ""
        var masked = ""

        init(_ number: UInt64) { seed = Seed(number) }

        mutating func number(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &seed) }

        mutating func space() {
            add(["", "", " ", "\n", "\t ", "\r\n"][number(6)])
        }

        mutating func add(_ text: String, isHidden: Bool = false) {
            document += text
            if !isHidden { masked += text }
        }

        /// A string in one of its spellings.
        mutating func spelled(_ text: String) -> String {
            var out = "\""
            for unit in text.utf16 {
                let isPlain = unit >= 0x20 && unit != 0x22 && unit != 0x5c && unit < 0x80
                let hexadecimal = String(unit, radix: 16)
                let escape = "\\u" + String(repeating: "0", count: 4 - hexadecimal.count) + hexadecimal
                if !isPlain || number(5) == 0 {
                    out += escape
                } else {
                    out += String(Character(UnicodeScalar(UInt8(unit))))
                }
            }
            return out + "\""
        }

        static let names = ["ssn", "SSN", " Ssn ", "user", "mail", "a", "ssn2", "", "ünï", "\"", "users"]

        /// - Parameters:
        ///   - isRoot: in no object.
        ///   - isUser: what stands at `$.user`.
        ///   - isHidden: within an object that a path names.
        mutating func value(depth: Int, isRoot: Bool, isUser: Bool, isNamed: Bool, isHidden: Bool) {
            space()
            switch number(depth > 4 ? 3 : 5) {
            case 0:
                let text = spelled(isNamed || isHidden ? "secret-\(number(1000))" : "shown-\(number(1000))")
                add(text, isHidden: isNamed || isHidden)
                if isNamed, !isHidden { masked += "\"[redacted]\"" }
            case 1:
                add(
                    isNamed || isHidden ? "987654\(number(1000))" : "\(number(1000)).5e3", isHidden: isNamed || isHidden
                )
                if isNamed, !isHidden { masked += "null" }
            case 2:
                add(["true", "false", "null"][number(3)], isHidden: isNamed || isHidden)
                if isNamed, !isHidden { masked += "null" }
            case 3:
                add("[", isHidden: isHidden)
                let hidden = masked
                for index in 0..<number(4) {
                    if index > 0 { add(",") }
                    value(depth: depth + 1, isRoot: isRoot, isUser: isUser, isNamed: isNamed, isHidden: isHidden)
                    space()
                }
                add("]")
                if isHidden { masked = hidden }
            case _:
                let hidden = masked
                add("{")
                for index in 0..<number(4) {
                    if index > 0 { add(",") }
                    space()
                    let name = Writer.names[number(Writer.names.count)]
                    let folded = name.lowercased().trimmingCharacters(in: .whitespaces)
                    add(spelled(name))
                    space()
                    add(":")
                    value(
                        depth: depth + 1, isRoot: false, isUser: isRoot && folded == "user",
                        isNamed: folded == "ssn" || isUser && folded == "mail", isHidden: isNamed || isHidden)
                    space()
                }
                add("}")
                if isNamed || isHidden { masked = hidden }
                if isNamed, !isHidden { masked += "\"[redacted]\"" }
            }
        }
    }

    @Test func theRestStaysByteForByte() throws {
        var rules = plan(columns: [("events.payload", .redact)])
        rules.columns[0].paths = ["$..ssn", "$.user.mail"]
        let masker = PostgresMasker(hashKey: key)
        var changed = 0
        for number in 0..<3000 {
            var writer = Writer(UInt64(number))
            writer.value(depth: 0, isRoot: true, isUser: false, isNamed: false, isHidden: false)
            for type in [UInt32(114), 3802, 25] {
                var column = column(
                    "p", type: type, format: type == 3802 ? 1 : 0, origin: ("public", "events", "payload"))
                column.originIsTable = true
                let isDocument = writer.document.contains { $0 == "{" || $0 == "[" }
                if type == 25, !isDocument { continue }
                let bytes = (type == 3802 ? [1] : []) + Array(writer.document.utf8)
                let reply = try mask(batch(rules, [column]), Wire.row([bytes]), with: masker)
                let shown = try #require(Wire.fields(Wire.parse(reply.payload)[0].body)[0])
                let text = String(decoding: shown.dropFirst(type == 3802 ? 1 : 0), as: UTF8.self)
                #expect(text == writer.masked, "\(number): \(writer.document)")
                let read = try JSONSerialization.jsonObject(with: Data(text.utf8), options: .fragmentsAllowed)
                #expect(!"\(read)".contains("secret-") && !"\(read)".contains("987654"))
            }
            if writer.document != writer.masked { changed += 1 }
        }
        #expect(changed > 300)
    }
}
