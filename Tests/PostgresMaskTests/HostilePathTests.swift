import Contract
import Masking
import PostgresMask
import TestKit
import Testing

/// Values that are cut short or changed: masks of places withhold them, or read them as what they are, and never fail.
@Suite struct HostilePathTests {
    private func masked(
        _ value: PathTests.Value, _ bytes: [UInt8], binary: Bool, _ type: UInt32, _ masker: PostgresMasker
    ) throws -> [UInt8]? {
        var rules = plan(columns: [("events.payload", .redact)], detect: ["email"])
        rules.columns[0].paths = [value.path]
        var column = column("p", type: type, format: binary ? 1 : 0, origin: ("public", "events", "payload"))
        column.originIsTable = true
        let reply = try mask(batch(rules, [column]), Wire.row([bytes]), with: masker)
        let messages = Wire.parse(reply.payload)
        #expect(messages.count == 1)
        return Wire.fields(try #require(messages.first).body)[0]
    }

    @Test(arguments: PathTests.values)
    func cutShort(_ value: PathTests.Value) throws {
        let masker = PostgresMasker(hashKey: key)
        for (binary, bytes) in [(false, value.text), (true, value.binary)] {
            for end in 0..<bytes.count {
                let shown = try masked(value, Array(bytes[..<end]), binary: binary, value.type, masker)
                #expect(
                    shown.map { !String(decoding: $0, as: UTF8.self).contains("alice@") } ?? true, "\(value) \(end)")
            }
        }
    }

    /// In every kind of type, the one that is not told included.
    @Test(arguments: PathTests.values)
    func changed(_ value: PathTests.Value) throws {
        let masker = PostgresMasker(hashKey: key)
        var seed = Seed(7)
        for round in 0..<300 {
            let binary = round.isMultiple(of: 2)
            var bytes = binary ? value.binary : value.text
            for _ in 0...Int.random(in: 0..<3, using: &seed) where !bytes.isEmpty {
                let place = Int.random(in: 0..<bytes.count, using: &seed)
                switch Int.random(in: 0..<3, using: &seed) {
                case 0: bytes[place] = UInt8.random(in: 0...255, using: &seed)
                case 1: bytes.remove(at: place)
                case _:
                    bytes.insert(
                        [0x22, 0x5c, 0x3c, 0x3e, 0x7b, 0x7d, 0, 0xff].randomElement(using: &seed) ?? 0, at: place)
                }
            }
            for type in [value.type, 114, 142, 25, 16_999, 0] {
                _ = try masked(value, bytes, binary: binary, type, masker)
            }
        }
    }
}
