/// The last block of a finished segment: what it holds, and what a writer must know to go on.
struct Seal: Equatable {
    /// Blocks and records in this segment, without the seal.
    var blocks: UInt64
    var records: UInt64
    /// Chain values after the segment's header and before the seal.
    var firstChain: [UInt8]
    var lastChain: [UInt8]
    /// When it was written, Unix time, microseconds.
    var time: UInt64
    /// Root of the Merkle tree over the seals of all segments before, and how many these are.
    var sealedBefore: UInt64
    var rootBefore: [UInt8]
    /// The Ed25519 public key that signs the next segment: this one's, unless the key was rotated.
    var nextSigner: VerificationKey
    var open: [Entry]
    /// Sessions that ended lately, the oldest first.
    var ended: [Entry]

    struct Entry: Equatable {
        var session: String
        var last: UInt64
    }

    private static let fixedBytes = 16 + 64 + 16 + 64 + 8
    private static let signed = Array("sluice seal 2\n".utf8)

    /// The payload: the fields, and the segment's signature over them and its name.
    func encoded(_ segment: SegmentName, key: RecordingKey) throws(RecordingError) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(little: blocks)
        bytes.append(little: records)
        bytes.append(contentsOf: firstChain)
        bytes.append(contentsOf: lastChain)
        bytes.append(little: time)
        bytes.append(little: sealedBefore)
        bytes.append(contentsOf: rootBefore)
        bytes.append(contentsOf: nextSigner.bytes)
        bytes.append(little: UInt32(open.count))
        bytes.append(little: UInt32(ended.count))
        for entry in open + ended {
            bytes.append(little: entry.last)
            bytes.append(little: UInt16(entry.session.utf8.count))
            bytes.append(contentsOf: entry.session.utf8)
        }
        return bytes + (try key.sign(Self.message(bytes, segment)))
    }

    private static func message(_ fields: [UInt8], _ segment: SegmentName) -> [UInt8] {
        signed + segment.bytes + [0x0a] + fields
    }

    /// Whether `key` signed this payload of the segment's seal.
    static func isSigned(_ payload: UnsafeRawBufferPointer, _ segment: SegmentName, by key: VerificationKey) -> Bool {
        guard payload.count >= VerificationKey.signatureLength else { return false }
        let end = payload.count - VerificationKey.signatureLength
        return key.verifies(payload.bytes(end..<payload.count), of: message(payload.bytes(0..<end), segment))
    }

    /// Reads a whole payload, without its signature; nil when it is malformed.
    init?(_ raw: UnsafeRawBufferPointer) {
        let end = raw.count - VerificationKey.signatureLength
        guard end >= Self.fixedBytes else { return nil }
        blocks = raw.little(0)
        records = raw.little(8)
        firstChain = raw.bytes(16..<48)
        lastChain = raw.bytes(48..<80)
        time = raw.little(80)
        sealedBefore = raw.little(88)
        rootBefore = raw.bytes(96..<128)
        nextSigner = VerificationKey(raw, at: 128)
        let openCount = Int(raw.little(160, as: UInt32.self))
        let endedCount = Int(raw.little(164, as: UInt32.self))
        var entries: [Entry] = []
        var place = Self.fixedBytes
        for _ in 0..<(openCount + endedCount) {
            guard end - place >= 10 else { return nil }
            let last = raw.little(place, as: UInt64.self)
            let length = Int(raw.little(place + 8, as: UInt16.self))
            place += 10
            guard length <= Format.maxSessionBytes, end - place >= length else { return nil }
            let name = String(decoding: raw[place..<(place + length)], as: UTF8.self)
            entries.append(Entry(session: name, last: last))
            place += length
        }
        guard place == end else { return nil }
        open = Array(entries[..<openCount])
        ended = Array(entries[openCount...])
    }

    init(
        blocks: UInt64, records: UInt64, firstChain: [UInt8], lastChain: [UInt8], time: UInt64, sealedBefore: UInt64,
        rootBefore: [UInt8], nextSigner: VerificationKey, open: [Entry], ended: [Entry]
    ) {
        self.blocks = blocks
        self.records = records
        self.firstChain = firstChain
        self.lastChain = lastChain
        self.time = time
        self.sealedBefore = sealedBefore
        self.rootBefore = rootBefore
        self.nextSigner = nextSigner
        self.open = open
        self.ended = ended
    }
}
