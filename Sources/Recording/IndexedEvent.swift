import Contract

/// What the index keeps of a record. Only few fields are read; texts, parameters and reply data are passed over.
enum IndexedEvent: Equatable {
    case started(SessionStarted)
    /// Its number, and whether an earlier decision that covers it refuses.
    case command(UInt64, refused: Bool)
    /// A decision that refuses.
    case refused
    /// A hold that begins.
    case held
    case result(bytes: UInt64)
    case ended(reason: String)
    case resumed
    /// Nothing that the index keeps. A record whose event cannot be read is such a one: it stays in the recording.
    case other

    /// Numbers of the fields, Sources/Contract/bus.proto.
    private enum Field {
        static let commandNumber = 1
        static let commandMemoised = 7
        static let decisionVerdict = 2
        static let holdStatus = 3
        static let resultBytes = 6
    }

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
        case RecordHead.Field.decision: return try refuses(raw, head.body) ? .refused : .other
        case RecordHead.Field.hold:
            guard let status = try field(Field.holdStatus, raw, head.body)?.bytes else { return .other }
            return raw[status].elementsEqual("pending".utf8) ? .held : .other
        case RecordHead.Field.result:
            return .result(bytes: try field(Field.resultBytes, raw, head.body)?.value ?? 0)
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
        var isRefused = false
        var fields = WireFields(raw, in: range)
        while let field = try fields.next() {
            if field.number == Field.commandNumber { number = field.value }
            if field.number == Field.commandMemoised, let bytes = field.bytes { isRefused = try refuses(raw, bytes) }
        }
        return .command(number, refused: isRefused)
    }

    private static func refuses(_ raw: UnsafeRawBufferPointer, _ range: Range<Int>) throws(RecordingError) -> Bool {
        try field(Field.decisionVerdict, raw, range)?.value == UInt64(Verdict.refuse.rawValue)
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
