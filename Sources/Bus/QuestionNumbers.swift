/// Sequences of one event loop's questions: the loop in the top byte, so that the inbox's reader finds it again, and
/// 56 random bits. An answer counts by its sequence, which only those who got the question know: no other process that
/// may write to the inbox can answer in their place.
struct QuestionNumbers {
    private static let loopShift: UInt64 = 56
    private let loop: UInt64
    private var random = SystemRandomNumberGenerator()

    init(loop: UInt8) { self.loop = UInt64(loop) << Self.loopShift }

    /// One for which `isFree` holds.
    mutating func next(where isFree: (UInt64) -> Bool) -> UInt64 {
        while true {
            let number = loop | random.next() >> (UInt64.bitWidth - Int(Self.loopShift))
            if number != loop, isFree(number) { return number }
        }
    }

    static func loop(of sequence: UInt64) -> Int { Int(sequence >> loopShift) }
}
