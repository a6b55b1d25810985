/// A message of PostgreSQL's protocol (manual, 55.7): a kind, a length that counts itself, and a body.
struct WireMessage {
    let kind: Character
    let body: [UInt8]

    var bytes: [UInt8] { [kind.asciiValue ?? 0] + Self.big(Int32(body.count + 4)) + body }

    static func row(_ values: [[UInt8]?]) -> WireMessage {
        var body = big(Int16(values.count))
        for value in values { body += value.map { big(Int32($0.count)) + $0 } ?? big(Int32(-1)) }
        return WireMessage(kind: "D", body: body)
    }

    static func complete(_ tag: String) -> WireMessage { WireMessage(kind: "C", body: Array(tag.utf8) + [0]) }

    /// The values of a row; nil when they are cut or bytes are left over.
    var values: [[UInt8]?]? {
        guard body.count >= 2 else { return nil }
        var result: [[UInt8]?] = []
        var place = 2
        for _ in 0..<(Int(body[0]) << 8 | Int(body[1])) {
            guard let length = Self.integer(body, at: place) else { return nil }
            place += 4
            guard length >= -1, place + max(0, length) <= body.count else { return nil }
            result.append(length < 0 ? nil : Array(body[place..<place + length]))
            place += max(0, length)
        }
        return place == body.count ? result : nil
    }

    /// All messages of a payload; nil unless they are whole.
    static func all(in payload: [UInt8]) -> [WireMessage]? {
        var result: [WireMessage] = []
        var place = 0
        while place < payload.count {
            guard let length = integer(payload, at: place + 1), length >= 4, place + 1 + length <= payload.count else {
                return nil
            }
            result.append(
                WireMessage(
                    kind: Character(UnicodeScalar(payload[place])), body: Array(payload[place + 5..<place + 1 + length])
                ))
            place += 1 + length
        }
        return result
    }

    private static func integer(_ bytes: [UInt8], at place: Int) -> Int? {
        guard place + 4 <= bytes.count else { return nil }
        return Int(Int32(bitPattern: bytes[place..<place + 4].reduce(0) { $0 << 8 | UInt32($1) }))
    }

    private static func big(_ value: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: value.bigEndian) { [UInt8]($0) }
    }
}
