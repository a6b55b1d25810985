import Contract

/// Work that a stage has taken off its inbox and not begun, in order. Taken ahead, so that the pings behind it are found
/// and answered while it waits.
struct WaitingWork {
    /// Messages that may wait, and their bytes, before no more are taken off the inbox; then senders are pushed back.
    static let maximumCount = 1024
    static let maximumBytes = 32 << 20

    private var messages: [BusMessage] = []
    private var bytes = 0

    var count: Int { messages.count }
    var isEmpty: Bool { messages.isEmpty }
    var isFull: Bool { messages.count >= Self.maximumCount || bytes >= Self.maximumBytes }
    /// Whether what is held up may not add to it: the other half is for what can be done.
    var isHalfFull: Bool { messages.count >= Self.maximumCount / 2 || bytes >= Self.maximumBytes / 2 }

    /// Whether records are next.
    var isOfRecords: Bool { messages.first?.header.kind == .record }

    /// Adds a message. False: it was sent again while it waited, and once is enough.
    mutating func add(_ message: BusMessage) -> Bool {
        bytes += message.size
        if message.header.attempt > 0, let place = messages.firstIndex(where: { Self.isSame($0, message) }) {
            bytes -= messages[place].size
            messages[place] = message
            return false
        }
        messages.append(message)
        return true
    }

    private static func isSame(_ a: BusMessage, _ b: BusMessage) -> Bool {
        a.header.sequence == b.header.sequence && a.header.session == b.header.session && a.header.kind == b.header.kind
            && a.header.lane != .audit
    }

    /// Takes up to `limit` of the messages for which `isHeldUp` is false, the longest waiting first.
    mutating func take(_ limit: Int, unless isHeldUp: (BusMessage) -> Bool) -> [BusMessage] {
        var taken: [BusMessage] = []
        if messages.prefix(limit).contains(where: isHeldUp) {
            var left: [BusMessage] = []
            for message in messages {
                if taken.count == limit || isHeldUp(message) { left.append(message) } else { taken.append(message) }
            }
            messages = left
        } else if messages.count <= limit {
            swap(&taken, &messages)
        } else {
            taken = Array(messages.prefix(limit))
            messages.removeFirst(limit)
        }
        for message in taken { bytes -= message.size }
        return taken
    }
}

extension BusMessage {
    /// Bytes of body and payload.
    var size: Int { body.count + payload.count }
}

/// How many messages a stage is given at once, so that it is back within ``limit`` to answer pings: more while they take
/// little, fewer when they take long. Records are written together, and cost one write whatever their number: these are
/// never given in smaller pieces.
struct Pace {
    /// Longest time between two looks at the inbox, as far as the stage's own messages allow it, nanoseconds: some pings
    /// fit into ``Presence/silenceLimit``.
    static let limit: UInt64 = 100_000_000

    private(set) var size = 1

    mutating func took(_ nanoseconds: UInt64) {
        size = nanoseconds > Self.limit ? max(1, size / 2) : min(StageRunner.batchLimit, size * 2)
    }
}
