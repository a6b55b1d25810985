extension Detector {
    /// What stands around a secret's fixed prefix.
    struct TokenRule: Sendable {
        /// Bytes that a part of a token is made of.
        struct Alphabet: Sendable {
            private let low: UInt64
            private let high: UInt64

            /// - Parameter bytes: ASCII.
            init(_ bytes: String) {
                var low: UInt64 = 0
                var high: UInt64 = 0
                for byte in bytes.utf8 {
                    if byte < 64 { low |= 1 << UInt64(byte) } else { high |= 1 << UInt64(byte & 63) }
                }
                self.low = low
                self.high = high
            }

            @inline(__always) func contains(_ byte: UInt8) -> Bool {
                byte < 64 ? low >> UInt64(byte) & 1 == 1 : byte < 128 && high >> UInt64(byte & 63) & 1 == 1
            }

            static let digits = Alphabet("0123456789")
            static let hexadecimal = Alphabet("0123456789abcdef")
            static let hexadecimalAnyCase = Alphabet("0123456789abcdefABCDEF")
            static let upperAlphanumeric = Alphabet("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")
            static let lowerAlphanumeric = Alphabet("abcdefghijklmnopqrstuvwxyz0123456789")
            static let alphanumeric = Alphabet(alphanumerics)
            static let alphanumericUnderscore = Alphabet(alphanumerics + "_")
            static let alphanumericHyphen = Alphabet(alphanumerics + "-")
            static let base64URL = Alphabet(alphanumerics + "-_")
            static let base64 = Alphabet(alphanumerics + "+/=")
            static let base64URLAndDots = Alphabet(alphanumerics + "-_.=")
            private static let alphanumerics = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
        }

        enum Part: Sendable {
            case some(Alphabet, ClosedRange<Int>)
            case text(StaticString)
        }

        /// A checksum that the vendor puts at the end.
        enum Checksum: Sendable {
            /// CRC-32 of what is before it (without the prefix), in base 62, as the last six bytes.
            case crc32Base62
        }

        /// What stands before the prefix and belongs to the token: so many bytes of the alphabet.
        var before: (alphabet: Alphabet, count: ClosedRange<Int>)?
        var after: [Part]
        /// Words joined by hyphens are not secrets: a digit must be there.
        var needsDigit = false
        /// The prefix may follow `_` or `-` directly. Only where the length is one number, which bounds the work.
        var joins = false
        /// A right one makes the finding sure; a wrong one does not undo it, since vendors change what they compute.
        var checksum: Checksum?
        /// Fewer different bytes than this are a placeholder: `ghp_xxxxxxxx`.
        static let leastDifferentBytes = 5

        init(
            _ alphabet: Alphabet, _ length: ClosedRange<Int>, needsDigit: Bool = false, joins: Bool = false,
            checksum: Checksum? = nil
        ) {
            after = [.some(alphabet, length)]
            self.needsDigit = needsDigit
            self.joins = joins
            self.checksum = checksum
        }

        init(before: (alphabet: Alphabet, count: ClosedRange<Int>)? = nil, _ after: Part..., needsDigit: Bool = false) {
            self.before = before
            self.after = after
            self.needsDigit = needsDigit
        }
    }
}
