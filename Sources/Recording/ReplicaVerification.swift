import Contract

/// Walks one replica's segments from the first byte to the head.
struct ReplicaVerification {
    private let directory: String
    private let key: [UInt8]?
    private let indexed: Set<String>
    private let source: (any SegmentSource)?
    private var report = VerificationReport()
    /// The mark up to which everything must be there, as first read.
    private var head: Head?
    /// The mark as last read; a live writer moves it.
    private var newest: Head?
    private(set) var isLive = false
    private var headSeen = false
    /// The last run of each session.
    private(set) var sessions: [String: RecordedRun] = [:]
    /// Runs before that, of sessions that were elsewhere between.
    private var earlier: [String: [RecordedRun]] = [:]
    /// Where the sessions that came from other replicas say that they were.
    private(set) var resumptions: [RecordedResumption] = []
    /// The replicas that this recording's own notes name, each with where it is named last.
    private(set) var noted: [String: (file: String, offset: Int64)] = [:]
    /// Number of the last block that was read.
    private(set) var lastBlock: UInt64 = 0
    /// Set after damage: what follows can't be compared with what came before.
    private(set) var isBroken = false

    init(directory: String, key: [UInt8]?, index: Set<String>, source: (any SegmentSource)? = nil) {
        self.directory = directory
        self.source = source
        self.key = key
        indexed = index
    }

    func add(to total: inout VerificationReport) {
        total.problems += report.problems
        total.warnings += report.warnings
        total.segments += report.segments
        total.blocks += report.blocks
        total.records += report.records
    }

    /// Adds what was found in a replica or segment that stands for itself.
    func addAlone(to total: inout VerificationReport) {
        add(to: &total)
        total.sessions += sessions.count
        total.openSessions += sessions.values.count { !$0.hasEnded }
        if !resumptions.isEmpty {
            total.warnings.append(
                "\(directory): \(Set(resumptions.map(\.session)).count) sessions began in other replicas: verify the "
                    + "directory of all to join them")
        }
    }

    /// A session's records here, as runs without gaps in the order they were written.
    func runs(of session: String) -> [RecordedRun] {
        (earlier[session] ?? []) + (sessions[session].map { [$0] } ?? [])
    }

    /// Where the walk stands between segments.
    private struct Position {
        var chain = ChainHasher.zero
        var nextBlock: UInt64 = 1
        var records: UInt64 = 0
        var seal: Int64 = 0
        var isSealed = true
    }

    mutating func run() {
        isLive = WriterLock.isHeld(directory)
        do throws(RecordingError) {
            head = try StoredHead.read(directory: directory, key: key).value
            newest = head
        } catch {
            report.problems.append(.init(error))
        }
        if FailedDisk.exists(directory) {
            report.warnings.append("\(directory): its disk failed: what was written last may be missing")
        }
        if let head, !directory.hasSuffix("/" + head.replica), directory != head.replica {
            problem(directory + "/head", 80, "the head of replica '\(head.replica)' in another one's directory")
        }
        do throws(RecordingError) {
            try walk(SegmentFolder(directory, source: source))
        } catch {
            report.problems.append(.init(error))
        }
        guard !isBroken else { return }
        for session in indexed.sorted() where sessions[session] == nil {
            problem(directory, 0, "the index names session '\(session)'; no segment holds it")
        }
    }

    private mutating func walk(_ folder: SegmentFolder) throws(RecordingError) {
        let segments = try folder.numbers()
        var position = Position()
        var expected: UInt64 = 1
        for number in segments {
            // What a live writer begins after this look at the head is not acknowledged yet.
            if isLive, let head, number > head.segment { break }
            if number != expected {
                problem(path(expected), 0, "the segment is missing")
                isBroken = true
            }
            expected = number + 1
            try check(number, of: folder, isLast: number == segments.last, &position)
        }
        if let head, expected <= head.segment {
            problem(path(expected), 0, "the segment is missing: the head says that the recording goes on to it")
            isBroken = true
        } else if let head, !headSeen, !isBroken {
            problem(directory + "/head", 24, "no block ends where the head says (byte \(head.offset))")
        }
    }

