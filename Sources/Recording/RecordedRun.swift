/// Records of one session that one replica has without a gap.
struct RecordedRun: Equatable {
    /// The first record's sequence; 1, or the one after those that another replica has.
    let first: UInt64
    /// The last record's; one less than `first` while there is none.
    private(set) var last: UInt64
    /// Where the run begins, and the block of its last record.
    let firstBlock: UInt64
    private(set) var lastBlock: UInt64
    private(set) var hasEnded = false

    /// A run whose first record has sequence `first`.
    init(from first: UInt64, block: UInt64) {
        self.first = first
        last = first - 1
        firstBlock = block
        lastBlock = block
    }

    mutating func append(_ sequence: UInt64, block: UInt64, isEnd: Bool) {
        last = sequence
        lastBlock = block
        hasEnded = isEnd
    }

    /// Whether a session that goes on behind record `after` elsewhere can have left here.
    func reaches(_ after: UInt64) -> Bool { first <= after + 1 && last >= after }
}

/// A session's former recorder, as the one that took it over wrote it down.
struct RecordedResumption {
    let session: String
    let after: UInt64
    /// The former replica, and the block that the session's record `after` lies in or before, with its chain value.
    let replica: String
    let block: UInt64
    let chain: [UInt8]
    /// Where this is written.
    let file: String
    let offset: Int64
}
