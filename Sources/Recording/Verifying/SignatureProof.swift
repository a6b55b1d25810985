/// Who signed a replica's recording, and that what was signed is what is here: checkpoint, leaves, seals.
///
/// The checkpoint comes first: the block that it names must stand in its segment, the tree over the leaves must have its
/// root, and a trusted key must have signed it. What it covers counts. What stands behind it was signed by nobody yet.
struct SignatureProof {
    private let directory: String
    private let keys: VerificationKeys
    /// Those that were kept elsewhere of this replica.
    private let remembered: [SignedCheckpoint]
    private var found: SignedCheckpoint?
    private var leaves: [[UInt8]] = []
    /// Roots of the tree over the first leaves, from none of them on.
    private var roots: [[UInt8]] = []
    /// The checkpoint, once all of it is proven.
    private var proven: Checkpoint?
    /// Keys that signed here, from a trusted one on.
    private(set) var reached: Set<VerificationKey> = []

    init(directory: String, keys: VerificationKeys, remembered: [SignedCheckpoint]) {
        self.directory = directory
        self.keys = keys
        let replica = lastName(directory)
        self.remembered = remembered.filter { $0.checkpoint.replica == replica }
    }

    private var file: String { Checkpoint.path(directory) }

    mutating func readCheckpoint(_ report: inout VerificationReport) {
        guard let size = fileSize(file) else {
            report.problems.append(.init(file: file, offset: 0, reason: "the checkpoint is missing"))
            return
        }
        guard size > 0 else {
            let reason =
                "the checkpoint is empty: a power failure can do that, and the recorder's next start writes it anew"
            report.problems.append(.init(file: file, offset: 0, reason: reason))
            return
        }
        do throws(RecordingError) {
            found = try SignedCheckpoint(file: file)
        } catch {
            report.problems.append(.init(error))
        }
    }

    // MARK: - Before segments are read

    /// Offsets in a segment where checkpoints say how the recording was.
    func wanted(in segment: UInt64) -> Set<Int64> {
        Set(checkpoints.filter { $0.checkpoint.segment == segment }.map { Int64(clamping: $0.checkpoint.offset) })
    }

    /// Whether a segment is read whatever else is: it has a checkpoint's block, or no checkpoint covers it.
    func needs(_ segment: UInt64) -> Bool {
        guard let found else { return true }
        return segment >= found.checkpoint.segment || remembered.contains { $0.checkpoint.segment == segment }
    }

    private var checkpoints: [SignedCheckpoint] { (found.map { [$0] } ?? []) + remembered }

    // MARK: - Once they are

    /// Proves the checkpoint.
    mutating func establish(
        _ scans: [SegmentScan], _ head: Head?, _ report: inout VerificationReport
    ) throws(RecordingError) {
        let last = max(head?.segment ?? 0, scans.last?.number ?? 0)
        leaves = try LeafFile.read(directory, atMost: last)
        var tree = MerkleTree(try ChainHasher())
        roots = [try tree.root()]
        for leaf in leaves {
            try tree.append(leaf)
            roots.append(try tree.root())
        }
        let byNumber = Dictionary(scans.map { ($0.number, $0) }) { first, _ in first }
        let before = report.problems.count
        if let found {
            // What is damaged says so itself.
            let isReadable = byNumber[found.checkpoint.segment]?.isBroken == false
            check(found, byNumber, head, mustHaveMark: isReadable || byNumber[found.checkpoint.segment] == nil, &report)
            checkSigner(of: found, byNumber, &report)
            if report.problems.count == before, isReadable { proven = found.checkpoint }
        }
    }

    /// Proves those that were kept elsewhere.
    ///
    /// - Parameter removals: what may be gone. The block of a checkpoint is then proven by the present one, which covers more.
    func checkRemembered(
        _ scans: [SegmentScan], _ head: Head?, _ removals: RemovalList?, _ report: inout VerificationReport
    ) {
        let byNumber = Dictionary(scans.map { ($0.number, $0) }) { first, _ in first }
        for one in remembered {
            let value = one.checkpoint
            let isGone =
                byNumber[value.segment] == nil && removals?.isRemoved(value.segment) == true
                && proven.map { value.block <= $0.block && value.segment <= $0.sealed } == true
            let isBroken = byNumber[value.segment]?.isBroken == true
            check(one, byNumber, head, mustHaveMark: !isGone && !isBroken, &report)
            // It was kept by who verifies; its signature tells whose it is.
            let signer = byNumber[one.checkpoint.segment]?.header?.signer
            if signer != nil || !keys.trusted.isEmpty {
                checkSignature(of: one, signer.map { [$0] } ?? keys.trusted, &report)
            }
        }
    }

    private func check(
        _ one: SignedCheckpoint, _ scans: [UInt64: SegmentScan], _ head: Head?, mustHaveMark: Bool,
        _ report: inout VerificationReport
    ) {
        let value = one.checkpoint
        func problem(_ reason: String) { report.problems.append(.init(file: one.file, offset: 0, reason: reason)) }
        if let head, value.block > head.block {
            return problem(
                "block \(value.block) was signed at \(value.time) µs and the recording ends with block \(head.block): an older "
                    + "copy was put back")
        }
        guard value.sealed < UInt64(roots.count) else {
            return problem("\(value.sealed) segments were sealed, and there are leaves of \(leaves.count)")
        }
        if roots[Int(value.sealed)] != value.root {
            return problem(
                "the sealed segments are others than those that were signed: the root of their tree is not this one")
        }
        guard mustHaveMark else { return }
        guard let mark = scans[value.segment]?.marks[Int64(clamping: value.offset)] else {
            return problem("no block ends where it says (segment \(value.segment), byte \(value.offset))")
        }
        if mark.block != value.block || mark.records != value.records || mark.chain != value.chain {
            problem("another recording was signed: block \(value.block) has another chain value")
        }
    }

