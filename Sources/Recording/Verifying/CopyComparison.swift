/// Compares records that more than one replica has: the later copy must be the earlier one, byte for byte.
struct CopyComparison {
    private struct Copy {
        let digest: [UInt8]
        let replica: String
        var isCounted = false
    }

    private(set) var problems: [VerificationReport.Problem] = []
    /// Records that were found more than once, all copies alike.
    private(set) var copies = 0
    /// Why some could not be compared.
    private(set) var unread: String?
    private var expected: [String: SequenceSet] = [:]
    private var found: [String: [UInt64: Copy]] = [:]

    var isEmpty: Bool { expected.isEmpty }
    /// How many sessions have such records.
    var sessions: Int { expected.count }

    func concerns(_ session: String) -> Bool { expected[session] != nil }

    /// Takes the runs of one session, and from them which of its records there are twice.
    mutating func expect(_ session: String, _ runs: [RecordedRun]) {
        var once = SequenceSet()
        var twice = SequenceSet()
        for run in runs where run.first <= run.last {
            for range in once.ranges where range.overlaps(run.first...run.last) {
                twice.insert(max(range.lowerBound, run.first)...min(range.upperBound, run.last))
            }
            once.insert(run.first...run.last)
        }
        if !twice.isEmpty { expected[session] = twice }
    }

    /// Reads a replica's blocks from the one with number `first` to `last`.
    mutating func read(
        _ directory: String, replica: String, from first: UInt64, through last: UInt64,
        _ access: RecordingAccess
    ) throws(RecordingError) {
        let hasher = try ChainHasher()
        let folder = try SegmentFolder(directory, access)
        for number in try folder.numbers() {
            guard try folder.firstBlock(of: number) <= last else { return }
            let reader = try folder.reader(number)
            while reader.nextNumber <= last, let block = try reader.next() {
                guard block.number >= first else { continue }
                do throws(RecordingError) {
                    try compare(reader, block, replica, hasher)
                } catch {
                    guard error.code == .encrypted else { throw error }
                    unread = error.detail
                    break
                }
            }
        }
    }

    private mutating func compare(
        _ reader: SegmentReader, _ block: SegmentReader.Block, _ replica: String, _ hasher: ChainHasher
    ) throws(RecordingError) {
        try reader.forEachHead { head, raw throws(RecordingError) in
            guard !head.session.isEmpty, head.event != RecordHead.Field.sessionResumed else { return }
            let session = try head.sessionName(raw)
            guard let sequences = expected[session], sequences.contains(head.sequence) else { return }
            let digest = try hasher.digest(Array(raw))
            guard let other = found[session]?[head.sequence] else {
                found[session, default: [:]][head.sequence] = Copy(digest: digest, replica: replica)
                return
            }
            guard other.digest == digest else {
                problems.append(
                    .init(
                        file: reader.path, offset: block.offset,
                        reason: "session '\(session)': record \(head.sequence) is another one than in "
                            + "'\(other.replica)'"))
                return
            }
            if !other.isCounted { copies += 1 }
            found[session]?[head.sequence]?.isCounted = true
        }
    }
}
