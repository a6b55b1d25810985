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
    /// - Parameter lastSeal: chain value after the seal of `open`; nil when it has none.
    /// - Throws: `damaged` when leaves are missing whose segments are not here, or there are more than sealed segments.
    init(
        _ directory: String, open: SegmentHeader, lastSeal: [UInt8]?, nextSigner: VerificationKey,
        checkpoint: Checkpoint?,
        files: any FileLayer, hasher: ChainHasher
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
        var isProven = checkpoint == nil || checkpoint?.sealed == 0
        for leaf in known {
            try tree.append(leaf)
            if let checkpoint, checkpoint.sealed == tree.size { isProven = try tree.root() == checkpoint.root }
        }
        guard isProven else {
            throw RecordingError(
                .damaged, file: LeafFile.path(directory), offset: 0,
                "the leaves are not those that the checkpoint signed: restore the file, or move the folder away")
        }
        if open.segment > 1, let carried = known.count >= Int(open.segment) - 1 ? known[Int(open.segment) - 2] : nil,
            carried != open.carried
        {
            throw RecordingError(
                .damaged, file: LeafFile.path(directory), offset: Int64(open.segment - 2) * Int64(ChainHasher.length),
                "the leaf is not the chain value of the segment's seal")
        }
        try complete(through: open.segment - 1, lastSeal: open.carried, in: directory)
        if let lastSeal { try complete(through: open.segment, lastSeal: lastSeal, in: directory) }
    }

    /// Adds the leaves that are missing up to segment `last`.
    ///
    /// - Parameter lastSeal: chain value after the seal of `last`.
    mutating func complete(through last: UInt64, lastSeal: [UInt8], in directory: String) throws(RecordingError) {
        while tree.size < last {
            let next = tree.size + 1
            let leaf: [UInt8]
            if next == last {
                leaf = lastSeal
            } else {
                leaf = try SegmentReader(path: directory + "/" + Format.segmentName(next + 1)).header.carried
            }
            try leaves.write(leaf, at: tree.size)
            try tree.append(leaf)
        }
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
