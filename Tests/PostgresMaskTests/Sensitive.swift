import Foundation
import TestKit

/// A sensitive value, and every way in which the tests write it.
enum Sensitive {
    case email(String)
    /// Sixteen digits, right by Luhn's rule.
    case card(String)
    case socialSecurity(String)

    static func random(_ seed: inout Seed) -> Sensitive {
        let number = Int.random(in: 1...9999, using: &seed)
        switch Int.random(in: 0..<3, using: &seed) {
        case 0: return .email("person\(number)@mail.example.com")
        case 1: return .card(SampleDatabase.customer(number).card)
        case _: return .socialSecurity(SampleDatabase.customer(number % 900 + 1).ssn)
        }
    }

    var text: String {
        switch self {
        case .email(let text), .card(let text), .socialSecurity(let text): text
        }
    }

    /// Of a card.
    var number: Int64? {
        if case .card(let digits) = self { return Int64(digits) }
        return nil
    }

    /// As JSON and XML can write it without showing it.
    var jsonEscaped: String {
        text.utf16.map {
            "\\u" + String(repeating: "0", count: 4 - String($0, radix: 16).count) + String($0, radix: 16)
        }
        .joined()
    }
    var xmlEscaped: String { text.utf8.map { "&#\($0);" }.joined() }
    var utf16: [UInt8] { text.utf16.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xff)] } }

    /// What no output may hold.
    var spellings: [[UInt8]] {
        let plain = Array(text.utf8)
        var all: [[UInt8]] = [
            plain, Array(jsonEscaped.utf8), Array(xmlEscaped.utf8), Array(Data(plain).base64EncodedString().utf8),
            utf16,
            plain.flatMap { byte -> [UInt8] in [byte, 0] }, hexadecimal(plain), hexadecimal(utf16),
        ]
        if let number {
            all += [
                Wire.int64(number), Wire.int64(Int64(bitPattern: Double(number).bitPattern)), numericGroups(number),
                Array(exponent(number).utf8), Array(moneyText(number).utf8),
            ]
        }
        return all
    }

    private func hexadecimal(_ bytes: [UInt8]) -> [UInt8] {
        bytes.flatMap { Array((String($0 >> 4, radix: 16) + String($0 & 15, radix: 16)).utf8) }
    }
}

/// numeric.c's digits of base 10000.
func numericGroups(_ number: Int64) -> [UInt8] {
    var groups: [Int] = []
    var rest = number
    while rest > 0 {
        groups.insert(Int(rest % 10_000), at: 0)
        rest /= 10_000
    }
    return groups.flatMap(Wire.int16)
}

/// As float8 shows a number of sixteen digits.
func exponent(_ number: Int64) -> String {
    var digits = String(number)
    while digits.hasSuffix("0") { digits.removeLast() }
    let fraction = digits.dropFirst()
    return digits.prefix(1) + (fraction.isEmpty ? "" : "." + fraction) + "e+15"
}

/// As money shows it in the locale C.
func moneyText(_ number: Int64) -> String {
    var grouped = ""
    for (index, digit) in String(number).enumerated() {
        if index > 0, (String(number).count - index) % 3 == 0 { grouped.append(",") }
        grouped.append(digit)
    }
    return "$" + grouped + ".00"
}
