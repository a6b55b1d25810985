import Contract

/// Reads what is added to recordings while recorders write them, up to each replica's head: what is acknowledged. Not for
/// use by several threads at once.
public final class RecordingFollower {
    /// Where one replica's reading stands.
    private final class Place {
        var reader: SegmentReader
        var number: UInt64

        init(_ segment: ReadableSegment) throws(RecordingError) {
            reader = try segment.reader()
            number = segment.number
        }
    }

    private let archive: RecordingArchive
    private var places: [String: Place] = [:]

    public init(recordings: String, access: RecordingAccess = RecordingAccess()) {
        archive = RecordingArchive(recordings: recordings, access: access)
    }

    /// Passes over what is there already.
    public func start() throws(RecordingError) {
        for replica in try archive.replicas() {
            guard let segment = try archive.readable(replica: replica, fromBlock: .max).first else { continue }
            let place = try Place(segment)
            while try place.reader.next(limit: segment.limit) != nil {}
            places[replica] = place
        }
    }

    /// Calls `body` with each record that came since the last call, in the order of their times; of replicas that are new, all.
    ///
    /// - Throws: `damaged` when a block on the way is not what was written, and what `body` throws.
    public func poll(_ body: (Record) throws(RecordingError) -> Void) throws(RecordingError) {
        var records: [Record] = []
        for replica in try archive.replicas() {
            let place: Place
            if let known = places[replica] {
                place = known
            } else {
                guard let first = try archive.readable(replica: replica, fromBlock: 1).first else { continue }
                place = try Place(first)
                places[replica] = place
            }
            try read(replica, place) { record throws(RecordingError) in records.append(record) }
        }
        // A session that has moved goes on in another replica with what came later.
        records.sort { ($0.timeUs, $0.session, $0.sequence) < ($1.timeUs, $1.session, $1.sequence) }
        for record in records { try body(record) }
    }

    private func read(
        _ replica: String, _ place: Place, _ body: (Record) throws(RecordingError) -> Void
    ) throws(RecordingError) {
        for segment in try archive.readable(replica: replica, fromBlock: place.reader.nextNumber)
        where segment.number >= place.number {
            if segment.number > place.number {
                place.reader = try segment.reader()
                place.number = segment.number
            }
            while try place.reader.next(limit: segment.limit) != nil {
                try place.reader.forEachRecord { raw throws(RecordingError) in try body(try place.reader.parse(raw)) }
            }
        }
    }
}
