/// The W3C trace context of one session (https://www.w3.org/TR/trace-context/): one trace id, and a span id for each of
/// its commands.
public struct TraceContext: Sendable {
    /// 32 hexadecimal digits.
    public let traceID: String
    private let prefix: [UInt8]
    private var state: UInt64

    /// Bytes of a `traceparent`: version, trace id, span id, flags.
    static let length = 55
    private static let digits = Array("0123456789abcdef".utf8)

    /// A new trace. `generator` gives unguessable bits, so that ids of two gateways do not meet.
    public init(using generator: inout some RandomNumberGenerator) {
        var bytes: [UInt8] = []
        for word in [UInt64.random(in: 1 ... .max, using: &generator), generator.next()] {
            bytes += (0..<8).map { UInt8(truncatingIfNeeded: word >> (56 - 8 * $0)) }
        }
        let hex = bytes.flatMap { [Self.digits[Int($0 >> 4)], Self.digits[Int($0 & 15)]] }
        traceID = String(decoding: hex, as: UTF8.self)
        prefix = Array("00-".utf8) + hex + Array("-".utf8)
        state = generator.next()
    }

    /// The `traceparent` of the next span: never the same within one trace, and not sampled.
    public mutating func nextSpan() -> String {
        // The mixer of SplitMix64 is a bijection, so distinct states give distinct ids.
        state &+= 0x9e37_79b9_7f4a_7c15
        var span = state
        span = (span ^ (span >> 30)) &* 0xbf58_476d_1ce4_e5b9
        span = (span ^ (span >> 27)) &* 0x94d0_49bb_1331_11eb
        span ^= span >> 31
        // All zeros are no valid id.
        if span == 0 { return nextSpan() }
        return String(unsafeUninitializedCapacity: Self.length) { buffer in
            _ = buffer.initialize(from: prefix)
            for index in 0..<16 {
                (buffer.baseAddress! + prefix.count + index)
                    .initialize(to: Self.digits[Int(truncatingIfNeeded: span >> (60 - 4 * UInt64(index))) & 15])
            }
            _ = buffer[(prefix.count + 16)...].initialize(from: [0x2d, 0x30, 0x30])
            return Self.length
        }
    }

    /// The trace id within a `traceparent`; empty when it is none.
    public static func traceID(of traceparent: String) -> String {
        let parts = traceparent.utf8.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        guard parts.count >= 4, parts[1].count == 32, parts[1].allSatisfy(digits.contains) else { return "" }
        return String(decoding: parts[1], as: UTF8.self)
    }
}
