import Contract
import Glibc
import Synchronization

/// Appends records of many sessions to one replica's segment files.
///
/// One call of ``append(_:)`` writes one block; what it acknowledges lies in the hash chain at or
/// before the head file's mark. After a failed write nothing of the call remains and the next call tries again.
/// After a failed head write the writer is unusable (`unusable`) and another one must read the folder anew. After a
/// failed sync nothing may be acknowledged in this folder any more (`diskFailed`), by no other writer either.
public final class SegmentWriter: @unchecked Sendable {
    /// Sizes and bounds.
    public struct Options: Sendable {
        /// A segment that has reached this many bytes is sealed before the next block.
        public var segmentBytes: Int64 = 64 << 20
        /// Seconds after which one that has blocks is sealed; nil: only its size counts.
        public var segmentSeconds: UInt64?
        /// A larger record is refused, in bytes as serialised.
        public var maxRecordBytes = 40 << 20
        /// Records beyond this many serialised bytes wait for the next call, unacknowledged.
        public var maxBlockBytes = 64 << 20
        /// Open sessions remembered; when there are more, the longest idle are forgotten and can't go on.
        public var maxOpenSessions = 65_536
        /// Ended sessions whose late duplicates are still acknowledged.
        public var maxEndedSessions = 8_192
        /// Who can read the records; nobody encrypts when there is none.
        public var recipients: [Recipient] = []
        /// The keys that signed here before the present one.
        public var formerKeys: [RecordingKey] = []

        public init() {}
    }

    /// What a start found.
    public struct Recovery: Sendable, Equatable {
        /// Whole blocks beyond the head that were kept.
        public var keptBlocks = 0
        /// Bytes of a torn tail beyond the head that were cut.
        public var cutBytes: Int64 = 0

        public init() {}
    }

    public let directory: String
    public let replica: String
    public let recovery: Recovery
    let options: Options

    // Everything below is touched only inside `lock`.
    private let lock = Mutex(())
    private let files: any FileLayer
    let removals: ReplicaRemovals
    private let key: RecordingKey
    private let maker: OpenSegment.Maker
    private let lockDescriptor: Int32
    private var identity: RecordingIdentity?
    private let encoder: BlockEncoder
    private let hasher: ChainHasher
    private var head: OpenHead
    private var segment: OpenSegment
    private var sealed: SealedTree
    private var checkpoint: CheckpointFile
    private var table: SessionTable
    private var changes: IndexChanges
    private var failure: RecordingError?
    private var closed = false
    private var unsynchronized = true
    private var syncCount: UInt64 = 0
    /// The last block and its chain value, as acknowledgements name it; zeros before the first.
    private var lastBlock: (number: UInt64, chain: [UInt8])
    /// A rollback that failed: the file may be longer than its acknowledged end.
    private var mustTruncate = false

    /// Opens a replica's recording for writing, after checking it up to its head.
    ///
    /// - Parameters:
    ///   - directory: `<recordings>/<replica>`; created (0700) when missing, its parent must exist.
    ///   - key: the recorder's key.
    /// - Throws: `locked` when another writer is alive, `damaged` with file and offset when what was acknowledged is
    ///   not there as written.
    public init(
        directory: String, key: RecordingKey, options: Options = Options(), files: any FileLayer = SystemFiles()
    ) throws(RecordingError) {
        let directory = trimmedPath(directory)
        let replica = lastName(directory)
        guard Format.isReplicaName(replica) else {
            throw RecordingError(.invalid, file: directory, "a replica's name has letters, digits, '-', '_' and '.'")
        }
        try makeDirectory(directory, files: files)
        try FailedDisk.check(directory)
        var options = options
        options.maxBlockBytes = min(options.maxBlockBytes, Format.maxBlockBytes)
        options.maxRecordBytes = min(options.maxRecordBytes, Format.maxBlockBytes - 4)
        options.maxOpenSessions = min(options.maxOpenSessions, Format.maxSealedSessions)
        options.maxEndedSessions = min(options.maxEndedSessions, Format.maxSealedSessions)
        let lockDescriptor = try WriterLock.acquire(directory)
        do throws(RecordingError) {
            let hasher = try ChainHasher()
            maker = OpenSegment.Maker(
                directory: directory, replica: replica, recipients: options.recipients, room: options.segmentBytes,
                files: files, hasher: hasher)
            let start = StartUp(
                directory: directory, replica: replica, key: key, options: options, maker: maker, files: files,
                hasher: hasher)
            let state = try start.run()
            do throws(RecordingError) {
                try ReplicaList.add(
                    replica, recordings: parent(directory), key: key, former: options.formerKeys, files: files)
                identity = try RecordingIdentity.read(directory)
                encoder = try BlockEncoder(hasher)
            } catch {
                close(state.segment.descriptor)
                close(state.head.descriptor)
                close(state.sealed.leaves.descriptor)
                throw error
            }
            self.hasher = hasher
            head = state.head
            segment = state.segment
            sealed = state.sealed
            checkpoint = state.checkpoint
            table = state.table
            changes = IndexChanges(replica: replica, after: state.head.value.block, recording: identity)
            lastBlock = (state.head.value.block, state.chain)
            recovery = state.recovery
        } catch {
            close(lockDescriptor)
            throw error
        }
        self.directory = directory
        self.replica = replica
        self.options = options
        self.files = files
        removals = ReplicaRemovals(directory: directory, key: key, former: options.formerKeys, files: files)
        self.key = key
        self.lockDescriptor = lockDescriptor
        if recovery != Recovery() { try noteRecovery() }
        try signAsPresent()
    }

