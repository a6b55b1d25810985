import Contract

/// Proves one replica's segments from the first byte to the head: each was scanned for itself, and here they are joined.
struct ReplicaVerification {
    let directory: String
    private let keys: VerificationKeys
    private let options: VerificationOptions
    private let indexed: Set<String>
    private var report = VerificationReport()
    /// The mark up to which everything must be there, as first read.
    private var head: Head?
    private var proof: SignatureProof
    private(set) var isLive = false
    /// The last run of each session.
    private(set) var sessions: [String: RecordedRun] = [:]
    /// Runs before that, of sessions that were elsewhere between.
    private var earlier: [String: [RecordedRun]] = [:]
    /// Where the sessions that came from other replicas say that they were.
    private(set) var resumptions: [RecordedResumption] = []
    /// The replicas that this recording's own notes name, each with where it is named last.
    private(set) var noted: [String: (file: String, offset: Int64)] = [:]
    /// What may be gone.
    private var removals: RemovalList?
    /// Number of the last block that was read.
    private(set) var lastBlock: UInt64 = 0
    /// Set after damage: what follows can't be compared with what came before.
    private(set) var isBroken = false
    /// Segments that were removed.
    private var absentSegments = 0
    /// One segment, whose recording is not here.
    private var isAlone = false
    /// Segments that were not read: sessions may have begun, or gone on, in them.
    private(set) var hasGaps = false

    init(directory: String, keys: VerificationKeys, options: VerificationOptions, index: Set<String>) {
        self.directory = directory
        self.keys = keys
        self.options = options
        indexed = index
        proof = SignatureProof(directory: directory, keys: keys, remembered: options.remembered)
    }

    /// Keys that the recording's own seals name.
    private(set) var signers: Set<VerificationKey> = []

