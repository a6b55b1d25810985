/// What was found.
public struct SearchHit: Sendable {
    public var session: String
    public var command: UInt64
    /// When it was received, Unix time, microseconds.
    public var time: UInt64
    public var identity: String
    public var resource: String
    public var decision: RecordingIndex.Filter.Decision?
    public var rule: String
    /// The part of the command in which it was found, as recorded, and where; nil when the recording cannot be read there.
    public var text: [UInt8]?
    public var match: Range<Int> = 0..<0
    /// Why the recording does not prove it: only the index names it.
    public var problem: String?
}

/// The latest hits, each command once.
struct LatestHits {
    private struct Key: Hashable {
        let session: String
        let command: UInt64
    }

    private let limit: Int
    private var seen: Set<Key> = []
    private var hits: [SearchHit] = []

    init(_ limit: Int) { self.limit = max(0, limit) }

    /// Commands before this are too old; nil: none is.
    var floor: UInt64? { hits.count < limit ? nil : hits.last?.time ?? .max }

    func isNew(_ session: String, _ command: UInt64) -> Bool {
        !seen.contains(Key(session: session, command: command))
    }

    mutating func add(_ hit: SearchHit) {
        guard seen.insert(Key(session: hit.session, command: hit.command)).inserted else { return }
        if let floor, hit.time <= floor { return }
        let place =
            hits.firstIndex { other in
                other.time == hit.time
                    ? (other.session, other.command) > (hit.session, hit.command) : other.time < hit.time
            } ?? hits.endIndex
        hits.insert(hit, at: place)
        if hits.count > limit { hits.removeLast() }
    }

    var sorted: [SearchHit] { hits }
}