    deinit { closeFiles() }

    /// Writes the new records of some batches as one block and says for each batch what of its sessions is now durable.
    ///
    /// A record at or before its session's last sequence is a late duplicate: dropped and acknowledged. After a gap
    /// the session's later records are left out and its acknowledgement stays at the last whole sequence. A session
    /// that this replica does not know must begin at sequence 1, or its batch must say which block of which replica
    /// its former records end with: that is then recorded first.
    ///
    /// - Throws: when nothing could be written. Nothing of the batches is then acknowledged.
    public func append(_ batches: [IncomingBatch]) throws(RecordingError) -> [RecordAck] {
        try lock.withLock { _ throws(RecordingError) in
            try usable()
            let synced = batches.contains { $0.durability != .written }
            var intake = try self.intake(of: batches)
            if intake.accepted.isEmpty {
                if synced, unsynchronized { try synchronize() }
            } else {
                // Sealing a segment uses the encoder, so the batches are then encoded again.
                if try makeRoom() { intake = try self.intake(of: batches) }
                try writeBlock(intake.manifest, synced: synced)
                intake.commit(to: &table, block: head.value.block)
                changes.add(batches, accepted: intake.accepted, segment: segment.number, block: head.value.block)
            }
            return intake.acknowledgements(replica: replica, block: lastBlock.number, chain: lastBlock.chain)
        }
    }

    private func intake(of batches: [IncomingBatch]) throws(RecordingError) -> Intake {
        var intake = Intake(encoder: encoder, options: options)
        for batch in batches { try intake.take(batch, table) }
        return intake
    }

    /// What was written since the last call, for the index.
    public func takeIndexChanges() -> IndexChanges {
        lock.withLock { _ in
            var taken = IndexChanges(replica: replica, after: head.value.block, recording: identity)
            swap(&taken, &changes)
            taken.through = head.value.block
            if segment.number > 1 { identity = RecordingIdentity.complete(identity, directory) }
            taken.recording = identity
            return taken
        }
    }

    /// Records something of the recorder's own, synced.
    ///
    /// - Parameter room: bytes that must be free for what comes after it.
    /// - Throws: when it could not be written.
    func note(_ texts: [String], room: Int64 = 0) throws(RecordingError) {
        guard !texts.isEmpty else { return }
        try lock.withLock { _ throws(RecordingError) in
            try usable()
            _ = try makeRoom()
            if room > 0 {
                mustTruncate = true
                try wrapped(segment.path) { () throws(FileError) in
                    try files.reserve(room, in: segment.descriptor, at: segment.length)
                }
                try truncateIfNeeded()
            }
            try writeNotices(texts)
        }
    }

    /// Removes or erases segments, after that is noted.
    ///
    /// - Parameter vanished: holds whose files went without a release.
    /// - Returns: why it may not be done; nil when it is done.
    func carryOut(_ order: RemovalOrder, vanished: [LegalHold] = []) throws(RecordingError) -> String? {
        try lock.withLock { _ throws(RecordingError) in
            try usable()
            if let refusal = removals.refusal(of: order, vanished) { return refusal }
            guard order.segments.upperBound <= segment.number else { return "there is no such segment yet" }
            var list: RemovalList
            do throws(RecordingError) {
                list = try removals.list() ?? RemovalList(replica: replica)
            } catch {
                guard error.code == .damaged else { throw error }
                return "\(error)"
            }
            // A start reads the last seal: that of a segment which stays.
            while segment.number < order.segments.upperBound + 2 { try roll() }
            _ = try makeRoom()
            try writeNotices([order.notice])
            let isNew = !list.entries.contains(order)
            list.add(order)
            try removals.write(list)
            // Who places a hold looks at the list afterwards, and this looks at the holds after the list: one of them sees the other.
            if isNew, let refusal = removals.refusal(of: order, vanished) {
                list.takeBack(order)
                try removals.write(list)
                try writeNotices(["taken back: \(order.notice)"])
                return refusal
            }
            try order.carryOut(in: directory)
            return nil
        }
    }

