import Contract

/// Reads one replica's records in the order in which they were written, from any place, up to its head: what is
/// acknowledged. Holds the records of one block. Not for use by several threads at once.
public final class ReplicaTail {
    /// Before which record reading stands.
    public struct Place: Sendable, Equatable {
        /// The block read last, from 1 over all segments; 0: before the first.
        public var block: UInt64
        /// That block's chain value; empty before the first.
        public var chain: [UInt8]
        /// Records of the block that were taken.
        public var taken: Int

        public init(block: UInt64, chain: [UInt8], taken: Int) {
            self.block = block
            self.chain = chain
            self.taken = taken
        }

        public static let beginning = Place(block: 0, chain: [], taken: 0)
    }

    /// What was found where reading was to go on, or on the way.
    public enum Finding: Sendable, Equatable {
        case followed
        /// Another recording stands here, or an older copy of it: reading begins anew.
        case exchanged
        /// Blocks before this one were removed before they were read.
        case missing(before: UInt64)
        /// The data key of the segment that this block is in was destroyed: its records from here on are passed over.
        case erased(from: UInt64)
    }

    public let replica: String
    public private(set) var place: Place
    private let archive: RecordingArchive
    private var reader: SegmentReader?
    private var segment: UInt64 = 0
    /// Up to which byte of the segment is acknowledged, as far as was looked.
    private var limit: Int64 = 0
    private var records: ArraySlice<Record> = []
    /// Records of the replica's recording before those in `records`.
    private var passed: UInt64 = 0
    private var blockRecords: UInt64 = 0
    private var findings: [Finding] = []
    /// The last segment that was found to be erased: said once.
    private var erased: UInt64?

    private init(_ archive: RecordingArchive, _ replica: String, at place: Place) {
        self.archive = archive
        self.replica = replica
        self.place = place
    }

    /// Goes on at `place`.
    ///
    /// - Throws: `damaged` when a block on the way is not what was written.
    public static func open(
        _ archive: RecordingArchive, _ replica: String, at place: Place
    ) throws(RecordingError) -> (tail: ReplicaTail, finding: Finding) {
        let tail = ReplicaTail(archive, replica, at: place)
        let finding = try tail.seek()
        guard finding == .exchanged else { return (tail, finding) }
        return (ReplicaTail(archive, replica, at: .beginning), finding)
    }

    /// Passes over what is acknowledged now.
    public static func openAtHead(_ archive: RecordingArchive, _ replica: String) throws(RecordingError) -> ReplicaTail
    {
        let tail = ReplicaTail(archive, replica, at: .beginning)
        guard let last = try archive.readable(replica: replica, fromBlock: .max).last else { return tail }
        try tail.enter(last)
        guard let reader = tail.reader else { return tail }
        tail.place = Place(block: reader.header.firstBlock - 1, chain: reader.header.carried, taken: 0)
        while let block = try reader.next(limit: last.limit) {
            tail.passed += UInt64(block.isSeal ? 0 : block.records)
            tail.place = Place(block: block.number, chain: reader.chain, taken: block.records)
        }
        return tail
    }

    /// The next acknowledged record; nil when there is none yet.
    ///
    /// - Throws: `damaged` when a block is not what was written; reading then stays before it.
    public func next() throws(RecordingError) -> Record? {
        while records.isEmpty {
            guard try readBlock() else { return nil }
        }
        place.taken += 1
        return records.removeFirst()
    }

    /// Acknowledged records that were not taken.
    public func waiting() throws(RecordingError) -> UInt64 {
        let all = try archive.head(of: replica).records
        let taken = passed + blockRecords - UInt64(records.count)
        return all > taken ? all - taken : 0
    }

    private func readBlock() throws(RecordingError) -> Bool {
        if let reader, let block = try reader.next(limit: limit) {
            take(block.number, try read(reader))
            return true
        }
        for found in try archive.readable(replica: replica, fromBlock: place.block + 1) where found.number >= segment {
            if reader == nil || found.number > segment { try enter(found) }
            limit = found.limit
            guard let reader, let block = try reader.next(limit: limit) else { continue }
            take(block.number, try read(reader))
            return true
        }
        return false
    }

    /// What was found on the way since the last call.
    public func takeFindings() -> [Finding] {
        defer { findings = [] }
        return findings
    }

    private func enter(_ found: ReadableSegment) throws(RecordingError) {
        let opened = try found.reader()
        if let reader, found.number == segment + 1, opened.header.carried != reader.chain {
            throw RecordingError(.damaged, file: opened.path, offset: 0, "it does not follow the segment before it")
        }
        if reader != nil, opened.header.firstBlock > place.block + 1, found.number > segment + 1 {
            findings.append(.missing(before: opened.header.firstBlock))
        }
        reader = opened
        segment = found.number
        passed = opened.header.recordsBefore
        blockRecords = 0
    }

    private func read(_ reader: SegmentReader) throws(RecordingError) -> [Record] {
        var found: [Record] = []
        do throws(RecordingError) {
            try reader.forEachRecord { raw throws(RecordingError) in found.append(try reader.parse(raw)) }
        } catch {
            guard error.code == .encrypted, reader.isErased else { throw error }
            if erased != segment { findings.append(.erased(from: reader.nextNumber - 1)) }
            erased = segment
        }
        return found
    }

    private func take(_ number: UInt64, _ found: [Record]) {
        passed += blockRecords
        blockRecords = UInt64(found.count)
        records = found[...]
        place = Place(block: number, chain: reader?.chain ?? [], taken: 0)
    }

    /// Reads up to `place`.
    private func seek() throws(RecordingError) -> Finding {
        let wanted = place
        let segments = try archive.readable(replica: replica, fromBlock: max(1, wanted.block))
        guard let first = segments.first else { return wanted.block == 0 ? .followed : .exchanged }
        let header = try first.reader().header
        if header.firstBlock > wanted.block + 1 { return .missing(before: header.firstBlock) }
        guard wanted.block > 0 else { return .followed }
        guard try archive.head(of: replica).block >= wanted.block else { return .exchanged }
        // The segment that held the block is gone; the next one names its last chain value.
        if header.firstBlock == wanted.block + 1 { return header.carried == wanted.chain ? .followed : .exchanged }
        for found in segments {
            try enter(found)
            guard let reader else { continue }
            while let block = try reader.next(limit: found.limit) {
                guard block.number >= wanted.block else {
                    passed += UInt64(block.isSeal ? 0 : block.records)
                    continue
                }
                guard block.number == wanted.block, reader.chain == wanted.chain else { return .exchanged }
                take(block.number, try read(reader))
                let taken = min(wanted.taken, records.count)
                records = records.dropFirst(taken)
                place.taken = taken
                return .followed
            }
        }
        return .exchanged
    }
}

extension RecordingArchive {
    func head(of replica: String) throws(RecordingError) -> Head {
        try StoredHead.read(directory: directory(of: replica), keys: []).value
    }

    /// Calls `body` with the records of these blocks of a replica. Blocks that are not here are left out.
    public func forEachRecord(
        in blocks: Set<UInt64>, of replica: String, _ body: (Record) throws(RecordingError) -> Void
    ) throws(RecordingError) {
        guard let first = blocks.min(), let last = blocks.max() else { return }
        for segment in try readable(replica: replica, fromBlock: first) {
            let reader = try segment.reader()
            guard reader.header.firstBlock <= last else { return }
            while let block = try reader.next(limit: segment.limit), block.number <= last {
                guard blocks.contains(block.number) else { continue }
                try reader.forEachRecord { raw throws(RecordingError) in try body(try reader.parse(raw)) }
            }
        }
    }
}
