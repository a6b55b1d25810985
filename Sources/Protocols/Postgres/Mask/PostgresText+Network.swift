extension PostgresText {
    /// network.c: family, mask bits, whether it is a cidr, and the counted address.
    static func inet(_ reader: inout ValueReader) -> [UInt8]? {
        guard let family = reader.byte(), let bits = reader.byte(), let isNetwork = reader.byte(),
            let count = reader.byte(), let address = reader.take(Int(count))
        else { return nil }
        let text: String
        switch (family, count) {
        case (2, 4): text = address.map { String($0) }.joined(separator: ".")
        case (3, 16): text = inet6(address)
        case _: return nil
        }
        guard bits <= count * 8 else { return nil }
        return Array((isNetwork != 0 || bits != count * 8 ? "\(text)/\(bits)" : text).utf8)
    }

    /// The longest run of two zero words or more is left out; IPv4 addresses inside show as such.
    private static func inet6(_ address: UnsafeRawBufferPointer) -> String {
        let words = (0..<8).map { address.int16(at: $0 * 2) & 0xffff }
        var best = 0..<0
        var start = 0
        for index in 0...8 where index == 8 || words[index] != 0 {
            if index - start >= 2, index - start > best.count { best = start..<index }
            start = index + 1
        }
        func hexadecimal(_ range: Range<Int>) -> String {
            range.map { String(words[$0], radix: 16) }.joined(separator: ":")
        }
        let embeds =
            best.lowerBound == 0
            && (best.count == 6 || best.count == 7 && words[7] != 1 || best.count == 5 && words[5] == 0xffff)
        if embeds {
            let dotted = address[12...].map { String($0) }.joined(separator: ".")
            return best.count == 5 ? "::ffff:\(dotted)" : "::\(dotted)"
        }
        if best.isEmpty { return hexadecimal(0..<8) }
        return hexadecimal(0..<best.lowerBound) + "::" + hexadecimal(best.upperBound..<8)
    }

    /// Six bytes, or eight.
    static func macaddr(_ reader: inout ValueReader) -> [UInt8]? {
        guard reader.left == 6 || reader.left == 8, let bytes = reader.take(reader.left) else { return nil }
        var text: [UInt8] = []
        for byte in bytes {
            if !text.isEmpty { text.append(0x3a) }
            appendHexadecimal(byte, to: &text)
        }
        return text
    }
}
