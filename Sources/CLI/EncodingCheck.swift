/// Tells from its first bytes whether text is in an encoding of two or four bytes a character, whose text no detector finds.
struct EncodingCheck {
    /// A byte order mark, or two characters without one.
    private static let neededBytes = 8

    private var head: [UInt8] = []

    /// The encoding's name, as iconv knows it; nil while there is no sign of one.
    mutating func wideEncoding(with more: some Sequence<UInt8>) -> String? {
        guard head.count < EncodingCheck.neededBytes else { return nil }
        head += more.prefix(EncodingCheck.neededBytes - head.count)
        if head.starts(with: [0xff, 0xfe, 0, 0]) || head.starts(with: [0, 0, 0xfe, 0xff]) { return "UTF-32" }
        if head.starts(with: [0xff, 0xfe]) || head.starts(with: [0xfe, 0xff]) { return "UTF-16" }
        guard head.count >= 4 else { return nil }
        switch head.prefix(4).map({ $0 == 0 }) {
        case [false, true, true, true]: return "UTF-32LE"
        case [true, true, true, false]: return "UTF-32BE"
        case [false, true, false, true]: return "UTF-16LE"
        case [true, false, true, false]: return "UTF-16BE"
        case _: return nil
        }
    }
}
