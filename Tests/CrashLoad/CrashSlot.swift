import Contract

/// What the crash tests record in one of several places: sessions one after the other, whose records follow from their names alone, so
/// that the killed writer and the test that looks at its files agree on them without a word.
public struct CrashSlot: Sendable {
    public let index: UInt64
    /// Which of the slot's sessions is recorded now.
    public private(set) var generation: UInt64
    /// That session's last acknowledged record.
    public private(set) var acknowledged: UInt64

    public init(index: UInt64, generation: UInt64 = 0, acknowledged: UInt64 = 0) {
        self.index = index
        self.generation = generation
        self.acknowledged = acknowledged
    }

    /// Reads what ``description`` makes.
    public init?(_ text: some StringProtocol) {
        let parts = text.split(separator: ":").map { UInt64($0) }
        guard parts.count == 3, let index = parts[0], let generation = parts[1], let acknowledged = parts[2] else {
            return nil
        }
        self.init(index: index, generation: generation, acknowledged: acknowledged)
    }

    public var session: String { Self.session(index, generation) }

    /// Records of the session, from its start to its end.
    public var length: UInt64 { Self.length(session) }

    /// The next records of the session, at most so many.
    public func next(_ count: UInt64) -> [Record] {
        let last = min(length, acknowledged + count)
        guard last > acknowledged else { return [] }
        return (acknowledged + 1...last).map { Self.record(session, $0) }
    }

    /// Takes an acknowledgement of the slot's session. After its last record the next session's turn comes.
    public mutating func acknowledge(through sequence: UInt64) {
        acknowledged = max(acknowledged, sequence)
        guard acknowledged >= length else { return }
        generation += 1
        acknowledged = 0
    }

    public static func session(_ index: UInt64, _ generation: UInt64) -> String { "session-\(index)-\(generation)" }

    /// The record that stands in a session at a sequence, always the same.
    public static func record(_ session: String, _ sequence: UInt64) -> Record {
        var record = Record()
        record.session = session
        record.sequence = sequence
        record.timeUs = 1_700_000_000_000_000 + sequence
        if sequence == 1 {
            record.sessionStarted.principal.name = "agent-1"
            record.sessionStarted.resource = "orders"
        } else if sequence == length(session) {
            record.sessionEnded.reason = "client closed"
        } else {
            var source = CrashRandom(seed: hash("\(session) \(sequence)"))
            record.command.command = sequence
            let letters = (0..<source.next(below: 600)).map { _ in UInt8(ascii: "a") + UInt8(source.next(below: 26)) }
            record.command.text = String(decoding: letters, as: UTF8.self)
        }
        return record
    }

    private static func length(_ session: String) -> UInt64 { 2 + hash(session) % 9 }

    /// FNV-1a: the same in every process.
    private static func hash(_ text: String) -> UInt64 {
        text.utf8.reduce(14_695_981_039_346_656_037) { ($0 ^ UInt64($1)) &* 1_099_511_628_211 }
    }
}

extension CrashSlot: CustomStringConvertible {
    public var description: String { "\(index):\(generation):\(acknowledged)" }
}
