import Contract

/// Goes through one session's records in one replica, in the order they were written. Holds the records of one block.
final class SessionCursor {
    /// The record at the cursor; nil at the end.
    private(set) var current: Record?

    private let session: String
    private let wanted: SessionFilter
    private let firstBlock: UInt64
    private var segments: ArraySlice<ReadableSegment>
    private var reader: (segment: SegmentReader, limit: Int64)?
    private var records: ArraySlice<Record> = []

    /// - Parameter firstBlock: no block before it has any of the session's records.
    init(
        session: String, segments: [ReadableSegment], firstBlock: UInt64
    ) throws(RecordingError) {
        self.session = session
        wanted = SessionFilter(session)
        self.firstBlock = firstBlock
        self.segments = segments[...]
        try advance()
    }

    /// Where the current record belongs among those of other replicas: a note that the session goes on elsewhere comes
    /// behind the record that it names.
    var place: (sequence: UInt64, isResumption: Int)? {
        guard let current else { return nil }
        if case .sessionResumed = current.event { return (current.sequence, 1) }
        return (current.sequence, 0)
    }

    func advance() throws(RecordingError) {
        while records.isEmpty {
            guard try readBlock() else {
                current = nil
                return
            }
        }
        current = records.removeFirst()
    }

    /// Takes the session's records of the next block; false at the end.
    private func readBlock() throws(RecordingError) -> Bool {
        guard let (reader, limit) = reader else {
            guard let next = segments.popFirst() else { return false }
            self.reader = (try next.reader(), next.limit)
            return true
        }
        guard let block = try reader.next(limit: limit) else {
            self.reader = nil
            return true
        }
        guard block.number >= firstBlock, try reader.holds(session) else { return true }
        var found: [Record] = []
        try reader.forEachRecord { raw throws(RecordingError) in
            guard wanted.mayMatch(raw) else { return }
            let record = try reader.parse(raw)
            if record.session == session { found.append(record) }
        }
        records = found[...]
        return true
    }
}
