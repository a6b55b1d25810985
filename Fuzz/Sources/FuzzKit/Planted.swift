/// Values that no output may hold. What stands around them in an input may make others of them, or none.
public enum Planted {
    public static let email = Array("alice.b@example.com".utf8)
    public static let socialSecurity = Array("536-90-4399".utf8)
    public static let card = Array("4111 1111 1111 1111".utf8)
    public static let all = [email, socialSecurity, card]

    /// The planted value that stands in `bytes` by itself: between spaces, quotes, ends of lines or nothing.
    public static func value(aloneIn bytes: [UInt8]) -> String? {
        for value in all {
            var index = 0
            while index + value.count <= bytes.count {
                guard bytes[index] == value[0], bytes[index..<index + value.count].elementsEqual(value) else {
                    index += 1
                    continue
                }
                let end = index + value.count
                if (index == 0 || parts(bytes[index - 1])), end == bytes.count || parts(bytes[end]) {
                    return String(decoding: value, as: UTF8.self)
                }
                index = end
            }
        }
        return nil
    }

    private static func parts(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x0a || byte == 0x22 || byte == 0x27 }
}
