/// What a writer knows of the segments that are sealed.
struct SealedTree {
    let leaves: LeafFile
    /// Over all leaves.
    private(set) var tree: MerkleTree
    /// The key that the last seal names for the segment after it.
    var nextSigner: VerificationKey

    /// Reads the leaves of the segments before `open`, which is not sealed or just was, and adds those that a killed writer
    /// did not write any more.
    ///
    /// - Parameters:
    ///   - lastSeal: chain value after the seal of `open`; nil when it has none.
    ///   - seal: the last one before, or of, `open`, proven by the head's chain value; nil in a first segment.
    /// - Throws: `damaged` when leaves are missing whose segments are not here, or they are not those that were signed.
    init(
        _ directory: String, open: SegmentHeader, lastSeal: [UInt8]?, seal: Seal?, nextSigner: VerificationKey,
        checkpoint: Checkpoint?, files: any FileLayer, hasher: ChainHasher
    ) throws(RecordingError) {
        self.nextSigner = nextSigner
        tree = MerkleTree(hasher)
        let count = open.segment - (lastSeal == nil ? 1 : 0)
        let known = try LeafFile.read(directory, atMost: open.segment)
        guard UInt64(known.count) <= count else {
            throw RecordingError(
                .damaged, file: LeafFile.path(directory), offset: Int64(count) * Int64(ChainHasher.length),
                "more segments were sealed than there are: an older copy was put back")
        }
        leaves = try LeafFile(directory, files: files)
        var signed = [checkpoint.map { ($0.sealed, $0.root) }, seal.map { ($0.sealedBefore, $0.rootBefore) }]
            .compactMap { $0 }
        try check(&signed, directory)
        for leaf in known {
            try tree.append(leaf)
            try check(&signed, directory)
        }
        if open.segment > 1, known.count >= Int(open.segment) - 1, known[Int(open.segment) - 2] != open.carried {
            throw RecordingError(
                .damaged, file: LeafFile.path(directory), offset: Int64(open.segment - 2) * Int64(ChainHasher.length),
                "the leaf is not the chain value of the segment's seal")
        }
        while tree.size < count {
            try add(try missingLeaf(open, lastSeal, directory))
            try check(&signed, directory)
        }
        guard signed.isEmpty else { throw Self.unsigned(directory) }
    }

    /// The chain value after the seal of the segment that has no leaf yet, as the header behind it names it.
    private func missingLeaf(
        _ open: SegmentHeader, _ lastSeal: [UInt8]?, _ directory: String
    ) throws(RecordingError) -> [UInt8] {
        let number = tree.size + 1
        if number == open.segment, let lastSeal { return lastSeal }
        if number + 1 == open.segment { return open.carried }
        return try SegmentReader(path: directory + "/" + Format.segmentName(number + 1)).header.carried
    }

    /// Takes off what was signed of a tree of the present size.
    private func check(_ signed: inout [(UInt64, [UInt8])], _ directory: String) throws(RecordingError) {
        let root = try tree.root()
        for (size, value) in signed where size == tree.size && value != root { throw Self.unsigned(directory) }
        signed.removeAll { $0.0 == tree.size }
    }

    private static func unsigned(_ directory: String) -> RecordingError {
        RecordingError(
            .damaged, file: LeafFile.path(directory), offset: 0,
            "the leaves are not those that were signed: restore the file, or move the folder away")
    }

    /// Adds the leaf of the next segment: the chain value after its seal.
    mutating func add(_ leaf: [UInt8]) throws(RecordingError) {
        try leaves.write(leaf, at: tree.size)
        try tree.append(leaf)
    }
}

/// The checkpoint of a replica, as a writer keeps it up to date.
struct CheckpointFile {
    /// Shortest time between two checkpoints while records come, nanoseconds.
    static let interval: UInt64 = 250_000_000

    private let path: String
    private let files: any FileLayer
    private var signed: Head?
    private var signedAt: UInt64 = 0

    init(_ directory: String, files: any FileLayer) {
        path = Checkpoint.path(directory)
        self.files = files
    }

    func isDue(_ head: Head, now: UInt64) -> Bool { signed != head && now &- signedAt >= Self.interval }

    /// - Parameter synced: whether it must be on the disk.
    mutating func write(
        _ value: Checkpoint, key: RecordingKey, synced: Bool, now: UInt64
    ) throws(RecordingError) {
        try replaceFile(path, with: try value.signed(key), files: files, synced: synced)
        signed = value.head
        signedAt = now
    }
}

extension Checkpoint {
    /// The head that it was made of.
    var head: Head {
        Head(segment: segment, offset: offset, block: block, records: records, chain: chain, replica: replica)
    }
}
