import Contract
import SwiftProtobuf

/// A `RecordBatch` under construction. Its records are serialised already, so the fields are written here as
/// protobuf's wire format has them: a length-delimited field is its tag, the length as a varint, and the bytes.
struct AuditBatch {
    private enum Tag {
        static let record: UInt8 = 1 << 3 | 2
        static let durability: UInt8 = 2 << 3 | 0
        static let resumption: UInt8 = 3 << 3 | 2
    }

    let recorder: AuditRecorder
    let durability: Durability
    private(set) var body: [UInt8]
    private var resumptions: [Resumption] = []
    /// Whose records are in it, up to which sequence, and whether from the session's first unacknowledged one.
    var members: [(session: AuditTrail.Session, through: UInt64, beginsWhole: Bool)] = []

    /// - Parameter buffer: memory to build the body in; its content is dropped.
    init(recorder: AuditRecorder, durability: Durability, buffer: consuming [UInt8]) {
        self.recorder = recorder
        self.durability = durability
        body = buffer
        body.removeAll(keepingCapacity: true)
    }

    mutating func append(record: [UInt8]) {
        body.append(Tag.record)
        append(varint: UInt64(record.count))
        body.append(contentsOf: record)
    }

    /// Says where the session's records before these are.
    mutating func append(resumption mark: AuditMark, of session: String, after: UInt64) {
        var resumption = Resumption()
        resumption.session = session
        resumption.after = after
        resumption.replica = mark.replica
        resumption.block = mark.block
        resumption.chain = mark.chain
        resumptions.append(resumption)
    }

    /// Writes the fields that stand behind the records.
    mutating func close() throws {
        body.append(Tag.durability)
        append(varint: UInt64(durability.rawValue))
        for resumption in resumptions {
            let encoded: [UInt8] = try resumption.serializedBytes()
            body.append(Tag.resumption)
            append(varint: UInt64(encoded.count))
            body.append(contentsOf: encoded)
        }
    }

    /// The buffer, for the next batch.
    consuming func reclaim() -> [UInt8] { body }

    private mutating func append(varint value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            body.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        body.append(UInt8(rest))
    }
}
