/// A stage's answers on their way out: those to one destination stay in order, and a destination without room holds up
/// no other.
struct Backlog {
    /// How long an answer may wait for room, nanoseconds; then it is dropped, and asked for again.
    static let patience: UInt64 = 1_000_000_000
    /// Answers that may wait, and their bytes, before the stage takes no more work.
    static let maximumCount = 1024
    static let maximumBytes = 32 << 20

    private struct Entry {
        let message: BusMessage
        let destination: Destination
        let since: UInt64
        var size: Int { message.body.count + message.payload.count }
    }

    private var entries: [Entry] = []
    private var bytes = 0

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
        var dropped: [Destination] = []
        for entry in entries {
            let isSent = !full.contains(entry.destination) && send(entry.message, entry.destination)
            if !isSent { full.insert(entry.destination) }
            if isSent || entry.since + Self.patience <= now {
                bytes -= entry.size
                if !isSent { dropped.append(entry.destination) }
            } else {
                left.append(entry)
            }
        }
        entries = left
        return dropped
    }
}