    /// Seals the open segment when it has blocks and is older than ``Options/segmentSeconds``: what is not sealed never expires.
    ///
    /// - Parameter time: Unix, microseconds.
    func sealWhenOld(at time: UInt64 = currentMicroseconds()) throws(RecordingError) {
        try lock.withLock { _ throws(RecordingError) in
            try usable()
            guard let seconds = options.segmentSeconds, segment.isBegun,
                time / 1_000_000 >= segment.createdMicroseconds / 1_000_000 + seconds
            else { return }
            try roll()
        }
    }

    /// The number of the segment that is written to; nil while nothing stands in it.
    var begunSegment: UInt64? { lock.withLock { _ in segment.isBegun ? segment.number : nil } }

    /// Signs how far the recording is, when it is further than the last checkpoint says and that is older than
    /// ``CheckpointFile/interval``.
    ///
    /// - Parameter now: monotonic, nanoseconds.
    /// - Throws: when it could not be written. What is recorded is as safe as before, and the next call tries again.
    func signCheckpoint(now: UInt64) throws(RecordingError) {
        try lock.withLock { _ throws(RecordingError) in
            try usable()
            guard checkpoint.isDue(head.value, now: now) else { return }
            try writeCheckpoint(synced: false, now: now)
        }
    }

    /// Makes everything durable and gives up the directory. Later appends fail.
    public func finish() throws(RecordingError) {
        try lock.withLock { _ throws(RecordingError) in
            guard !closed else { return }
            defer { closeFiles() }
            try usable()
            try synchronize()
            try synchronizeHead()
            try writeCheckpoint(synced: true)
        }
    }

    // MARK: - Inside the lock

    private func closeFiles() {
        guard !closed else { return }
        closed = true
        close(segment.descriptor)
        close(head.descriptor)
        close(sealed.leaves.descriptor)
        close(lockDescriptor)
    }

    private func usable() throws(RecordingError) {
        if let failure {
            guard failure.code != .diskFailed else { throw failure }
            throw RecordingError(.unusable, file: failure.file, "the writer stopped: \(failure.detail)")
        }
        guard !closed else { throw RecordingError(.unusable, "the writer is closed") }
    }

    /// Rolls the segment when it is full, or was begun by a process that alone had its data key; true when it did.
    private func makeRoom() throws(RecordingError) -> Bool {
        try truncateIfNeeded()
        guard
            segment.isSealed || segment.length >= options.segmentBytes
                || segment.isEncrypted != !options.recipients.isEmpty || (segment.isEncrypted && segment.cipher == nil)
        else { return false }
        try roll()
        return true
    }

    private func roll() throws(RecordingError) {
        if !segment.isSealed { try sealSegment() }
        if sealed.tree.size < segment.number { try sealed.add(head.value.chain) }
        let next = try maker.make(after: segment, head: head.value, signer: sealed.nextSigner)
        close(segment.descriptor)
        segment = next
        try advanceHead(
            to: segment.length, block: head.value.block, records: head.value.records, chain: next.firstChain)
        // A start looks for the segment that the head names, and the one after it.
        try synchronizeHead()
        try writeCheckpoint(synced: true)
    }

    private func sealSegment() throws(RecordingError) {
        let signer = try signingKey()
        let seal = Seal(
            blocks: head.value.block + 1 - segment.firstBlock, records: head.value.records - segment.recordsBefore,
            firstChain: segment.firstChain, lastChain: head.value.chain, time: currentMicroseconds(),
            sealedBefore: sealed.tree.size, rootBefore: try sealed.tree.root(), nextSigner: key.verification,
            open: table.openEntries, ended: table.endedEntries)
        encoder.reset()
        encoder.append(raw: try seal.encoded(SegmentName(replica: replica, number: segment.number), key: signer))
        let place = segment.length
        try writeBlock(isSeal: true, BlockManifest(), synced: true)
        segment.sealOffset = place
        sealed.nextSigner = key.verification
        // What was set aside for more blocks.
        try wrapped(segment.path) { () throws(FileError) in
            try files.truncate(segment.descriptor, to: segment.length)
        }
    }

    /// The key that the open segment names.
    private func signingKey() throws(RecordingError) -> RecordingKey {
        for known in [key] + options.formerKeys where known.verification == segment.signer {
            return known
        }
        throw RecordingError(
            .invalid, file: segment.path,
            "another key signs this segment: put it back, or into recording.key.former beside the new one")
    }

    /// After the key was rotated: the former one seals what it signed, and names the present one. Twice when the seal at the
    /// end names another former one.
    private func signAsPresent() throws(RecordingError) {
        guard segment.signer != key.verification else { return try writeCheckpoint(synced: true) }
        if let list = try removals.list() { try removals.write(list) }
        while segment.signer != key.verification { try roll() }
        try writeCheckpoint(synced: true)
    }