    private mutating func check(
        _ number: UInt64, of folder: SegmentFolder, isLast: Bool, _ position: inout Position
    ) throws(RecordingError) {
        report.segments += 1
        let reader: SegmentReader
        do throws(RecordingError) {
            reader = try folder.reader(number)
        } catch {
            // A segment's header is on disk before the head names the segment.
            if let head, number > head.segment, error.code == .incomplete {
                report.warnings.append("\(error): a segment was just begun; the next start removes it")
            } else {
                report.problems.append(.init(error))
                isBroken = true
            }
            return
        }
        checkHeader(reader, number, position)
        let firstBlock = reader.header.firstBlock
        let recordsBefore = reader.header.recordsBefore
        var records = recordsBefore
        compareHead(reader, records)
        walk(reader, &records)
        position = Position(
            chain: reader.chain, nextBlock: reader.nextNumber, records: records, seal: sealOffset,
            isSealed: reader.isSealed)
        if reader.isSealed {
            checkSeal(reader, blocks: reader.nextNumber - 1 - firstBlock, records: records - recordsBefore)
        } else if !isLast, !isBroken {
            problem(reader.path, reader.offset, "the segment is cut: it has no seal and another follows")
            isBroken = true
        }
    }

    private mutating func checkHeader(_ reader: SegmentReader, _ number: UInt64, _ position: Position) {
        let header = reader.header
        if header.segment != number { problem(reader.path, 16, "another segment's number") }
        if let head, header.replica != head.replica { problem(reader.path, 80, "another replica's segment") }
        guard !isBroken else { return }
        if header.firstBlock != position.nextBlock {
            problem(reader.path, 32, "block \(position.nextBlock) must come first: blocks are missing")
        } else if header.recordsBefore != position.records {
            problem(reader.path, 40, "the records before it are not as many as it says")
        } else if header.carried != position.chain {
            problem(reader.path, 48, "it does not continue the segment before it")
        } else if header.previousSeal != UInt64(position.seal) {
            problem(reader.path, 136, "the seal before it is elsewhere")
        }
    }

    private var sealOffset: Int64 = 0
    private var seal: Seal?

    private mutating func walk(_ reader: SegmentReader, _ records: inout UInt64) {
        sealOffset = 0
        seal = nil
        while true {
            let start = reader.offset
            do throws(RecordingError) {
                guard let block = try reader.next() else { break }
                if block.isSeal {
                    sealOffset = start
                    seal = try reader.seal()
                } else {
                    try take(reader, start, block.number)
                }
                report.blocks += 1
                lastBlock = block.number
                records += UInt64(block.records)
                report.records += UInt64(block.records)
                compareHead(reader, records)
            } catch {
                // A block that was half written may be whole now: then the writer's mark has passed it.
                if isLive, isBeyondHead(reader.header.segment, start) {
                    newest = (try? StoredHead.read(directory: directory, key: key).value) ?? newest
                    if !isBeyondHead(reader.header.segment, start) { continue }
                }
                failed(error, reader, start)
                return
            }
        }
        guard let head, head.segment == reader.header.segment, reader.offset < Int64(head.offset) else {
            if let head, head.segment == reader.header.segment, reader.offset > Int64(head.offset), headSeen, !isLive {
                report.warnings.append(
                    "\(reader.path): whole blocks beyond the head from byte \(head.offset), not acknowledged")
            }
            return
        }
        problem(
            reader.path, reader.offset,
            "the recording is cut: the head says that \(Int64(head.offset) - reader.offset) more bytes follow")
        isBroken = true
    }

    private mutating func failed(_ error: RecordingError, _ reader: SegmentReader, _ start: Int64) {
        if isBeyondHead(reader.header.segment, start) {
            if isLive { return }
            if error.code == .incomplete || error.code == .damaged {
                report.warnings.append("\(reader.path): byte \(start): a torn tail beyond the head, not acknowledged")
                return
            }
        }
        report.problems.append(.init(error))
        isBroken = true
    }

    private func isBeyondHead(_ segment: UInt64, _ offset: Int64) -> Bool {
        guard let newest else { return false }
        return segment > newest.segment || (segment == newest.segment && offset >= Int64(newest.offset))
    }

