import Contract

/// What one segment holds, found without looking at any other: so segments are read side by side.
struct SegmentScan: Sendable {
    /// Where the replica's recording ends, and how what stands beyond it is judged.
    struct Task: Sendable {
        let folder: SegmentFolder
        let number: UInt64
        var head: Head?
        var isLive = false
        /// Offsets at whose blocks' ends the recording's state is wanted.
        var wanted: Set<Int64> = []
        var keys = VerificationKeys()
        /// Reads the header and nothing more.
        var isHeaderOnly = false

        var path: String { folder.path(number) }
    }

    /// The recording's state where a block ends.
    struct Mark: Sendable, Equatable {
        let block: UInt64
        let records: UInt64
        let chain: [UInt8]
    }

    /// Records of one session that follow one another.
    struct Run: Sendable {
        let session: String
        /// Set where another replica had the session before.
        let resumed: Resumption?
        let first: UInt64
        var last: UInt64
        let firstBlock: UInt64
        var lastBlock: UInt64
        var hasEnded: Bool
        /// Where its first block begins.
        let offset: Int64
    }

    let path: String
    let number: UInt64
    var directory: String { task.folder.directory }
    /// Opens the segment once more.
    func reader() throws(RecordingError) -> SegmentReader { try task.folder.reader(number) }
    /// Only its header was read.
    var isSkipped: Bool { task.isHeaderOnly }
    private(set) var header: SegmentHeader?
    private(set) var headerChain: [UInt8] = []
    private(set) var problems: [VerificationReport.Problem] = []
    private(set) var warnings: [String] = []
    private(set) var blocks: UInt64 = 0
    private(set) var records: UInt64 = 0
    private(set) var bytes: UInt64 = 0
    /// Chain value, block number and place behind the last whole block.
    private(set) var chain: [UInt8] = []
    private(set) var nextBlock: UInt64 = 0
    private(set) var end: Int64 = 0
    private(set) var seal: Seal?
    private(set) var sealOffset: Int64 = 0
    private(set) var runs: [Run] = []
    /// Texts of the recorder's own notices, each with its block's place.
    private(set) var notices: [(text: String, offset: Int64)] = []
    private(set) var marks: [Int64: Mark] = [:]
    /// Set after damage: what follows can't be compared with what came before.
    private(set) var isBroken = false
    /// Why the segment's records were not read; nil when they were.
    private(set) var unread: String?
    private let task: Task
    /// The head as last read; a live writer moves it.
    private var newest: Head?
    private var openRuns: [String: Int] = [:]

    init(_ task: Task) {
        self.task = task
        path = task.path
        number = task.number
        newest = task.head
        let reader: SegmentReader
        do throws(RecordingError) {
            reader = try task.folder.reader(number)
        } catch {
            // A segment's header is on disk before the head names the segment.
            if let head = task.head, number == head.segment + 1, error.code == .incomplete {
                warnings.append("\(error): a segment was just begun; the next start removes it")
            } else {
                problems.append(.init(error))
                isBroken = true
            }
            return
        }
        header = reader.header
        headerChain = reader.headerChain
        guard !task.isHeaderOnly else { return }
        mark(reader)
        walk(reader)
        chain = reader.chain
        nextBlock = reader.nextNumber
        end = reader.offset
    }

    private mutating func walk(_ reader: SegmentReader) {
        let own = task.keys.recording.filter { $0.verification == reader.header.signer }
        while true {
            let start = reader.offset
            do throws(RecordingError) {
                guard let block = try reader.next() else { return }
                if !own.isEmpty, try !reader.isWritten(by: own) {
                    throw RecordingError(
                        .damaged, file: path, offset: block.offset,
                        "no recorder with the key that was given wrote this block")
                }
                bytes += UInt64(block.length)
                if block.isSeal {
                    sealOffset = start
                    seal = try reader.seal()
                } else {
                    try take(reader, block)
                }
                blocks += 1
                records += UInt64(block.records)
                mark(reader)
            } catch {
                // A block that was half written may be whole now: then the writer's mark has passed it.
                if task.isLive, isBeyondHead(start) {
                    do throws(RecordingError) {
                        newest = try StoredHead.read(directory: directory, keys: task.keys.recording).value
                    } catch {
                        // The head is judged where it is first read.
                        return
                    }
                    if !isBeyondHead(start) { continue }
                }
                failed(error, start)
                return
            }
        }
    }

    private mutating func mark(_ reader: SegmentReader) {
        guard task.wanted.contains(reader.offset) else { return }
        marks[reader.offset] = Mark(
            block: reader.nextNumber - 1, records: reader.header.recordsBefore + records, chain: reader.chain)
    }

    private mutating func failed(_ error: RecordingError, _ start: Int64) {
        if isBeyondHead(start) {
            if task.isLive { return }
            if error.code == .incomplete || error.code == .damaged {
                warnings.append("\(path): byte \(start): a torn tail beyond the head, not acknowledged")
                return
            }
        }
        problems.append(.init(error))
        isBroken = true
    }

    private func isBeyondHead(_ offset: Int64) -> Bool {
        guard let newest else { return false }
        return number > newest.segment || (number == newest.segment && offset >= Int64(newest.offset))
    }

    private mutating func take(_ reader: SegmentReader, _ block: SegmentReader.Block) throws(RecordingError) {
        let manifest = try reader.manifest()
        try compare(manifest, reader)
        for text in manifest.notices { notices.append((text, block.offset)) }
        for run in manifest.runs { add(run, block) }
    }

    private mutating func add(_ run: SessionRun, _ block: SegmentReader.Block) {
        if !run.hasResumed, let open = openRuns[run.session], runs[open].last &+ 1 == run.first, !runs[open].hasEnded {
            runs[open].last = run.last
            runs[open].lastBlock = block.number
            runs[open].hasEnded = run.ended
            return
        }
        openRuns[run.session] = runs.count
        runs.append(
            Run(
                session: run.session, resumed: run.hasResumed ? run.resumed : nil, first: run.first, last: run.last,
                firstBlock: block.number, lastBlock: block.number, hasEnded: run.ended, offset: block.offset))
    }

    /// What the manifest says must be what the records are, where they can be read.
    private mutating func compare(_ manifest: BlockManifest, _ reader: SegmentReader) throws(RecordingError) {
        guard unread == nil else { return }
        do throws(RecordingError) {
            var shown = try BlockManifest.of(reader.forEachHead)
            shown.timeUs = manifest.timeUs
            guard shown == manifest else {
                throw RecordingError(
                    .damaged, file: path, offset: reader.current?.offset, "the block's manifest is not of its records")
            }
        } catch {
            switch error.code {
            case .encrypted: unread = error.detail
            case .invalid:
                throw RecordingError(.damaged, file: path, offset: reader.current?.offset, error.detail)
            default: throw error
            }
        }
    }
}
