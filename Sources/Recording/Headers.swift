/// The first bytes of a segment file.
struct SegmentHeader {
    var segment: UInt64
    /// Unix time, microseconds.
    var created: UInt64
    /// Number of the first block in this segment; blocks count from 1 over all segments of a replica.
    var firstBlock: UInt64
    /// Records in all segments before.
    var recordsBefore: UInt64
    /// Chain value at the end of the previous segment; zeros in the first.
    var carried: [UInt8]
    var replica: String
    /// Where the previous segment's seal block begins; 0 in the first segment.
    var previousSeal: UInt64
    /// ``KeySidecar/commitment(_:_:)`` of the segment's data key; zeros when it is not encrypted.
    var keyCommitment: [UInt8]
    /// The Ed25519 public key that signs this segment's seal.
    var signer: VerificationKey

    var isEncrypted: Bool { keyCommitment != ChainHasher.zero }

    /// The header's bytes, and the chain value that they end with.
    func encoded(_ hasher: ChainHasher) throws(RecordingError) -> (bytes: [UInt8], chain: [UInt8]) {
        var bytes = Format.segmentMagic
        bytes.append(little: Format.version)
        bytes.append(little: UInt32(Format.segmentHeaderSize))
        bytes.append(little: segment)
        bytes.append(little: created)
        bytes.append(little: firstBlock)
        bytes.append(little: recordsBefore)
        bytes.append(contentsOf: carried)
        bytes.append(padded: replica, to: Format.maxReplicaBytes)
        bytes.append(little: previousSeal)
        bytes.append(contentsOf: keyCommitment)
        bytes.append(contentsOf: signer.bytes)
        let chain = try hasher.digest(bytes)
        return (bytes + chain, chain)
    }

    /// Reads `Format.segmentHeaderSize` bytes; checks everything but the chain value in their last 32.
    init(_ raw: UnsafeRawBufferPointer) throws(FormatProblem) {
        if let place = raw.firstDifference(from: Format.segmentMagic) {
            throw FormatProblem(place, "not a recording segment")
        }
        try checkVersion(raw)
        guard raw.little(12, as: UInt32.self) == UInt32(Format.segmentHeaderSize) else {
            throw FormatProblem(12, "wrong header size")
        }
        segment = raw.little(16)
        created = raw.little(24)
        firstBlock = raw.little(32)
        recordsBefore = raw.little(40)
        guard (1...Format.maxCount).contains(firstBlock) else { throw FormatProblem(32, "impossible block number") }
        guard recordsBefore <= Format.maxCount else { throw FormatProblem(40, "impossible number of records") }
        carried = raw.bytes(48..<80)
        guard let name = paddedName(raw.bytes(80..<136)) else { throw FormatProblem(80, "not a replica's name") }
        replica = name
        previousSeal = raw.little(136)
        keyCommitment = raw.bytes(144..<176)
        signer = VerificationKey(raw, at: 176)
    }

    init(
        segment: UInt64, created: UInt64, firstBlock: UInt64, recordsBefore: UInt64, carried: [UInt8],
        replica: String, previousSeal: UInt64, keyCommitment: [UInt8], signer: VerificationKey
    ) {
        self.segment = segment
        self.created = created
        self.firstBlock = firstBlock
        self.recordsBefore = recordsBefore
        self.carried = carried
        self.replica = replica
        self.previousSeal = previousSeal
        self.keyCommitment = keyCommitment
        self.signer = signer
    }
}

/// The fixed part before a block's manifest and frame.
struct BlockHeader {
    var isSeal: Bool
    var number: UInt64
    /// Bytes of the payload, of the frame as it is stored, and of the manifest.
    var payloadLength: Int
    var frameLength: Int
    var records: UInt32
    var manifestLength: Int
    var chain: [UInt8]
    /// HMAC-SHA256 under the recorder's key, which a start asks for where no head covers the block.
    var code: [UInt8]

    /// Bytes of the whole block.
    var length: Int { Format.blockHeaderSize + manifestLength + frameLength }

    /// The hashed fields; the chain value follows them.
    static func write(
        isSeal: Bool, number: UInt64, payloadLength: Int, frameLength: Int, records: UInt32,
        manifestLength: Int, into raw: UnsafeMutableRawBufferPointer
    ) {
        raw.copyBytes(from: isSeal ? Format.sealMagic : Format.blockMagic)
        raw.storeBytes(of: number.littleEndian, toByteOffset: 8, as: UInt64.self)
        raw.storeBytes(of: UInt32(payloadLength).littleEndian, toByteOffset: 16, as: UInt32.self)
        raw.storeBytes(of: UInt32(frameLength).littleEndian, toByteOffset: 20, as: UInt32.self)
        raw.storeBytes(of: records.littleEndian, toByteOffset: 24, as: UInt32.self)
        raw.storeBytes(of: UInt32(manifestLength).littleEndian, toByteOffset: 28, as: UInt32.self)
    }

