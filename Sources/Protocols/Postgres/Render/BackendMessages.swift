/// Cuts recorded reply data into PostgreSQL backend messages (Frontend/Backend Protocol, "Message Formats").
struct BackendMessages {
    /// A message longer than this is shown as unreadable; ingress records replies in smaller pieces.
    static let maxMessageBytes = 64 << 20
    /// Bytes of an unfinished message kept for the next piece.
    static let maxCarriedBytes = 1 << 20

    struct Message {
        let type: UInt8
        let body: ArraySlice<UInt8>
    }

    private var carried: [UInt8] = []
    /// Bytes to come of a message that is too long to be kept.
    private var skipped = 0

    /// The whole messages of the carried bytes and `data`, and how many bytes could not be read.
    mutating func read(_ data: [UInt8]) -> (messages: [Message], unreadable: Int) {
        let passed = min(skipped, data.count)
        skipped -= passed
        let data = passed == 0 ? data : Array(data.dropFirst(passed))
        let bytes = carried.isEmpty ? data : carried + data
        carried = []
        var messages: [Message] = []
        var place = 0
        while bytes.count - place >= 5 {
            let length = Int(readUInt32(bytes, place + 1))
            guard length >= 4, length <= Self.maxMessageBytes else { return (messages, bytes.count - place) }
            guard bytes.count - place > length else { break }
            messages.append(Message(type: bytes[place], body: bytes[(place + 5)..<(place + 1 + length)]))
            place += 1 + length
        }
        let rest = bytes.count - place
        guard rest <= Self.maxCarriedBytes else {
            let whole = Int(readUInt32(bytes, place + 1)) + 1
            skipped = whole - rest
            return (messages, whole)
        }
        carried = Array(bytes[place...])
        return (messages, 0)
    }
}

/// Big-endian, as on the wire.
private func readUInt32(_ bytes: [UInt8], _ place: Int) -> UInt32 {
    bytes[place..<(place + 4)].reduce(0) { $0 << 8 | UInt32($1) }
}

/// Reads one message's body from its front; nil once it is too short.
struct BodyReader {
    private(set) var rest: ArraySlice<UInt8>

    init(_ body: ArraySlice<UInt8>) {
        rest = body
    }

    mutating func number(_ length: Int) -> Int? {
        guard let bytes = bytes(length) else { return nil }
        let value = bytes.reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        switch length {
        case 1: return Int(value)
        case 2: return Int(Int16(truncatingIfNeeded: value))
        default: return Int(Int32(truncatingIfNeeded: value))
        }
    }

    mutating func bytes(_ length: Int) -> ArraySlice<UInt8>? {
        guard length >= 0, rest.count >= length else { return nil }
        defer { rest = rest.dropFirst(length) }
        return rest.prefix(length)
    }

    /// A zero-terminated string.
    mutating func string() -> ArraySlice<UInt8>? {
        guard let end = rest.firstIndex(of: 0) else { return nil }
        defer { rest = rest[(end + 1)...] }
        return rest[..<end]
    }
}
