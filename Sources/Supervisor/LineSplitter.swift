/// Cuts a stream of bytes into lines. A line longer than the bound comes in pieces.
struct LineSplitter: Sendable {
    static let maximumLineBytes = 8192

    private var pending: [UInt8] = []

    mutating func append(_ bytes: some Sequence<UInt8>) -> [String] {
        var lines: [String] = []
        for byte in bytes {
            if byte == 0x0a {
                lines.append(take())
            } else {
                pending.append(byte)
                if pending.count >= Self.maximumLineBytes { lines.append(take()) }
            }
        }
        return lines
    }

    /// What stands after the last newline, at the stream's end.
    mutating func finish() -> String? { pending.isEmpty ? nil : take() }

    private mutating func take() -> String {
        if pending.last == 0x0d { pending.removeLast() }
        defer { pending.removeAll(keepingCapacity: true) }
        return printable(String(decoding: pending, as: UTF8.self), limit: Self.maximumLineBytes)
    }
}
