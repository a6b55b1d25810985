/// A stage's answers on their way out: those to one destination stay in order, and a destination without room holds up
/// no other, and takes no more than its share of the room that there is.
struct Backlog {
    /// How long an answer may wait for a destination that takes nothing, nanoseconds; then it is dropped, and asked for
    /// again.
    static let patience: UInt64 = 1_000_000_000
    /// Answers that may wait, and their bytes, before the stage takes no more work.
    static let maximumCount = 1024
    static let maximumBytes = 32 << 20
    /// Those for one destination, and their bytes, before the stage takes no more work whose answer goes there, so that
    /// the others have room.
    static let shareCount = 256
    static let shareBytes = 8 << 20
    /// Messages for one stage beyond which further ones are dropped, and asked for again: which commands go on to the approver
    /// cannot be told ahead.
    static let limitCount = 2 * shareCount
    static let limitBytes = 2 * shareBytes
    /// Places that the empty list keeps.
    static let keptCapacity = 128

    private struct Entry {
        let message: BusMessage
        let destination: Destination
        let since: UInt64
        var size: Int { message.size }
    }

    private struct Load {
        var count = 0
        var bytes = 0
    }

    private var entries: [Entry] = []
    private var bytes = 0
    /// When a destination that has no room now last took something.
    private var movedAt: [Destination: UInt64] = [:]
    /// What waits for each destination since the last time that anything was sent.
    private var loads: [Destination: Load] = [:]
    /// Destinations that have their share.
    private(set) var behind: Set<Destination> = []

    var isEmpty: Bool { entries.isEmpty }
    var isFull: Bool { entries.count >= Self.maximumCount || bytes >= Self.maximumBytes }

    /// False: its destination has more than can wait for it, and the answer is dropped.
    @discardableResult
    mutating func add(_ message: BusMessage, to destination: Destination, now: UInt64) -> Bool {
        if case .anyReplica = destination, let load = loads[destination],
            load.count >= Self.limitCount || load.bytes >= Self.limitBytes
        {
            return false
        }
        let entry = Entry(message: message, destination: destination, since: now)
        entries.append(entry)
        bytes += entry.size
        if !loads.isEmpty { count(entry) }
        return true
    }

    /// Entries of a destination that takes everything are not counted.
    private mutating func count(_ entry: Entry) {
        guard var load = loads[entry.destination] else { return }
        load.count += 1
        load.bytes += entry.size
        loads[entry.destination] = load
    }

    /// Hands over what `send` takes; it returns false when there is no room. Returns the destinations of what is dropped.
    mutating func send(now: UInt64, _ send: (BusMessage, Destination) -> Bool) -> [Destination] {
        guard !entries.isEmpty else { return [] }
        var full: Set<Destination> = []
        var left: [Entry] = []
        var sentTo: [Destination] = []
        for entry in entries {
            if full.isEmpty || !full.contains(entry.destination), send(entry.message, entry.destination) {
                sentTo.append(entry.destination)
                bytes -= entry.size
            } else {
                full.insert(entry.destination)
                left.append(entry)
            }
        }
        guard !left.isEmpty else {
            entries.removeAll(keepingCapacity: entries.capacity <= Self.keptCapacity)
            movedAt.removeAll()
            loads.removeAll()
            behind.removeAll()
            return []
        }
        for destination in full.intersection(sentTo) { movedAt[destination] = now }
        if movedAt.count > full.count { movedAt = movedAt.filter { full.contains($0.key) } }
        var dropped: [Destination] = []
        entries = left.filter { entry in
            let waitsSince = max(entry.since, movedAt[entry.destination] ?? 0)
            guard waitsSince + Self.patience <= now else { return true }
            bytes -= entry.size
            dropped.append(entry.destination)
            return false
        }
        loads = [:]
        for destination in full { loads[destination] = Load() }
        for entry in entries { count(entry) }
        behind = Set(loads.filter { $0.value.count >= Self.shareCount || $0.value.bytes >= Self.shareBytes }.keys)
        return dropped
    }
}
