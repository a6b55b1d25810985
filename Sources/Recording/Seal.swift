/// The last block of a finished segment: what it holds, and what a writer must know to go on.
struct Seal: Equatable {
    /// Blocks and records in this segment, without the seal.
    var blocks: UInt64
    var records: UInt64
    /// Chain values after the segment's header and before the seal.
    var firstChain: [UInt8]
    var lastChain: [UInt8]
    var open: [Entry]
    /// Sessions that ended lately, the oldest first.
    var ended: [Entry]

    struct Entry: Equatable {
        var session: String
        var last: UInt64
    }

    private static let fixedBytes = 16 + 64 + 8

    var encoded: [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(little: blocks)
        bytes.append(little: records)
        bytes.append(contentsOf: firstChain)
        bytes.append(contentsOf: lastChain)
        bytes.append(little: UInt32(open.count))
        bytes.append(little: UInt32(ended.count))
        for entry in open + ended {
            bytes.append(little: entry.last)
            bytes.append(little: UInt16(entry.session.utf8.count))
            bytes.append(contentsOf: entry.session.utf8)
        }
        return bytes
    }

    /// Reads a whole payload; nil when it is malformed.
    init?(_ raw: UnsafeRawBufferPointer) {
        guard raw.count >= Self.fixedBytes else { return nil }
        blocks = raw.little(0)
        records = raw.little(8)
        firstChain = raw.bytes(16..<48)
        lastChain = raw.bytes(48..<80)
        let openCount = Int(raw.little(80, as: UInt32.self))
        let endedCount = Int(raw.little(84, as: UInt32.self))
        var entries: [Entry] = []
        var place = Self.fixedBytes
        for _ in 0..<(openCount + endedCount) {
            guard raw.count - place >= 10 else { return nil }
            let last = raw.little(place, as: UInt64.self)
            let length = Int(raw.little(place + 8, as: UInt16.self))
            place += 10
            guard length <= Format.maxSessionBytes, raw.count - place >= length else { return nil }
            let name = String(decoding: raw[place..<(place + length)], as: UTF8.self)
            entries.append(Entry(session: name, last: last))
            place += length
        }
        guard place == raw.count else { return nil }
        open = Array(entries[..<openCount])
        ended = Array(entries[openCount...])
    }

    init(
        blocks: UInt64, records: UInt64, firstChain: [UInt8], lastChain: [UInt8], open: [Entry], ended: [Entry]
    ) {
        self.blocks = blocks
        self.records = records
        self.firstChain = firstChain
        self.lastChain = lastChain
        self.open = open
        self.ended = ended
    }
}