    func add(to total: inout VerificationReport) {
        total.problems += report.problems
        total.warnings += report.warnings
        total.segments += report.segments
        total.blocks += report.blocks
        total.records += report.records
        total.bytes += report.bytes
        total.unsignedBlocks += report.unsignedBlocks
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

    mutating func run() {
        isLive = WriterLock.isHeld(directory)
        // Before the head: a live writer signs only what its head marked before.
        proof.readCheckpoint(&report)
        do throws(RecordingError) {
            head = try StoredHead.read(directory: directory, keys: keys.recording).value
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
            var scans = try scanned()
            // Said behind what is wrong with the segments themselves.
            var signatures = VerificationReport()
            try proof.establish(scans, head, &signatures)
            try readRemovals(&scans)
            proof.checkRemembered(scans, head, removals, &signatures)
            join(scans)
            report.problems += signatures.problems
            signers = proof.reached
            proof.noteUnsigned(lastBlock, isLive: isLive, &report)
        } catch {
            report.problems.append(.init(error))
        }
        guard !isBroken, !hasGaps else { return }
        for session in indexed.sorted() where sessions[session] == nil {
            problem(directory, 0, "the index names session '\(session)'; no segment holds it")
        }
    }

    private var access: RecordingAccess { RecordingAccess(source: options.source, keys: keys.decryption) }

    private func scanned() throws(RecordingError) -> [SegmentScan] {
        let folder = try SegmentFolder(directory, access)
        var numbers = try folder.numbers()
        // What a live writer begins after this look at the head is not acknowledged yet.
        if isLive, let head { numbers.removeAll { $0 > head.segment } }
        // What follows is not here: where a segment's seal stands is then unknown, and it is read.
        let followed = Set(numbers.map { $0 &- 1 })
        let chosen = try SegmentSelection.choose(numbers, in: folder, options.scope)
            .union(numbers.filter { proof.needs($0) || !followed.contains($0) || $0 == head?.segment })
        let tasks = numbers.map { number in
            var wanted = proof.wanted(in: number)
            if let head, head.segment == number { wanted.insert(Int64(head.offset)) }
            return SegmentScan.Task(
                folder: folder, number: number, head: head, isLive: isLive, wanted: wanted, keys: keys,
                isHeaderOnly: !chosen.contains(number))
        }
        return scan(tasks, threads: options.threads)
    }

    // MARK: - Joining segments

    /// Where the walk stands between segments; nil for what segments that were not read leave unknown.
    private struct Position {
        var chain: [UInt8]? = ChainHasher.zero
        var nextBlock: UInt64? = 1
        var records: UInt64? = 0
        var seal: Int64? = 0
        var signer: VerificationKey?
    }

    private mutating func join(_ scans: [SegmentScan]) {
        for scan in scans {
            for notice in scan.notices {
                for name in ReplicaList.names(inNote: notice.text) ?? [] { noted[name] = (scan.path, notice.offset) }
            }
        }
        var position = Position()
        var expected: UInt64 = 1
        for (index, scan) in scans.enumerated() {
            if scan.number != expected { absent(expected..<scan.number, &position) }
            expected = scan.number + 1
            let next = index + 1 < scans.count ? scans[index + 1] : nil
            join(scan, before: next, &position)
        }
        if let head, expected <= head.segment {
            problem(path(expected), 0, "the segment is missing: the head says that the recording goes on to it")
            isBroken = true
        }
        compareHead(scans)
        reportUnread(scans)
    }

    /// Segments that are not here. Their seals are known from the leaves, which the checkpoint signs.
    private mutating func absent(_ numbers: Range<UInt64>, _ position: inout Position) {
        for number in numbers {
            guard removals?.isRemoved(number) == true, proof.leaf(number) != nil else {
                problem(path(number), 0, "the segment is missing")
                isBroken = true
                return
            }
        }
        hasGaps = true
        absentSegments += numbers.count
        position = Position(
            chain: proof.leaf(numbers.upperBound - 1), nextBlock: nil, records: nil, seal: nil, signer: nil)
    }

    private mutating func join(_ scan: SegmentScan, before next: SegmentScan?, _ position: inout Position) {
        report.segments += 1
        report.problems += scan.problems
        report.warnings += scan.warnings
        guard let header = scan.header else {
            if scan.isBroken { isBroken = true }
            return
        }
        checkHeader(scan, header, position)
        guard !scan.isSkipped else {
            hasGaps = true
            if let next = next?.header { proof.checkSkipped(scan, before: next, &report) }
            position = Position(
                chain: proof.leaf(scan.number), nextBlock: nil, records: nil, seal: nil, signer: nil)
            return
        }
        report.blocks += scan.blocks
        report.records += scan.records
        report.bytes += scan.bytes
        for run in scan.runs { take(run, of: scan.path) }
        lastBlock = max(lastBlock, scan.nextBlock - 1)
        if scan.isBroken { isBroken = true }
        position = Position(
            chain: scan.chain, nextBlock: scan.nextBlock, records: header.recordsBefore + scan.records,
            seal: scan.sealOffset, signer: scan.seal?.nextSigner)
        if let seal = scan.seal {
            checkSeal(scan, seal, header)
        } else if next != nil, !isBroken {
            problem(scan.path, scan.end, "the segment is cut: it has no seal and another follows")
            isBroken = true
        }
    }

    private mutating func checkHeader(_ scan: SegmentScan, _ header: SegmentHeader, _ position: Position) {
        if header.segment != scan.number { problem(scan.path, 16, "another segment's number") }
        if let head, header.replica != head.replica { problem(scan.path, 80, "another replica's segment") }
        guard !isBroken else { return }
        if let block = position.nextBlock, header.firstBlock != block {
            problem(scan.path, 32, "block \(block) must come first: blocks are missing")
        } else if let records = position.records, header.recordsBefore != records {
            problem(scan.path, 40, "the records before it are not as many as it says")
        } else if let chain = position.chain, header.carried != chain {
            problem(scan.path, 48, "it does not continue the segment before it")
        } else if let seal = position.seal, header.previousSeal != UInt64(seal) {
            problem(scan.path, 136, "the seal before it is elsewhere")
        } else if let signer = position.signer, header.signer != signer {
            problem(scan.path, 176, "another key signs it than the seal before it names")
        }
        if header.isEncrypted, !scan.isSkipped, removals?.isErased(scan.number) != true { checkSidecar(scan, header) }
    }

    private mutating func checkSidecar(_ scan: SegmentScan, _ header: SegmentHeader) {
        let path = sidecar(scan.number)
        guard fileSize(path) != nil else {
            return problem(path, 0, "the segment's data key is missing, and was not destroyed on order")
        }
        do throws(RecordingError) {
            try KeySidecar(path).check(header, at: path)
        } catch {
            report.problems.append(.init(error))
        }
    }

    private mutating func checkSeal(_ scan: SegmentScan, _ seal: Seal, _ header: SegmentHeader) {
        guard !isBroken else { return }
        proof.check(scan, seal, &report)
        if seal.blocks != scan.blocks - 1 || seal.records != scan.records || seal.firstChain != scan.headerChain {
            problem(scan.path, scan.sealOffset, "the seal does not match the segment")
        }
        for entry in seal.open {
            let known = sessions[entry.session]
            if known == nil || loose.contains(entry.session), isLoose(entry.session) { continue }
            if known.map({ $0.last != entry.last || $0.hasEnded }) ?? true {
                problem(
                    scan.path, scan.sealOffset, "the seal names session '\(entry.session)' as open at \(entry.last)")
            }
        }
    }

    private mutating func compareHead(_ scans: [SegmentScan]) {
        guard let head, !isBroken, let scan = scans.last(where: { $0.number == head.segment }), !scan.isSkipped,
            scan.header != nil
        else { return }
        guard let mark = scan.marks[Int64(head.offset)] else {
            if scan.end < Int64(head.offset) {
                problem(
                    scan.path, scan.end,
                    "the recording is cut: the head says that \(Int64(head.offset) - scan.end) more bytes follow")
                isBroken = true
            } else {
                problem(directory + "/head", 24, "no block ends where the head says (byte \(head.offset))")
            }
            return
        }
        if head.block != mark.block {
            problem(directory + "/head", 32, "another block ends here than the head says")
        } else if head.records != mark.records {
            problem(directory + "/head", 40, "the head counts \(head.records) records, there are \(mark.records)")
        } else if head.chain != mark.chain {
            problem(directory + "/head", 48, "the head marks another recording: its chain value is not this one's")
        } else if scan.end > Int64(head.offset), !isLive {
            report.warnings.append(
                "\(scan.path): whole blocks beyond the head from byte \(head.offset), not acknowledged")
        }
    }

    /// What the recorder signed of segments that are gone.
    private mutating func readRemovals(_ scans: inout [SegmentScan]) throws(RecordingError) {
        do throws(RecordingError) {
            let signers = Array(proof.reached.union(keys.trusted))
            removals = try RemovalList.read(directory, keys: keys.trusted.isEmpty ? nil : signers)
        } catch {
            report.problems.append(.init(error))
        }
        guard isLive, let removals else { return }
        // What a recorder that runs removed after this looked what there is.
        let folder = try SegmentFolder(directory, access)
        scans.removeAll { removals.isRemoved($0.number) && !folder.has($0.number) }
    }

    private mutating func reportUnread(_ scans: [SegmentScan]) {
        if absentSegments > 0 {
            report.warnings.append(
                "\(directory): \(absentSegments) segments were removed, as the recorder signed: their seals are proven, their "
                    + "records are gone")
        }
        let unread = scans.filter { $0.unread != nil }
        for (reason, some) in Dictionary(grouping: unread, by: { $0.unread ?? "" }).sorted(by: { $0.key < $1.key }) {
            guard let path = some.first?.path else { continue }
            report.warnings.append(
                "\(path)\(some.count > 1 ? " and \(some.count - 1) more segments" : ""): proven without reading the records: "
                    + reason)
        }
    }

    // MARK: - Sessions

    /// Whether the session may have records in segments that were not read.
    private func isLoose(_ session: String) -> Bool {
        hasGaps && (session != options.session || absentSegments > 0 || isAlone)
    }

    /// Sessions of which records are missing where segments were not read.
    private(set) var loose: Set<String> = []

    /// Whether all that this replica may have of a session was read.
    func hasAll(of session: String, isNamed: Bool) -> Bool {
        !hasGaps || (session == options.session && absentSegments == 0)
            || (!loose.contains(session) && (sessions[session] != nil || !isNamed))
    }

    /// Each session's sequence goes on from 1 without gaps, and stops at its end. A session that another replica had goes on
    /// behind the record where it left.
    private mutating func take(_ run: SegmentScan.Run, of file: String) {
        if let event = run.resumed {
            resume(run, event, of: file)
        } else if !isBroken {
            let known = sessions[run.session]
            let expected = (known?.last ?? 0) &+ 1
            if run.first > expected, isLoose(run.session) {
                if run.session == options.session, !isAlone {
                    report.warnings.append(
                        "\(file): session '\(run.session)': its records \(expected) to \(run.first - 1) are not here: "
                            + "segments before were removed on order")
                }
                loose.insert(run.session)
            } else if run.first != expected {
                problem(
                    file, run.offset,
                    "session '\(run.session)': record \(run.first) stands where record \(expected) must")
            } else if known?.hasEnded == true {
                problem(file, run.offset, "session '\(run.session)' has records after its end")
            }
        }
        if run.session == options.session, run.lastBlock > proof.coveredBlocks, keys.recording.isEmpty, !isAlone {
            problem(
                file, run.offset,
                "session '\(run.session)': nobody signed its records in block \(run.lastBlock)"
                    + (isLive ? " yet: verify again in a moment" : ": whoever could write there may have made them"))
        }
        guard run.last >= run.first else { return }
        sessions[run.session, default: RecordedRun(from: max(1, run.first), block: run.firstBlock)]
            .append(run.last, block: run.lastBlock, isEnd: run.hasEnded)
    }

    private mutating func resume(_ run: SegmentScan.Run, _ event: Resumption, of file: String) {
        guard event.session == run.session, event.after &+ 1 == run.first, event.after > 0, event.after < .max else {
            problem(file, run.offset, "session '\(run.session)': where it was before is said of another record")
            return
        }
        if let former = sessions[run.session] { earlier[run.session, default: []].append(former) }
        sessions[run.session] = RecordedRun(from: run.first, block: run.firstBlock)
        resumptions.append(
            RecordedResumption(
                session: run.session, after: event.after, replica: event.replica, block: event.block,
                chain: [UInt8](event.chain), file: file, offset: run.offset))
    }

    // MARK: -

    /// One segment file without its neighbours: headers, chain, manifests, frames, its seal; not its place in the recording.
    mutating func segment(alone path: String) {
        guard let number = path.split(separator: "/").last.map(String.init).flatMap(Format.segmentNumber) else {
            problem(path, 0, "a segment's file is named by its number and \(Format.segmentSuffix)")
            return
        }
        report.segments += 1
        report.warnings.append("\(path): a single segment; what stands before and after it was not checked")
        let scan: SegmentScan
        do throws(RecordingError) {
            let folder = try SegmentFolder(directory, access)
            scan = SegmentScan(SegmentScan.Task(folder: folder, number: number, keys: keys))
        } catch {
            report.problems.append(.init(error))
            return
        }
        // Sessions may have begun in an earlier segment.
        hasGaps = true
        isAlone = true
        report.problems += scan.problems
        report.warnings += scan.warnings
        report.blocks += scan.blocks
        report.records += scan.records
        report.bytes += scan.bytes
        for run in scan.runs { take(run, of: path) }
        if let header = scan.header { proof.checkAlone(scan, header, &report) }
    }

    private func path(_ number: UInt64) -> String { directory + "/" + Format.segmentName(number) }
    private func sidecar(_ number: UInt64) -> String { directory + "/" + KeySidecar.fileName(number) }

    private mutating func problem(_ file: String, _ offset: Int64, _ reason: String) {
        report.problems.append(.init(file: file, offset: offset, reason: reason))
    }
}
