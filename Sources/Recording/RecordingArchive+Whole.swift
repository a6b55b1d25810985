import Contract
import SwiftProtobuf

extension RecordingArchive {
    /// Calls `body` with every record here, in the order in which each replica wrote them, one replica after the other.
    ///
    /// A session that moved between replicas has records in several of them.
    /// - Throws: `damaged` when a block on the way is not what was written, and what `body` throws.
    public func forEachRecord(_ body: (Record) throws(RecordingError) -> Void) throws(RecordingError) {
        for replica in try replicas() {
            for segment in try readable(replica: replica, fromBlock: 1) {
                let reader = try segment.reader()
                while try reader.next(limit: segment.limit) != nil {
                    try reader.forEachRecord { raw throws(RecordingError) in try body(try reader.parse(raw)) }
                }
            }
        }
    }
}

extension Record {
    /// The record in protobuf's JSON mapping, and a line feed.
    public func jsonLine() throws(RecordingError) -> [UInt8] {
        do {
            return try jsonUTF8Bytes() + [0x0A]
        } catch {
            throw RecordingError(.invalid, "record \(sequence) of \(session) cannot be written as JSON: \(error)")
        }
    }
}