    private mutating func compareHead(_ reader: SegmentReader, _ records: UInt64) {
        guard let head, head.segment == reader.header.segment, Int64(head.offset) == reader.offset else { return }
        headSeen = true
        guard !isBroken else { return }
        if head.block != reader.nextNumber - 1 {
            problem(directory + "/head", 32, "another block ends here than the head says")
        } else if head.records != records {
            problem(directory + "/head", 40, "the head counts \(head.records) records, there are \(records)")
        } else if head.chain != reader.chain {
            problem(directory + "/head", 48, "the head marks another recording: its chain value is not this one's")
        }
    }

    /// The current block's records: each session's sequence goes on from 1 without gaps, and stops at its end. A session
    /// that another replica had goes on behind the record where it left.
    private mutating func take(_ reader: SegmentReader, _ place: Int64, _ block: UInt64) throws(RecordingError) {
        try reader.forEachHead { head, raw throws(RecordingError) in
            guard !head.session.isEmpty else {
                if head.event == RecordHead.Field.notice { takeNotice(head, raw, at: place, of: reader.path) }
                return
            }
            let session = try head.sessionName(raw)
            if head.event == RecordHead.Field.sessionResumed {
                resume(session, head, raw, at: place, of: reader.path, block)
                return
            }
            let expected = (sessions[session]?.last ?? 0) &+ 1
            if !isBroken, head.sequence != expected {
                problem(
                    reader.path, place,
                    "session '\(session)': record \(head.sequence) stands where record \(expected) must")
            } else if !isBroken, sessions[session]?.hasEnded == true {
                problem(reader.path, place, "session '\(session)' has records after its end")
            }
            sessions[session, default: RecordedRun(from: max(1, head.sequence), block: block)]
                .append(head.sequence, block: block, isEnd: head.event == RecordHead.Field.sessionEnded)
        }
    }

    private mutating func resume(
        _ session: String, _ head: RecordHead, _ raw: UnsafeRawBufferPointer, at place: Int64, of file: String,
        _ block: UInt64
    ) {
        let event: Resumption
        do throws(RecordingError) {
            event = try decoded(Resumption.self, raw, head.body)
        } catch {
            problem(file, place, "session '\(session)': where it was before cannot be read")
            return
        }
        guard event.session == session, event.after == head.sequence, event.after > 0, event.after < .max else {
            problem(file, place, "session '\(session)': where it was before is said of another record")
            return
        }
        if let former = sessions[session] { earlier[session, default: []].append(former) }
        sessions[session] = RecordedRun(from: event.after + 1, block: block)
        resumptions.append(
            RecordedResumption(
                session: session, after: event.after, replica: event.replica, block: event.block,
                chain: [UInt8](event.chain), file: file, offset: place))
    }

    private mutating func takeNotice(
        _ head: RecordHead, _ raw: UnsafeRawBufferPointer, at place: Int64, of file: String
    ) {
        do throws(RecordingError) {
            let text = try decoded(Notice.self, raw, head.body).text
            for name in ReplicaList.names(inNote: text) ?? [] { noted[name] = (file, place) }
        } catch {
            problem(file, place, "a recorder's note cannot be read")
        }
    }

    private mutating func checkSeal(_ reader: SegmentReader, blocks: UInt64, records: UInt64) {
        guard let seal, !isBroken else { return }
        if seal.blocks != blocks || seal.records != records || seal.firstChain != reader.headerChain {
            problem(reader.path, sealOffset, "the seal does not match the segment")
        }
        for entry in seal.open where sessions[entry.session].map({ $0.last != entry.last || $0.hasEnded }) ?? true {
            problem(reader.path, sealOffset, "the seal names session '\(entry.session)' as open at \(entry.last)")
        }
    }

    /// One segment file without its neighbours: headers, chain, frames; not its place in the recording.
    mutating func segment(alone path: String) {
        report.segments += 1
        report.warnings.append("\(path): a single segment; what stands before and after it was not checked")
        do throws(RecordingError) {
            let reader = try SegmentReader(path: path)
            // Sessions may have begun in an earlier segment.
            isBroken = reader.header.segment > 1
            var records = reader.header.recordsBefore
            walk(reader, &records)
        } catch {
            report.problems.append(.init(error))
        }
    }

    private func path(_ number: UInt64) -> String { directory + "/" + Format.segmentName(number) }

    private mutating func problem(_ file: String, _ offset: Int64, _ reason: String) {
        report.problems.append(.init(file: file, offset: offset, reason: reason))
    }
}
