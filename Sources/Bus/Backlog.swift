/// A stage's answers on their way out: those to one destination stay in order, and a destination without room holds up
/// no other.
struct Backlog {
    /// How long an answer may wait for a destination that takes nothing, nanoseconds; then it is dropped, and asked for
    /// again.
    static let patience: UInt64 = 1_000_000_000
    /// Answers that may wait, and their bytes, before the stage takes no more work.
    static let maximumCount = 1024
    static let maximumBytes = 32 << 20
    /// Places that the empty list keeps.
    static let keptCapacity = 128

    private struct Entry {
        let message: BusMessage
        let destination: Destination
        let since: UInt64
        var size: Int { message.body.count + message.payload.count }
    }

    private var entries: [Entry] = []
    private var bytes = 0
    /// When a destination that has no room now last took something.
    private var movedAt: [Destination: UInt64] = [:]

    var isEmpty: Bool { entries.isEmpty }
    var isFull: Bool { entries.count >= Self.maximumCount || bytes >= Self.maximumBytes }

    mutating func add(_ message: BusMessage, to destination: Destination, now: UInt64) {
        let entry = Entry(message: message, destination: destination, since: now)
        entries.append(entry)
        bytes += entry.size
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
        return dropped
    }
}