    /// The key that the checkpoint's segment names must be a trusted one, or one that a trusted one leads to: by the seals of
    /// segments that were all read and stand one behind the other.
    private mutating func checkSigner(
        of one: SignedCheckpoint, _ scans: [UInt64: SegmentScan], _ report: inout VerificationReport
    ) {
        guard let signer = scans[one.checkpoint.segment]?.header?.signer else { return }
        checkSignature(of: one, [signer], &report)
        guard !keys.trusted.isEmpty else { return }
        var number = one.checkpoint.segment
        var path: Set<VerificationKey> = []
        while let header = scans[number]?.header {
            path.insert(header.signer)
            if keys.trusted.contains(header.signer) {
                reached.formUnion(path)
                return
            }
            guard number > 1, let former = scans[number - 1], nextSigner(of: former, before: header) == header.signer
            else {
                break
            }
            number -= 1
        }
        report.problems.append(
            .init(
                file: one.file, offset: 0,
                reason: "signed by \(signer.hex), which is none of the given keys, and none of these leads to it"))
    }

    /// Who signs the segment after one, as that one's signed seal says. `next` is the header behind it.
    private func nextSigner(of scan: SegmentScan, before next: SegmentHeader) -> VerificationKey? {
        guard !scan.isSkipped else {
            do throws(RecordingError) {
                return try scan.reader().seal(before: next).nextSigner
            } catch {
                // What is wrong with it is said where the segment is judged.
                return nil
            }
        }
        return scan.isBroken || scan.chain != next.carried ? nil : scan.seal?.nextSigner
    }

    private func checkSignature(
        of one: SignedCheckpoint, _ keys: [VerificationKey], _ report: inout VerificationReport
    ) {
        do throws(RecordingError) {
            try one.check(signedBy: keys)
        } catch {
            report.problems.append(.init(error))
        }
    }

    // MARK: - What the checkpoint covers

    /// The last block that was signed.
    var coveredBlocks: UInt64 { proven?.block ?? 0 }

    /// The chain value after the seal of segment `number`, as the checkpoint's root proves it.
    func leaf(_ number: UInt64) -> [UInt8]? {
        guard let proven, number > 0, number <= proven.sealed else { return nil }
        return leaves[Int(number) - 1]
    }

    /// A sealed segment that was read must be its leaf's, and have the tree that was there before it.
    func check(_ scan: SegmentScan, _ seal: Seal, _ report: inout VerificationReport) {
        let index = Int(scan.number) - 1
        if index < leaves.count, leaves[index] != scan.chain {
            report.problems.append(
                .init(
                    file: LeafFile.path(directory), offset: Int64(index) * Int64(ChainHasher.length),
                    reason: "the leaf is not the chain value of segment \(scan.number)'s seal"))
        }
        if seal.sealedBefore != scan.number - 1 || (index < roots.count && roots[index] != seal.rootBefore) {
            report.problems.append(
                .init(file: scan.path, offset: scan.sealOffset, reason: "the seal names other segments before it"))
        }
    }

    /// A segment of which only the header was read: its seal is the leaf's, and has that header.
    ///
    /// - Parameter next: the header of the segment after it, which says where the seal is.
    func checkSkipped(
        _ scan: SegmentScan, before next: SegmentHeader, _ report: inout VerificationReport
    ) {
        guard let leaf = leaf(scan.number) else { return }
        do throws(RecordingError) {
            guard next.carried == leaf else {
                throw RecordingError(
                    .damaged, file: scan.path, offset: 0, "the segment after it does not continue what was signed")
            }
            let seal = try scan.reader().seal(before: next)
            guard seal.firstChain == scan.headerChain else {
                throw RecordingError(.damaged, file: scan.path, offset: 0, "the segment header was changed")
            }
            guard seal.rootBefore == roots[Int(scan.number) - 1] else {
                throw RecordingError(
                    .damaged, file: scan.path, offset: Int64(clamping: next.previousSeal),
                    "the seal names other segments before it")
            }
        } catch {
            report.problems.append(.init(error))
        }
    }

    /// A segment without its recording.
    func checkAlone(_ scan: SegmentScan, _ header: SegmentHeader, _ report: inout VerificationReport) {
        guard scan.seal != nil else {
            let reason = "it has no seal: nobody signed it yet"
            if keys.trusted.isEmpty {
                report.warnings.append("\(scan.path): \(reason)")
            } else {
                report.problems.append(.init(file: scan.path, offset: scan.end, reason: reason))
            }
            return
        }
        guard !keys.trusted.isEmpty, !keys.trusted.contains(header.signer) else { return }
        report.problems.append(
            .init(file: scan.path, offset: 176, reason: "signed by \(header.signer.hex), which is not a given key"))
    }

    /// Says what stands behind the checkpoint.
    ///
    /// - Parameter last: the last block that was read.
    func noteUnsigned(_ last: UInt64, isLive: Bool, _ report: inout VerificationReport) {
        // A recorder that runs signs a little later; its own key proves what it wrote since.
        guard let proven, last > proven.block, !isLive || keys.recording.isEmpty else { return }
        report.unsignedBlocks += last - proven.block
        let proof =
            keys.recording.isEmpty
            ? "are signed by nobody: whoever could write there may have made them"
            : "were not signed yet when the recorder stopped: the head's HMAC covers them"
        report.warnings.append("\(directory): blocks \(proven.block + 1) to \(last), behind the checkpoint, \(proof)")
    }
}
