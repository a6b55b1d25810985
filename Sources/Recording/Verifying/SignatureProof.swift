/// Who signed a replica's recording, and that what was signed is what is here: seals, leaves, checkpoints.
struct SignatureProof {
    private let directory: String
    private let keys: VerificationKeys
    /// Those that were kept elsewhere of this replica.
    private let remembered: [SignedCheckpoint]
    private var checkpoint: SignedCheckpoint?
    private var leaves: [[UInt8]] = []
    private var marks: [Place: SegmentScan.Mark] = [:]
    /// Segments whose blocks were not read.
    private var skipped: Set<UInt64> = []
    /// The keys that segments name, of those that were read.
    private var signers: [UInt64: VerificationKey] = [:]
    /// Keys of segments that signed what comes behind their headers: whoever writes can name any key in a header.
    private var proven: Set<VerificationKey> = []
    /// Keys that name one another in seals.
    private var links: [(signer: VerificationKey, next: VerificationKey)] = []
    /// Keys that are trusted, or joined to these by seals.
    private(set) var reached: Set<VerificationKey>

    private struct Place: Hashable {
        let segment: UInt64
        let offset: Int64
    }

    init(directory: String, keys: VerificationKeys, remembered: [SignedCheckpoint]) {
        self.directory = directory
        self.keys = keys
        let replica = String(directory.split(separator: "/").last ?? "")
        self.remembered = remembered.filter { $0.checkpoint.replica == replica }
        reached = Set(keys.trusted)
    }

    private var file: String { Checkpoint.path(directory) }

    mutating func readCheckpoint(_ report: inout VerificationReport) {
        guard let size = fileSize(file) else {
            report.problems.append(.init(file: file, offset: 0, reason: "the checkpoint is missing"))
            return
        }
        guard size > 0 else {
            report.problems.append(
                .init(
                    file: file, offset: 0,
                    reason:
                        "the checkpoint is empty: a power failure can do that, and the recorder's next start writes it anew"
                ))
            return
        }
        do throws(RecordingError) {
            checkpoint = try SignedCheckpoint(file: file)
        } catch {
            report.problems.append(.init(error))
        }
    }

    mutating func readLeaves(_ report: inout VerificationReport) throws(RecordingError) {
        leaves = try LeafFile.read(directory)
    }

    /// The chain value after the seal of segment `number`; nil when no leaf has it.
    func leaf(_ number: UInt64) -> [UInt8]? {
        number > 0 && number <= UInt64(leaves.count) ? leaves[Int(number) - 1] : nil
    }

    /// Offsets in a segment where checkpoints say how the recording was.
    func wanted(in segment: UInt64) -> Set<Int64> {
        Set(checkpoints.filter { $0.checkpoint.segment == segment }.map { Int64(clamping: $0.checkpoint.offset) })
    }

    private var checkpoints: [SignedCheckpoint] { (checkpoint.map { [$0] } ?? []) + remembered }

    /// A segment that was read, or of which the header was.
    mutating func take(
        _ scan: SegmentScan, _ header: SegmentHeader, isBroken: Bool, _ report: inout VerificationReport
    ) {
        for (offset, mark) in scan.marks { marks[Place(segment: scan.number, offset: offset)] = mark }
        guard !isBroken else { return }
        signers[scan.number] = header.signer
        guard let seal = scan.seal else { return }
        proven.insert(header.signer)
        if let leaf = leaf(scan.number), leaf != scan.chain {
            report.problems.append(
                .init(
                    file: LeafFile.path(directory), offset: Int64(scan.number - 1) * Int64(ChainHasher.length),
                    reason: "the leaf is not the chain value of segment \(scan.number)'s seal"))
        }
        if seal.sealedBefore != scan.number - 1 {
            report.problems.append(
                .init(file: scan.path, offset: scan.sealOffset, reason: "the seal counts other segments before it"))
        }
        if header.signer != seal.nextSigner { links.append((header.signer, seal.nextSigner)) }
    }