    init(_ raw: UnsafeRawBufferPointer) throws(FormatProblem) {
        isSeal = raw.firstDifference(from: Format.sealMagic) == nil
        if !isSeal, let place = raw.firstDifference(from: Format.blockMagic) {
            throw FormatProblem(place, "not a block")
        }
        number = raw.little(8)
        payloadLength = Int(raw.little(16, as: UInt32.self))
        frameLength = Int(raw.little(20, as: UInt32.self))
        records = raw.little(24)
        manifestLength = Int(raw.little(28, as: UInt32.self))
        chain = raw.bytes(32..<64)
        code = raw.bytes(64..<96)
        guard payloadLength <= Format.maxBlockBytes else { throw FormatProblem(16, "block too large") }
        guard frameLength <= Format.maxStoredBytes else { throw FormatProblem(20, "frame too large") }
        guard manifestLength <= Format.maxManifestBytes else { throw FormatProblem(28, "manifest too large") }
    }
}

/// Where the acknowledged recording of a replica ends.
struct Head: Equatable {
    var segment: UInt64
    /// End of the last acknowledged block, bytes from the segment's start.
    var offset: UInt64
    /// Number of the last block; 0 before the first.
    var block: UInt64
    /// Records in the replica's recording.
    var records: UInt64
    var chain: [UInt8]
    var replica: String

    func encoded(key: RecordingKey) throws(RecordingError) -> [UInt8] {
        var bytes = Format.headMagic
        bytes.append(little: Format.version)
        bytes.append(little: UInt32(Format.headSize))
        bytes.append(little: segment)
        bytes.append(little: offset)
        bytes.append(little: block)
        bytes.append(little: records)
        bytes.append(contentsOf: chain)
        bytes.append(padded: replica, to: Format.maxReplicaBytes)
        return bytes + (try authenticationCode(bytes, key: key.authentication))
    }

    /// Reads a head file's bytes.
    ///
    /// - Parameter keys: those that its HMAC may be under; none: it is not checked.
    init(_ bytes: [UInt8], keys: [RecordingKey]) throws(FormatProblem) {
        guard bytes.count == Format.headSize else {
            throw FormatProblem(min(bytes.count, Format.headSize), "a head has \(Format.headSize) bytes")
        }
        let result: Result<Head, FormatProblem> = bytes.withUnsafeBytes { raw in
            Result { () throws(FormatProblem) in try Head(fields: raw) }
        }
        self = try result.get()
        guard !keys.isEmpty else { return }
        for key in keys {
            let expected: [UInt8]
            do throws(RecordingError) {
                expected = try authenticationCode(bytes[..<Format.headAuthenticated], key: key.authentication)
            } catch {
                throw FormatProblem(Format.headAuthenticated, error.detail)
            }
            if equalInConstantTime(expected, Array(bytes[Format.headAuthenticated...])) { return }
        }
        throw FormatProblem(0, "the head's HMAC is wrong: it was changed, or another key wrote it")
    }

    private init(fields raw: UnsafeRawBufferPointer) throws(FormatProblem) {
        if let place = raw.firstDifference(from: Format.headMagic) { throw FormatProblem(place, "not a head") }
        try checkVersion(raw)
        guard raw.little(12, as: UInt32.self) == UInt32(Format.headSize) else {
            throw FormatProblem(12, "wrong head size")
        }
        segment = raw.little(16)
        offset = raw.little(24)
        block = raw.little(32)
        records = raw.little(40)
        chain = raw.bytes(48..<80)
        guard let name = paddedName(raw.bytes(80..<136)) else { throw FormatProblem(80, "not a replica's name") }
        replica = name
        guard segment > 0, segment <= Format.maxSegments else { throw FormatProblem(16, "impossible segment") }
        guard offset >= UInt64(Format.segmentHeaderSize), offset < UInt64(Int64.max) else {
            throw FormatProblem(24, "impossible offset")
        }
    }

    init(segment: UInt64, offset: UInt64, block: UInt64, records: UInt64, chain: [UInt8], replica: String) {
        self.segment = segment
        self.offset = offset
        self.block = block
        self.records = records
        self.chain = chain
        self.replica = replica
    }
}

private func checkVersion(_ raw: UnsafeRawBufferPointer) throws(FormatProblem) {
    let version = raw.little(8, as: UInt32.self)
    guard version != 1 else {
        throw FormatProblem(
            8, "a recording of format 1: move its folder away, and read it with the version of Sluice that made it")
    }
    guard version == Format.version else { throw FormatProblem(8, "unknown version \(version)") }
}

/// A replica's name, zero-padded; nil when it is not one or the padding is not zero.
private func paddedName(_ bytes: [UInt8]) -> String? {
    let end = bytes.firstIndex(of: 0) ?? bytes.count
    guard bytes[end...].allSatisfy({ $0 == 0 }) else { return nil }
    let name = String(decoding: bytes[..<end], as: UTF8.self)
    return Format.isReplicaName(name) ? name : nil
}
