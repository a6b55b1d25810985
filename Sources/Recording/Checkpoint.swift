import Contract
import Foundation
import Glibc

/// A recorder's signed statement of what it has recorded: how far, and what that hashes to. Whoever keeps one can later
/// prove that nothing before it was changed or taken back.
///
/// Its text has the lines of a transparency log's checkpoint (c2sp.org/tlog-checkpoint): origin `sluice/<replica>`, number of
/// sealed segments, root of the Merkle tree over these; then `time`, `segment`, `offset`, `block`, `records`, `chain`.
public struct Checkpoint: Sendable, Equatable {
    public let replica: String
    /// Sealed segments, and the root of the Merkle tree over their seals, 32 bytes.
    public let sealed: UInt64
    public let root: [UInt8]
    /// Unix time, microseconds.
    public let time: UInt64
    /// The segment in which block `block` ends at byte `offset`, records so far, and the chain value there.
    public let segment: UInt64
    public let offset: UInt64
    public let block: UInt64
    public let records: UInt64
    public let chain: [UInt8]

    private static let origin = "sluice/"
    private static let fields = ["time", "segment", "offset", "block", "records"]

    init(_ head: Head, sealed: UInt64, root: [UInt8], time: UInt64) {
        replica = head.replica
        self.sealed = sealed
        self.root = root
        self.time = time
        segment = head.segment
        offset = head.offset
        block = head.block
        records = head.records
        chain = head.chain
    }

    var text: String {
        """
        \(Self.origin)\(replica)
        \(sealed)
        \(Data(root).base64EncodedString())
        time \(time)
        segment \(segment)
        offset \(offset)
        block \(block)
        records \(records)
        chain \(Data(chain).base64EncodedString())

        """
    }

    /// Reads the text of a note; nil when it is not one of these. Lines behind those that are known do no harm.
    init?(text: String) {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        guard lines.count >= 10, lines[0].hasPrefix(Self.origin), let sealed = UInt64(lines[1]),
            let root = Data(base64Encoded: lines[2]), root.count == ChainHasher.length
        else { return nil }
        replica = String(lines[0].dropFirst(Self.origin.count))
        guard Format.isReplicaName(replica) else { return nil }
        self.sealed = sealed
        self.root = Array(root)
        var numbers: [UInt64] = []
        for (line, field) in zip(lines[3...], Self.fields) {
            let words = line.split(separator: " ", omittingEmptySubsequences: false)
            guard words.count == 2, words[0] == field, let number = UInt64(words[1]) else { return nil }
            numbers.append(number)
        }
        let words = lines[8].split(separator: " ", omittingEmptySubsequences: false)
        guard words.count == 2, words[0] == "chain", let chain = Data(base64Encoded: String(words[1])),
            chain.count == ChainHasher.length
        else { return nil }
        (time, segment, offset, block, records) = (numbers[0], numbers[1], numbers[2], numbers[3], numbers[4])
        self.chain = Array(chain)
    }

    /// Bytes of a checkpoint file, with the signatures that witnesses may have added.
    static let maxBytes = 64 << 10

    static func path(_ directory: String) -> String { directory + "/checkpoint" }

    /// Whether it says the same of the recording, at whatever time.
    func agrees(with other: Checkpoint) -> Bool {
        replica == other.replica && sealed == other.sealed && root == other.root && segment == other.segment
            && offset == other.offset && block == other.block && records == other.records && chain == other.chain
    }

    func signed(_ key: RecordingKey) throws(RecordingError) -> [UInt8] {
        Array(try SignedNote.sign(text, key: key).utf8)
    }
}

/// A checkpoint as it was found: that of a replica, or a copy that was kept elsewhere.
public struct SignedCheckpoint: Sendable {
    public let file: String
    public let checkpoint: Checkpoint
    /// The file's bytes.
    public let note: [UInt8]

    /// Reads a file, without checking who signed it.
    ///
    /// - Throws: `damaged` when it is not as a recorder wrote it.
    public init(file: String) throws(RecordingError) {
        note = try readFile(file, limit: Checkpoint.maxBytes + 1)
        guard let checkpoint = Checkpoint(text: try SignedNote.open(note, file: file, keys: nil)) else {
            throw RecordingError(.damaged, file: file, offset: 0, "not a checkpoint")
        }
        self.file = file
        self.checkpoint = checkpoint
    }

    /// Reads what a replica signed last.
    ///
    /// - Throws: `damaged` too when it is another replica's.
    public init(replica: String, recordings: String) throws(RecordingError) {
        try self.init(file: Checkpoint.path(trimmedPath(recordings) + "/" + replica))
        guard checkpoint.replica == replica else {
            throw RecordingError(.damaged, file: file, offset: 0, "is of replica '\(checkpoint.replica)'")
        }
    }

    /// - Throws: `damaged` when none of `keys` signed it.
    public func check(signedBy keys: some Collection<VerificationKey>) throws(RecordingError) {
        _ = try SignedNote.open(note, file: file, keys: Array(keys))
    }
}
