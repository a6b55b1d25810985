/// Reads what a replica's segments hold beyond a place, block by block.
final class ReplicaProgress {
    /// Bytes of a segment, and records, after which a new place is noted: so much is read again to find one command.
    static let stretchBytes: Int64 = 256 << 10
    private static let stretchRecords = 1024

    let replica: String
    /// Behind the last block that was read.
    private(set) var place: RecordingPlace
    /// In or before the last block that was read; commands in it are found from here.
    private(set) var start: RecordingPlace
    private var stretchLeft = 0
    private var segments: ArraySlice<ReadableSegment> = []
    private var reader: SegmentReader?
    private var limit: Int64 = 0
    /// When the first record of the block that is read next was made; nil: there is no block now.
    private(set) var nextTime: UInt64?
    private let isAlone: Bool

    /// - Parameter place: nil: from the beginning.
    /// - Parameter isAlone: nobody asks for ``nextTime`` but whether there is one.
    init(
        _ archive: RecordingArchive, _ replica: String, from place: RecordingPlace?, isAlone: Bool
    ) throws(RecordingError) {
        self.replica = replica
        self.isAlone = isAlone
        let known = place ?? RecordingPlace(replica: replica, segment: 0, offset: 0, block: 1, chain: [])
        self.place = known
        start = known
        segments = try archive.readable(replica: replica, fromBlock: known.block)[...]
        segments = segments.drop { $0.number < known.segment }.filter { !$0.isErased }[...]
        if let first = segments.first, first.number == known.segment {
            segments.removeFirst()
            let reader = try first.reader()
            reader.move(to: known)
            self.reader = reader
            limit = first.limit
        }
        try advance()
    }

    /// Calls `body` with the heads of the block that is next, and moves to the one after it.
    func read(
        _ body: (RecordHead, UnsafeRawBufferPointer) throws(RecordingError) -> Void
    ) throws(RecordingError) {
        guard let reader else { return }
        try reader.forEachHead { head, raw throws(RecordingError) in
            try body(head, raw)
            stretchLeft -= 1
        }
        place = reader.place(in: replica, place.segment)
        try advance()
    }

    /// Reads the next block that has records.
    private func advance() throws(RecordingError) {
        while true {
            guard let reader else {
                guard let next = segments.popFirst() else {
                    nextTime = nil
                    return
                }
                let reader = try next.reader()
                self.reader = reader
                limit = next.limit
                place = reader.place(in: replica, next.number)
                stretchLeft = 0
                continue
            }
            let before = reader.place(in: replica, place.segment)
            guard try reader.next(limit: limit) != nil else {
                // Its end stays the place while there is no segment after it.
                if segments.isEmpty {
                    nextTime = nil
                    return
                }
                self.reader = nil
                continue
            }
            if stretchLeft <= 0 || before.offset - start.offset >= Self.stretchBytes {
                start = before
                stretchLeft = Self.stretchRecords
            }
            if let time = isAlone ? 0 : try reader.firstTime() {
                nextTime = time
                return
            }
            place = reader.place(in: replica, place.segment)
        }
    }
}

extension SegmentReader {
    func place(in replica: String, _ segment: UInt64) -> RecordingPlace {
        RecordingPlace(replica: replica, segment: segment, offset: offset, block: nextNumber, chain: chain)
    }

    /// When the current block's first record was made; nil: it has none.
    fileprivate func firstTime() throws(RecordingError) -> UInt64? {
        var time: UInt64?
        try forEachHead { head, _ throws(RecordingError) in
            if time == nil { time = head.time }
        }
        return time
    }
}