    /// A segment without its recording.
    mutating func takeAlone(
        _ scan: SegmentScan, _ header: SegmentHeader, _ report: inout VerificationReport
    ) {
        guard scan.seal != nil else {
            report.warnings.append("\(scan.path): it has no seal: nobody signed it yet")
            return
        }
        guard !keys.trusted.isEmpty, !keys.trusted.contains(header.signer) else { return }
        report.problems.append(
            .init(file: scan.path, offset: 176, reason: "signed by \(header.signer.hex), which is not a given key"))
    }

    mutating func skip(_ segment: UInt64) { skipped.insert(segment) }

    /// A key that a trusted one names is trusted. So is one that names a trusted one, when that one has signed what follows: its
    /// signature covers that seal.
    private mutating func followLinks() {
        var isGrowing = true
        while isGrowing {
            isGrowing = false
            for link in links {
                let isNamed = reached.contains(link.signer)
                let isCovered = reached.contains(link.next) && proven.contains(link.next)
                guard isNamed || isCovered else { continue }
                let before = reached.count
                reached.formUnion([link.signer, link.next])
                if reached.count > before { isGrowing = true }
            }
        }
    }

    mutating func finish(_ head: Head?, isLive: Bool, isBroken: Bool, _ report: inout VerificationReport) {
        for found in checkpoints {
            guard let named = signers[found.checkpoint.segment] else { continue }
            if (try? found.check(signedBy: [named])) != nil { proven.insert(named) }
        }
        followLinks()
        for found in checkpoints {
            check(found.checkpoint, found.file, head, isBroken: isBroken, &report)
            do throws(RecordingError) {
                if let signers = possibleSigners(of: found) { try found.check(signedBy: signers) }
            } catch {
                report.problems.append(.init(error))
            }
        }
        if let head, let checkpoint = checkpoint?.checkpoint, !isLive, head.block > checkpoint.block {
            report.warnings.append(
                "\(directory): blocks \(checkpoint.block + 1) to \(head.block) were acknowledged and not signed yet when the "
                    + "recorder stopped: the chain proves them\(keys.recording.isEmpty ? "" : " and the head's HMAC")")
        }
    }

    /// The key that the segment of a checkpoint names; nil when any will do.
    private func possibleSigners(of found: SignedCheckpoint) -> Set<VerificationKey>? {
        let named = signers[found.checkpoint.segment]
        guard !keys.trusted.isEmpty else { return named.map { [$0] } }
        return named.map { reached.intersection([$0]) } ?? reached
    }

    private func check(
        _ value: Checkpoint, _ path: String, _ head: Head?, isBroken: Bool, _ report: inout VerificationReport
    ) {
        func problem(_ reason: String) {
            report.problems.append(.init(file: path, offset: 0, reason: reason))
        }
        if let head, value.block > head.block {
            problem(
                "block \(value.block) was signed at \(value.time) µs and the recording ends with block \(head.block): an older "
                    + "copy was put back")
            return
        }
        do throws(RecordingError) {
            guard value.sealed <= UInt64(leaves.count) else {
                problem("\(value.sealed) segments were sealed, and there are leaves of \(leaves.count)")
                return
            }
            var tree = MerkleTree(try ChainHasher())
            for leaf in leaves.prefix(Int(value.sealed)) { try tree.append(leaf) }
            if try tree.root() != value.root {
                problem(
                    "the sealed segments are others than those that were signed: the root of their tree is not this one"
                )
            }
        } catch {
            report.problems.append(.init(error))
        }
        guard !isBroken else { return }
        guard let mark = marks[Place(segment: value.segment, offset: Int64(clamping: value.offset))] else {
            if skipped.contains(value.segment) { return }
            problem("no block ends where it says (segment \(value.segment), byte \(value.offset))")
            return
        }
        if mark.block != value.block || mark.records != value.records || mark.chain != value.chain {
            problem("another recording was signed: block \(value.block) has another chain value")
        }
    }
}
