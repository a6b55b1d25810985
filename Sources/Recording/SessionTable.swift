/// The last sequence of every session that is still open, and of those that ended lately.
struct SessionTable {
    enum State: Equatable {
        case unknown
        case open(last: UInt64)
        case ended(last: UInt64)
    }

    private struct Open {
        var last: UInt64
        var touched: UInt64
    }

    private var open: [String: Open] = [:]
    private var ended: [String: UInt64] = [:]
    /// Ended sessions in a ring, the oldest at `oldest` once the ring is full.
    private var ring: [String] = []
    private var oldest = 0
    private let maxOpen: Int
    private let maxEnded: Int

    init(maxOpen: Int, maxEnded: Int) {
        self.maxOpen = max(1, maxOpen)
        self.maxEnded = max(1, maxEnded)
    }

    subscript(session: String) -> State {
        if let entry = open[session] { return .open(last: entry.last) }
        if let last = ended[session] { return .ended(last: last) }
        return .unknown
    }

    /// A session got records up to `last` in block `block`.
    mutating func advance(_ session: String, to last: UInt64, block: UInt64, ended isEnd: Bool) {
        if isEnd {
            open[session] = nil
            remember(session, last)
        } else {
            open[session] = Open(last: last, touched: block)
            if open.count > maxOpen { forgetIdle() }
        }
    }

    private mutating func remember(_ session: String, _ last: UInt64) {
        if ring.count < maxEnded {
            ring.append(session)
        } else {
            ended[ring[oldest]] = nil
            ring[oldest] = session
            oldest = (oldest + 1) % maxEnded
        }
        ended[session] = last
    }

    /// Sessions that nobody ends (their ingress died) leave when room is needed, the longest idle quarter first.
    private mutating func forgetIdle() {
        let byAge = open.sorted { $0.value.touched < $1.value.touched }
        for (session, _) in byAge.prefix(max(1, open.count / 4)) { open[session] = nil }
    }

    var openEntries: [Seal.Entry] {
        open.map { Seal.Entry(session: $0.key, last: $0.value.last) }.sorted { $0.session < $1.session }
    }

    var endedEntries: [Seal.Entry] {
        (ring[oldest...] + ring[..<oldest]).map { Seal.Entry(session: $0, last: ended[$0] ?? 0) }
    }

    /// Takes over what a seal remembers; its sessions count as touched in `block`.
    mutating func restore(_ seal: Seal, block: UInt64) {
        for entry in seal.open { advance(entry.session, to: entry.last, block: block, ended: false) }
        for entry in seal.ended { advance(entry.session, to: entry.last, block: block, ended: true) }
    }
}
