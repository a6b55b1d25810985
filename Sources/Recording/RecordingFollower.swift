import Contract

/// Reads what is added to recordings while recorders write them, up to each replica's head: what is acknowledged. Not for
/// use by several threads at once.
public final class RecordingFollower {
    /// Where one replica's reading stands.
    private final class Place {
        var reader: SegmentReader
        var number: UInt64

        init(_ segment: ReadableSegment) throws(RecordingError) {
            reader = try SegmentReader(path: segment.path)
            number = segment.number
        }
    }

    private let archive: RecordingArchive
    private var places: [String: Place] = [:]

    public init(recordings: String) { archive = RecordingArchive(recordings: recordings) }

    /// Passes over what is there already, but for sessions in `locations`: the blocks from theirs on are read.
    public func start(from locations: [RecordingIndex.Location] = []) throws(RecordingError) {
        for replica in try archive.replicas() {
            let here = locations.filter { $0.replica == replica }
            let first = here.map(\.firstBlock).min()
            let segments = try archive.readable(replica: replica, fromBlock: first ?? .max)
            guard let segment = segments.first else { continue }
            let place = try Place(segment)
            if first == nil { while try place.reader.next(limit: segment.limit) != nil {} }
            places[replica] = place
        }
    }

    /// Calls `body` with each record that came since the last call, in the order of each replica; of replicas that are new,
    /// all.
    ///
    /// - Throws: `damaged` when a block on the way is not what was written, and what `body` throws.
    public func poll(_ body: (Record) throws(RecordingError) -> Void) throws(RecordingError) {
        for replica in try archive.replicas() {
            let place: Place
            if let known = places[replica] {
                place = known
            } else {
                guard let first = try archive.readable(replica: replica, fromBlock: 1).first else { continue }
                place = try Place(first)
                places[replica] = place
            }
            try read(replica, place, body)
        }
    }

    private func read(
        _ replica: String, _ place: Place, _ body: (Record) throws(RecordingError) -> Void
    ) throws(RecordingError) {
        for segment in try archive.readable(replica: replica, fromBlock: place.reader.nextNumber)
        where segment.number >= place.number {
            if segment.number > place.number {
                place.reader = try SegmentReader(path: segment.path)
                place.number = segment.number
            }
            while try place.reader.next(limit: segment.limit) != nil {
                try place.reader.forEachRecord { raw throws(RecordingError) in try body(try place.reader.parse(raw)) }
            }
        }
    }
}