    private func writeCheckpoint(synced: Bool, now: UInt64 = 0) throws(RecordingError) {
        let value = Checkpoint(
            head.value, sealed: sealed.tree.size, root: try sealed.tree.root(), time: currentMicroseconds())
        try checkpoint.write(value, key: try signingKey(), synced: synced, now: now)
    }

    private func writeBlock(
        isSeal: Bool = false, _ manifest: BlockManifest, synced: Bool
    ) throws(RecordingError) {
        var manifest = manifest
        if !isSeal { manifest.timeUs = currentMicroseconds() }
        let number = head.value.block + 1
        let records = head.value.records + UInt64(encoder.records)
        let block = try encoder.finish(
            isSeal: isSeal, number: number, previous: head.value.chain, manifest: manifest, key: try signingKey(),
            cipher: isSeal ? nil : segment.cipher)
        do throws(FileError) {
            try files.writeAll(block.bytes, to: segment.descriptor, at: segment.length)
        } catch {
            mustTruncate = true
            // The next call tries again before it writes anything; until then a torn tail stands behind the head.
            try? truncateIfNeeded()
            throw .system(error, segment.path)
        }
        unsynchronized = true
        if synced {
            do throws(RecordingError) {
                try synchronize()
            } catch {
                takeBack()
                throw error
            }
        }
        let end = segment.length + Int64(block.bytes.count)
        try advanceHead(to: end, block: number, records: records, chain: block.chain)
        segment.length = end
        lastBlock = (number, block.chain)
    }

    /// The last block is not acknowledged, and whether it is on disk is unknown: nobody may find it whole. When that fails
    /// too, the folder is marked as failed all the same, and no writer begins there.
    private func takeBack() {
        do throws(FileError) {
            try files.truncate(segment.descriptor, to: segment.length)
        } catch {
            let nothing = [UInt8](repeating: 0, count: Format.blockHeaderSize)
            try? files.writeAll(nothing, to: segment.descriptor, at: segment.length)
        }
    }

    private func truncateIfNeeded() throws(RecordingError) {
        guard mustTruncate else { return }
        try wrapped(segment.path) { () throws(FileError) in
            try files.truncate(segment.descriptor, to: segment.length)
        }
        mustTruncate = false
    }

    private func synchronize() throws(RecordingError) {
        do throws(FileError) { try files.synchronize(segment.descriptor) } catch { throw lost(error, segment.path) }
        unsynchronized = false
        syncCount += 1
    }

    private func synchronizeHead() throws(RecordingError) {
        do throws(FileError) { try files.synchronize(head.descriptor) } catch { throw lost(error, head.path) }
    }

    private func lost(_ error: FileError, _ path: String) -> RecordingError {
        let problem = FailedDisk.mark(directory, error, path)
        failure = problem
        return problem
    }

    /// How often segments were forced to the disk since the writer was opened.
    public var syncs: UInt64 { lock.withLock { _ in syncCount } }

    private func advanceHead(to offset: Int64, block: UInt64, records: UInt64, chain: [UInt8]) throws(RecordingError) {
        let value = Head(
            segment: segment.number, offset: UInt64(offset), block: block, records: records, chain: chain,
            replica: replica)
        let bytes = try value.encoded(key: key)
        do throws(FileError) {
            try files.writeAll(bytes, to: head.descriptor, at: 0)
        } catch {
            let problem = RecordingError.system(error, head.path)
            failure = problem
            throw problem
        }
        head.value = value
    }

    private func noteRecovery() throws(RecordingError) {
        _ = try makeRoom()
        try writeNotices([
            "recovered: \(recovery.keptBlocks) whole blocks beyond the head kept, \(recovery.cutBytes) bytes of a "
                + "torn tail cut"
        ])
    }

    /// In one block.
    private func writeNotices(_ texts: [String]) throws(RecordingError) {
        encoder.reset()
        var manifest = ManifestBuilder()
        for text in texts {
            var record = Record()
            record.timeUs = currentMicroseconds()
            record.notice.text = text
            let bytes = try serialized(record)
            encoder.append(bytes, 0..<bytes.count)
            manifest.note(text)
        }
        try writeBlock(manifest.manifest, synced: true)
    }

    private func wrapped(
        _ path: String, _ body: () throws(FileError) -> Void
    ) throws(RecordingError) {
        do throws(FileError) { try body() } catch { throw .system(error, path) }
    }
}

/// The head file of an open recording.
struct OpenHead {
    let path: String
    let descriptor: Int32
    var value: Head
}

public func currentMicroseconds() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return UInt64(max(0, time.tv_sec)) * 1_000_000 + UInt64(time.tv_nsec / 1000)
}
