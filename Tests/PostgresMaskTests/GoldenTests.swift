import Contract
import Foundation
import Masking
import Testing

@testable import PostgresMask

/// Values of every built-in type as PostgreSQL 15 sends them in both formats (`Golden/values.sql`).
@Suite struct GoldenTests {
    struct Value: CustomStringConvertible {
        let type: UInt32
        let text: [UInt8]
        let binary: [UInt8]
        var description: String { "\(type) \(String(decoding: text, as: UTF8.self))" }
    }

    static let values: [Value] = {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden")
        guard let file = try? String(contentsOf: folder.appending(path: "values.txt"), encoding: .utf8) else {
            return []
        }
        return file.split(separator: "\n").map { line in
            let parts = line.split(separator: " ", omittingEmptySubsequences: false)
            return Value(type: UInt32(parts[0]) ?? 0, text: bytes(parts[1]), binary: bytes(parts[2]))
        }
    }()

    private static func bytes(_ hexadecimal: Substring) -> [UInt8] {
        let digits = Array(hexadecimal.utf8).compactMap { $0.hexadecimalValue }
        return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }

    /// Of these not all that shows is rendered: amounts, names of objects, positions and operators of text search.
    private static let partial: Set<UInt32> = named.union([790, 3614, 3615])
    /// Binary holds a number where the text shows an object's name.
    private static let named: Set<UInt32> = [24, 2205, 2206, 4089, 4096]

    @Test func binaryShowsAsPostgreSQLShowsIt() throws {
        try #require(Self.values.count > 200)
        for value in Self.values where !Self.partial.contains(value.type) {
            let text = value.binary.withUnsafeBytes { PostgresText.rendered(ValueType(value.type), $0) }
            #expect(text == value.text, "\(value): \(text.map { String(decoding: $0, as: UTF8.self) } ?? "nil")")
        }
    }

    @Test func everyTypeIsKnown() {
        for value in Self.values { #expect(ValueType(value.type) != .unknown, "\(value)") }
    }

    @Test(arguments: ["v", "ssn", "birth_date", "phone", "password", "customer_name"])
    func bothFormatsComeToTheSame(name: String) throws {
        let masker = PostgresMasker(key: key)
        for plan in [plan(detect: ["all"]), plan(detect: everyEntity, .null), plan(columns: [("*.ssn", .redact)])] {
            for value in Self.values where !Self.named.contains(value.type) {
                let text = try masked(value, plan, column(name, type: value.type), with: masker)
                let binary = try masked(value, plan, column(name, type: value.type, format: 1), with: masker)
                #expect((text == nil) == (binary == nil), "\(value)")
                #expect((text == value.text) == (binary == value.binary), "\(value)")
            }
        }
    }

    private func masked(_ value: Value, _ plan: MaskPlan, _ column: ResultColumn, with masker: PostgresMasker) throws
        -> [UInt8]?
    {
        let bytes = column.format == 0 ? value.text : value.binary
        let reply = try mask(batch(plan, [column]), Wire.row([bytes]), with: masker)
        return Wire.fields(Wire.parse(reply.payload)[0].body)[0]
    }

    /// What is found in each type.
    @Test func findingsBecomeNull() throws {
        let found = Self.values.filter {
            let text = String(decoding: $0.text, as: UTF8.self)
            return text.contains("4111111111111111") || text.contains("4.111111111111111e+15")
                || text.contains("a@b.co")
                || text.contains("alice@example.com") || text.contains("4,111,111,111,111,111")
        }
        #expect(found.count > 15)
        let masker = PostgresMasker(key: key)
        for value in found {
            let column = column("v", type: value.type, format: 1)
            #expect(try masked(value, plan(detect: everyEntity), column, with: masker) != value.binary, "\(value)")
        }
        for (type, name) in [(869, "10.0.0.1"), (829, "08:00:2b:01:02:03")] as [(UInt32, String)] {
            for value in Self.values where value.type == type && value.text == Array(name.utf8) {
                let rules = plan(detect: ["ip_address", "mac_address"])
                #expect(try maskValue(rules, column("v", type: type), value.text) == nil)
                #expect(try maskValue(rules, column("v", type: type, format: 1), value.binary) == nil)
            }
        }
    }

    /// Types of which any bytes, or any after a version, are a value.
    private static var open: [ValueType] { [.text, .xml, .json, .jsonb, .bytea, .scalar(.jsonpath)] }

    @Test func everyTruncationAndExcessIsUnreadable() {
        for value in Self.values where !Self.open.contains(ValueType(value.type)) {
            let parts = value.binary.indices.map { Array(value.binary[..<$0]) } + [value.binary + [0]]
            for part in parts {
                let text = part.withUnsafeBytes { PostgresText.rendered(ValueType(value.type), $0) }
                // A shorter MAC address is one, too.
                #expect(text == nil || value.type == 774 && part.count == 6, "\(value)")
            }
        }
    }

    @Test func noFlippedByteIsMoreThanUnreadable() {
        for value in Self.values {
            for index in value.binary.indices {
                for flip in [0x01, 0x80, 0xff] as [UInt8] {
                    var bytes = value.binary
                    bytes[index] ^= flip
                    _ = bytes.withUnsafeBytes { PostgresText.rendered(ValueType(value.type), $0) }
                    _ = bytes.withUnsafeBytes { PostgresText.rendered(.unknown, $0) }
                }
            }
        }
    }
}
