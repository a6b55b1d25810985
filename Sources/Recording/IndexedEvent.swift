import Contract

/// What the index keeps of a record. Only few fields are read; texts, parameters and reply data are passed over.
enum IndexedEvent: Equatable {
    case started(SessionStarted)
    /// Its number, and the earlier decision that covers it.
    case command(UInt64, Decided?)
    case decision(Decided)
    /// A hold that begins.
    case held
    /// `masked`: where the names of what was masked are.
    case result(bytes: UInt64, masked: [Range<Int>])
    case ended(reason: String)
    case resumed
    /// Nothing that the index keeps. A record whose event cannot be read is such a one: it stays in the recording.
    case other

    struct Decided: Equatable {
        var verdict = Verdict.unspecified
        /// Where the rule's name is.
        var rule = 0..<0
    }

    private typealias Field = EventField

    init(_ head: RecordHead, _ raw: UnsafeRawBufferPointer) {
        do throws(RecordingError) {
            self = try Self.read(head, raw)
        } catch {
            self = .other
        }
    }

    private static func read(
        _ head: RecordHead, _ raw: UnsafeRawBufferPointer
    ) throws(RecordingError) -> IndexedEvent {
        switch head.event {
        case RecordHead.Field.sessionStarted: return .started(try decoded(SessionStarted.self, raw, head.body))
        case RecordHead.Field.command: return try command(raw, head.body)
        case RecordHead.Field.decision: return .decision(try decided(raw, head.body))
        case RecordHead.Field.hold:
            guard let status = try field(Field.holdStatus, raw, head.body)?.bytes else { return .other }
            return raw[status].elementsEqual("pending".utf8) ? .held : .other
        case RecordHead.Field.result:
            return try result(raw, head.body)
        case RecordHead.Field.sessionEnded:
            return .ended(reason: try decoded(SessionEnded.self, raw, head.body).reason)
        case RecordHead.Field.sessionResumed: return .resumed
        default: return .other
        }
    }

    private static func command(
        _ raw: UnsafeRawBufferPointer, _ range: Range<Int>
    ) throws(RecordingError) -> IndexedEvent {
        var number: UInt64 = 0
        var memoised: Decided?
        var fields = WireFields(raw, in: range)
        while let field = try fields.next() {
            if field.number == Field.command { number = field.value }
            if field.number == Field.commandMemoised, let bytes = field.bytes { memoised = try decided(raw, bytes) }
        }
        return .command(number, memoised)
    }

    private static func decided(_ raw: UnsafeRawBufferPointer, _ range: Range<Int>) throws(RecordingError) -> Decided {
        var decided = Decided()
        var fields = WireFields(raw, in: range)
        while let field = try fields.next() {
            if field.number == Field.decisionVerdict {
                decided.verdict = Verdict(rawValue: Int(truncatingIfNeeded: field.value)) ?? .unspecified
            }
            if field.number == Field.decisionRule, let bytes = field.bytes { decided.rule = bytes }
        }
        return decided
    }

    private static func result(
        _ raw: UnsafeRawBufferPointer, _ range: Range<Int>
    ) throws(RecordingError) -> IndexedEvent {
        var count: UInt64 = 0
        var masked: [Range<Int>] = []
        var fields = WireFields(raw, in: range)
        while let field = try fields.next() {
            if field.number == Field.resultBytes { count = field.value }
            if field.number == Field.resultMasked, let bytes = field.bytes,
                let name = try Self.field(Field.countEntity, raw, bytes)?.bytes
            {
                masked.append(name)
            }
        }
        return .result(bytes: count, masked: masked)
    }

    /// The last field of this number, which is the one that counts.
    private static func field(
        _ number: Int, _ raw: UnsafeRawBufferPointer, _ range: Range<Int>
    ) throws(RecordingError) -> WireFields.Field? {
        var found: WireFields.Field?
        var fields = WireFields(raw, in: range)
        while let field = try fields.next() {
            if field.number == number { found = field }
        }
        return found
    }
}
