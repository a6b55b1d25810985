/// The batches that may still be acknowledged, by the sequence under which they were sent. Two generations bound the
/// memory: when the young one is full it becomes the old one, and what was in the old one is sent again.
struct AuditQuestions {
    /// Batches in one generation; more are hardly ever under way.
    static let generation = 4096

    private var numbers: QuestionNumbers
    private var young: [UInt64: UInt64] = [:]
    private var old: [UInt64: UInt64] = [:]
    /// The sequence that was made last.
    private(set) var last: UInt64 = 0

    init(loop: UInt8) { numbers = QuestionNumbers(loop: loop) }

    /// The sequence for a batch.
    mutating func ask(batch: UInt64) -> UInt64 {
        if young.count >= Self.generation {
            old = young
            young = [:]
        }
        last = numbers.next { young[$0] == nil && old[$0] == nil }
        young[last] = batch
        return last
    }

    /// The batch that was sent under `sequence`; nil when there is none.
    func batch(of sequence: UInt64) -> UInt64? { young[sequence] ?? old[sequence] }
}
