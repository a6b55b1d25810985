import Contract

/// What of a serialised `Record` must be known to keep it: whose it is, its place, and what kind of event it has. The
/// rest is kept as it came.
struct RecordHead: Equatable, Sendable {
    /// Numbers of `Record`'s fields, Sources/Contract/bus.proto.
    enum Field {
        static let session = 1
        static let sequence = 2
        static let time = 3
        static let firstEvent = 10
        static let sessionStarted = 10
        static let command = 11
        static let decision = 12
        static let hold = 13
        static let result = 14
        static let output = 15
        static let sessionEnded = 16
        static let notice = 17
        static let sessionResumed = 19
    }

    /// Where the session's id is; empty for the recorder's own notices.
    private(set) var session = 0..<0
    private(set) var sequence: UInt64 = 0
    /// Unix time, microseconds.
    private(set) var time: UInt64 = 0
    /// Number of the event's field, 0 when there is none, and where the event is.
    private(set) var event = 0
    private(set) var body = 0..<0

    /// Reads the record in `range`. Fields must come in ascending order, each once, as every serialiser writes them:
    /// another reader could otherwise see another record in the same bytes. Fields of a later contract are kept as they
    /// came: below ``Field/firstEvent`` whatever they are, from there on as an event.
    ///
    /// - Throws: `invalid` when the bytes are no such record.
    init(_ raw: UnsafeRawBufferPointer, in range: Range<Int>) throws(RecordingError) {
        var fields = WireFields(raw, in: range)
        var last = 0
        while let field = try fields.next() {
            guard field.number > last else { throw RecordingError(.invalid, "a record's fields are out of order") }
            last = field.number
            switch field.number {
            case Field.session: session = try Self.delimited(field)
            case Field.sequence: sequence = field.value
            case Field.time: time = field.value
            case Field.firstEvent...:
                guard event == 0 else { throw RecordingError(.invalid, "a record with two events") }
                event = field.number
                body = try Self.delimited(field)
            default: break
            }
        }
    }

    init(_ raw: UnsafeRawBufferPointer) throws(RecordingError) { try self.init(raw, in: 0..<raw.count) }

    private static func delimited(_ field: WireFields.Field) throws(RecordingError) -> Range<Int> {
        guard let bytes = field.bytes else { throw RecordingError(.invalid, "a record's field has another type") }
        return bytes
    }

    /// The session's id.
    ///
    /// - Throws: `invalid` when it is not UTF-8.
    func sessionName(_ raw: UnsafeRawBufferPointer) throws(RecordingError) -> String {
        guard let name = String(validating: raw[session], as: UTF8.self) else {
            throw RecordingError(.invalid, "a session's id is not UTF-8")
        }
        return name
    }
}
