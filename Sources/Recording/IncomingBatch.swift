import Contract
import SwiftProtobuf

/// A serialised `RecordBatch` as it came. Its records are found in it and written as they are, never decoded as a whole.
public struct IncomingBatch: Sendable {
    struct Entry: Sendable {
        let record: Range<Int>
        let head: RecordHead
        /// Place in ``sessions``.
        let session: Int
    }

    private enum Field {
        static let record = 1
        static let durability = 2
        static let resumption = 3
    }

    let body: [UInt8]
    let entries: [Entry]
    /// Ids of the sessions in their order; one whose records are apart stands here twice.
    let sessions: [String]
    public let durability: Durability
    let resumptions: [String: Resumption]

    /// Number of records.
    public var count: Int { entries.count }
    /// Bytes of the batch.
    public var size: Int { body.count }

    /// - Throws: `invalid` when the bytes are no batch of records.
    public init(_ body: [UInt8]) throws(RecordingError) {
        self.body = body
        var reading = Reading()
        try body.withUnsafeBufferPointer { bytes throws(RecordingError) in
            try reading.read(UnsafeRawBufferPointer(bytes))
        }
        entries = reading.entries
        sessions = reading.sessions
        durability = reading.durability
        resumptions = reading.resumptions
    }

    private struct Reading {
        var entries: [Entry] = []
        var sessions: [String] = []
        var durability = Durability.unspecified
        var resumptions: [String: Resumption] = [:]
        private var former = 0..<0

        mutating func read(_ raw: UnsafeRawBufferPointer) throws(RecordingError) {
            var fields = WireFields(raw)
            while let field = try fields.next() {
                switch (field.number, field.bytes) {
                case (Field.record, let range?): try record(raw, range)
                case (Field.durability, nil): durability = Durability(rawValue: Int(clamping: field.value)) ?? .synced
                case (Field.resumption, let range?):
                    let resumption = try decoded(Resumption.self, raw, range)
                    resumptions[resumption.session] = resumption
                case (Field.record, nil), (Field.durability, .some), (Field.resumption, nil):
                    throw RecordingError(.invalid, "a batch's field has another type")
                // A later contract's: a batch is not kept, and its records are kept as they came.
                default: break
                }
            }
        }

        private mutating func record(_ raw: UnsafeRawBufferPointer, _ range: Range<Int>) throws(RecordingError) {
            let head = try RecordHead(raw, in: range)
            if sessions.isEmpty || !raw[former].elementsEqual(raw[head.session]) {
                sessions.append(try head.sessionName(raw))
                former = head.session
            }
            entries.append(Entry(record: range, head: head, session: sessions.count - 1))
        }
    }

    /// The answer when nothing of the batch could be written; `reason` is public.
    public func refused(_ reason: String) -> RecordAck { Self.refusal(of: sessions, reason) }

    /// The answer to bytes that are no batch, for the sessions that can be found in them; `reason` is public.
    public static func refusal(ofUnreadable body: [UInt8], _ reason: String) -> RecordAck {
        let found = body.withUnsafeBytes { raw in sessions(raw) }
        return refusal(of: found, reason)
    }

    /// The sessions of the records up to the first byte that is no protobuf message.
    private static func sessions(_ raw: UnsafeRawBufferPointer) -> [String] {
        var found: [String] = []
        var fields = WireFields(raw)
        do throws(RecordingError) {
            while let field = try fields.next() {
                guard field.number == Field.record, let record = field.bytes else { continue }
                var parts = WireFields(raw, in: record)
                if let first = try parts.next(), first.number == RecordHead.Field.session, let name = first.bytes,
                    let session = String(validating: raw[name], as: UTF8.self)
                {
                    found.append(session)
                }
            }
        } catch {
            // What comes behind cannot be told apart; those before are answered.
            return found
        }
        return found
    }

    private static func refusal(of sessions: [String], _ reason: String) -> RecordAck {
        var ack = RecordAck()
        ack.error = reason
        ack.sessions = Set(sessions).sorted().map { session in
            var one = SessionAck()
            one.session = session
            return one
        }
        return ack
    }
}

/// Decodes a message that stands in other bytes.
///
/// - Throws: `invalid` when it is malformed.
func decoded<Body: SwiftProtobuf.Message>(
    _ type: Body.Type, _ raw: UnsafeRawBufferPointer, _ range: Range<Int>
) throws(RecordingError) -> Body {
    do {
        return try Body(serializedBytes: UnsafeRawBufferPointer(rebasing: raw[range]).bytes)
    } catch {
        throw RecordingError(.invalid, "an undecodable \(type)")
    }
}
