/// The W3C trace context of one session (https://www.w3.org/TR/trace-context/): one trace id, and a span id for each of
/// its commands.
public struct TraceContext: Sendable {
    /// Bytes of a `traceparent`: version, trace id, span id, flags.
    static let length = 55
    private static let digits: StaticString = "0123456789abcdef"

    private let high: UInt64
    private let low: UInt64
    private let seed: UInt64

    /// A new trace. `generator` gives unguessable bits, so that ids of two gateways do not meet.
    public init(using generator: inout some RandomNumberGenerator) {
        high = UInt64.random(in: 1 ... .max, using: &generator)
        low = generator.next()
        seed = generator.next()
    }

    /// 32 hexadecimal digits.
    public var traceID: String {
        String(unsafeUninitializedCapacity: 32) { buffer in
            Self.write(high, to: buffer, at: 0)
            Self.write(low, to: buffer, at: 16)
            return 32
        }
    }

    /// The `traceparent` of span `number`, which no other number of this trace has; not sampled.
    public func traceparent(span number: UInt64) -> String {
        // The mixer of SplitMix64 is a bijection, so distinct numbers give distinct ids.
        var span = seed &+ (number &+ 1) &* 0x9e37_79b9_7f4a_7c15
        span = (span ^ (span >> 30)) &* 0xbf58_476d_1ce4_e5b9
        span = (span ^ (span >> 27)) &* 0x94d0_49bb_1331_11eb
        span ^= span >> 31
        return String(unsafeUninitializedCapacity: Self.length) { buffer in
            // “00-”, “-” and “-00”; an id of zeros is none, so that one number of 2⁶⁴ shares its id with another.
            for (place, byte) in [(0, 0x30), (1, 0x30), (2, 0x2d), (35, 0x2d), (52, 0x2d), (53, 0x30), (54, 0x30)]
                as [(Int, UInt8)]
            {
                buffer.initializeElement(at: place, to: byte)
            }
            Self.write(high, to: buffer, at: 3)
            Self.write(low, to: buffer, at: 19)
            Self.write(max(span, 1), to: buffer, at: 36)
            return Self.length
        }
    }

    private static func write(_ value: UInt64, to buffer: UnsafeMutableBufferPointer<UInt8>, at place: Int) {
        for index in 0..<16 {
            let digit = Int(truncatingIfNeeded: value >> (60 - 4 * UInt64(index))) & 15
            buffer.initializeElement(at: place + index, to: digits.utf8Start[digit])
        }
    }

    /// The trace id within a `traceparent`; empty when it is none.
    public static func traceID(of traceparent: String) -> String {
        let parts = traceparent.utf8.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        guard parts.count >= 4, parts[1].count == 32,
            parts[1].allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x66).contains($0) })
        else { return "" }
        return String(decoding: parts[1], as: UTF8.self)
    }
}
