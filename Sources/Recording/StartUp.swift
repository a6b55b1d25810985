import Contract
import Glibc

/// Opens a replica directory for writing: checks what was acknowledged, keeps whole blocks beyond it, cuts the rest.
struct StartUp {
    struct State {
        var head: OpenHead
        var segment: OpenSegment
        var sealed: SealedTree
        var checkpoint: CheckpointFile
        var table: SessionTable
        var recovery: SegmentWriter.Recovery
        /// Chain value of the last block, zeros before the first.
        var chain: [UInt8]
    }

    let directory: String
    let replica: String
    let key: RecordingKey
    let options: SegmentWriter.Options
    let maker: OpenSegment.Maker
    let files: any FileLayer
    let hasher: ChainHasher

    /// The present key, and those before it.
    private var knownKeys: [RecordingKey] { [key] + options.formerKeys }
    private var headPath: String { directory + "/head" }
    private func segmentPath(_ number: UInt64) -> String { directory + "/" + Format.segmentName(number) }

    func run() throws(RecordingError) -> State {
        let segments = try directoryEntries(directory).compactMap(Format.segmentNumber).sorted()
        guard fileSize(headPath) != nil else { return try begin(segments) }
        let head = try openHead()
        do throws(RecordingError) {
            return try resume(head, segments)
        } catch {
            close(head.descriptor)
            throw error
        }
    }

    // MARK: - A new recording

    private func begin(_ segments: [UInt64]) throws(RecordingError) -> State {
        // A first start that was killed leaves at most a first segment without blocks.
        let first = segmentPath(1)
        guard segments.isEmpty || (segments == [1] && (fileSize(first) ?? 0) <= Int64(Format.segmentHeaderSize)) else {
            throw RecordingError(.damaged, file: headPath, offset: 0, "the head is missing but there are segments")
        }
        if !segments.isEmpty { unlink(first) }
        guard fileSize(Checkpoint.path(directory)) == nil, fileSize(LeafFile.path(directory)) == nil else {
            throw RecordingError(
                .damaged, file: headPath, offset: 0, "the head is missing but there is a checkpoint or a leaf")
        }
        let segment = try maker.makeFirst(signer: key.verification)
        let value = Head(
            segment: 1, offset: UInt64(segment.length), block: 0, records: 0, chain: segment.firstChain,
            replica: replica)
        do throws(RecordingError) {
            let head = try createHead(value)
            do throws(RecordingError) {
                let sealed = try SealedTree(
                    directory, open: try SegmentReader(path: segment.path).header, lastSeal: nil, seal: nil,
                    nextSigner: key.verification, checkpoint: nil, files: files, hasher: hasher)
                return State(
                    head: head, segment: segment, sealed: sealed, checkpoint: CheckpointFile(directory, files: files),
                    table: newTable, recovery: SegmentWriter.Recovery(), chain: ChainHasher.zero)
            } catch {
                close(head.descriptor)
                throw error
            }
        } catch {
            close(segment.descriptor)
            throw error
        }
    }

    private var newTable: SessionTable {
        SessionTable(maxOpen: options.maxOpenSessions, maxEnded: options.maxEndedSessions)
    }

    private func createHead(_ value: Head) throws(RecordingError) -> OpenHead {
        let draft = headPath + ".new"
        unlink(draft)
        let bytes = try value.encoded(key: key)
        let descriptor: Int32
        do throws(FileError) {
            descriptor = try files.create(draft)
        } catch {
            throw .system(error, headPath)
        }
        do throws(RecordingError) {
            do throws(FileError) {
                try files.writeAll(bytes, to: descriptor, at: 0)
                try files.synchronize(descriptor)
                try files.rename(draft, to: headPath)
            } catch {
                throw .system(error, headPath)
            }
            try synchronizeDirectory(directory, files: files)
        } catch {
            close(descriptor)
            throw error
        }
        return OpenHead(path: headPath, descriptor: descriptor, value: value)
    }

    // MARK: - An existing recording

    private func openHead() throws(RecordingError) -> OpenHead {
        let bytes = try readFile(headPath, limit: Format.headSize + 1)
        let value: Head
        do throws(FormatProblem) {
            value = try Head(bytes, keys: knownKeys)
            guard value.replica == replica else { throw FormatProblem(80, "this head is of another replica") }
        } catch {
            throw RecordingError(.damaged, file: headPath, offset: Int64(error.offset), error.reason)
        }
        do throws(FileError) {
            return OpenHead(path: headPath, descriptor: try files.open(headPath), value: value)
        } catch {
            throw .system(error, headPath)
        }
    }

    private func resume(_ opened: OpenHead, _ segments: [UInt64]) throws(RecordingError) -> State {
        var head = opened
        let number = head.value.segment
        guard segments.contains(number) else {
            throw RecordingError(.damaged, file: segmentPath(number), offset: 0, "the segment is missing")
        }
        if let stray = segments.first(where: { $0 > number + 1 }) {
            throw RecordingError(.damaged, file: segmentPath(stray), offset: 0, "a segment beyond the head")
        }
        var scan = Scan(table: newTable, recovery: SegmentWriter.Recovery())
        let reader = try open(number)
        if number > 1 {
            let previous = try open(number - 1)
            let seal = try previous.seal(before: reader.header)
            scan.table.restore(seal, block: reader.header.firstBlock - 1)
            scan.seal = seal
        }
        scan.records = reader.header.recordsBefore
        try scanAcknowledged(reader, head.value, &scan)
        let sealOffset = try scanBeyond(reader, &scan)

        var last = reader
        var lastSeal = sealOffset
        if segments.contains(number + 1), let next = try following(reader, sealOffset, &scan) {
            lastSeal = try scanBeyond(next, &scan)
            last = next
        }
        let segment = try reopen(last, sealOffset: lastSeal, &scan)
        head.value = Head(
            segment: segment.number, offset: UInt64(segment.length), block: last.nextNumber - 1,
            records: scan.records, chain: last.chain, replica: replica)
        let sealed: SealedTree
        do throws(RecordingError) {
            let checkpoint = try checkpoint(before: head.value)
            if head.value != opened.value { try rewrite(head) }
            let seal = lastSeal == nil ? nil : last.chain
            sealed = try SealedTree(
                directory, open: last.header, lastSeal: seal, seal: scan.seal,
                nextSigner: scan.nextSigner ?? key.verification, checkpoint: checkpoint, files: files, hasher: hasher)
        } catch {
            close(segment.descriptor)
            throw error
        }
        // A segment without blocks goes on where the one before it ended.
        let chain = last.nextNumber == last.header.firstBlock ? last.header.carried : last.chain
        return State(
            head: head, segment: segment, sealed: sealed, checkpoint: CheckpointFile(directory, files: files),
            table: scan.table, recovery: scan.recovery, chain: chain)
    }

    /// What was signed must be here. A checkpoint that a power failure left empty says nothing.
    private func checkpoint(before head: Head) throws(RecordingError) -> Checkpoint? {
        let path = Checkpoint.path(directory)
        guard let size = fileSize(path), size > 0 else { return nil }
        let found = try SignedCheckpoint(file: path)
        try found.check(signedBy: knownKeys.map(\.verification))
        let checkpoint = found.checkpoint
        guard checkpoint.replica == replica, checkpoint.block <= head.block,
            checkpoint.block < head.block || checkpoint.records == head.records
        else {
            throw RecordingError(
                .damaged, file: path, offset: 0,
                "block \(checkpoint.block) was signed and the recording ends with block \(head.block): an older copy was "
                    + "put back, or acknowledged records are gone")
        }
        return checkpoint
    }

    private func reopen(
        _ reader: SegmentReader, sealOffset: Int64?, _ scan: inout Scan
    ) throws(RecordingError) -> OpenSegment {
        let descriptor: Int32
        do throws(FileError) { descriptor = try files.open(reader.path) } catch { throw .system(error, reader.path) }
        do throws(RecordingError) {
            if let size = fileSize(reader.path), size > reader.offset {
                scan.recovery.cutBytes += size - reader.offset
                do throws(FileError) {
                    try files.truncate(descriptor, to: reader.offset)
                } catch {
                    throw .system(error, reader.path)
                }
            }
            // What is kept beyond the head counts as acknowledged from here on.
            try synchronize(descriptor, reader.path)
        } catch {
            close(descriptor)
            throw error
        }
        return OpenSegment(reader: reader, descriptor: descriptor, length: reader.offset, sealOffset: sealOffset)
    }

    private func synchronize(_ descriptor: Int32, _ path: String) throws(RecordingError) {
        do throws(FileError) {
            try files.synchronize(descriptor)
        } catch {
            throw FailedDisk.mark(directory, error, path)
        }
    }

    private struct Scan {
        var table: SessionTable
        var recovery: SegmentWriter.Recovery
        var records: UInt64 = 0
        var lastSeal: Int64?
        /// The last seal that was passed.
        var seal: Seal?
        /// The key that the last seal names for the segment after it.
        var nextSigner: VerificationKey?

        mutating func take(_ block: SegmentReader.Block, of reader: SegmentReader) throws(RecordingError) {
            records += UInt64(block.records)
            if block.isSeal { lastSeal = block.offset }
            // The process that sealed it may have had another key than this one.
            if let found = try reader.seal() {
                seal = found
                nextSigner = found.nextSigner
            } else {
                nextSigner = nil
            }
            for run in try reader.manifest().runs {
                table.advance(run.session, to: run.last, block: block.number, ended: run.ended)
            }
        }
    }

    private func open(_ number: UInt64) throws(RecordingError) -> SegmentReader {
        let reader = try SegmentReader(path: segmentPath(number))
        guard reader.header.segment == number else {
            throw RecordingError(.damaged, file: reader.path, offset: 16, "another segment's number")
        }
        guard reader.header.replica == replica else {
            throw RecordingError(.damaged, file: reader.path, offset: 80, "another replica's segment")
        }
        return reader
    }

    private func scanAcknowledged(
        _ reader: SegmentReader, _ head: Head, _ scan: inout Scan
    ) throws(RecordingError) {
        let end = Int64(head.offset)
        while reader.offset < end {
            guard let block = try reader.next() else {
                throw RecordingError(
                    .damaged, file: reader.path, offset: reader.offset,
                    "the recording is cut: the head says that it goes on to byte \(end)")
            }
            try scan.take(block, of: reader)
        }
        guard reader.offset == end, reader.nextNumber == head.block + 1, reader.chain == head.chain,
            scan.records == head.records
        else {
            throw RecordingError(
                .damaged, file: reader.path, offset: min(end, reader.offset), "the head marks another recording")
        }
    }

    /// Takes whole valid blocks beyond the head. Returns where the seal begins, if there is one.
    private func scanBeyond(_ reader: SegmentReader, _ scan: inout Scan) throws(RecordingError) -> Int64? {
        var sealOffset = reader.isSealed ? scan.lastSeal : nil
        while true {
            let block: SegmentReader.Block?
            do throws(RecordingError) {
                block = try reader.next()
            } catch {
                guard error.code == .incomplete || error.code == .damaged else { throw error }
                return sealOffset
            }
            guard let block else { return sealOffset }
            guard try reader.isWritten(by: knownKeys) else {
                // Nobody with our key wrote it: it is cut as a torn tail is.
                reader.back()
                return sealOffset
            }
            try scan.take(block, of: reader)
            scan.recovery.keptBlocks += 1
            if block.isSeal { sealOffset = block.offset }
        }
    }

    /// The segment after a sealed one, when its header is whole. One without a whole header is removed.
    private func following(
        _ reader: SegmentReader, _ sealOffset: Int64?, _ scan: inout Scan
    ) throws(RecordingError) -> SegmentReader? {
        let path = segmentPath(reader.header.segment + 1)
        guard let sealOffset else {
            throw RecordingError(.damaged, file: path, offset: 0, "a segment follows one that has no seal")
        }
        let size = fileSize(path) ?? 0
        let next: SegmentReader
        do throws(RecordingError) {
            next = try open(reader.header.segment + 1)
        } catch {
            guard error.code == .incomplete || error.code == .damaged, size <= Int64(Format.segmentHeaderSize) else {
                throw error
            }
            unlink(path)
            unlink(directory + "/" + KeySidecar.fileName(reader.header.segment + 1))
            scan.recovery.cutBytes += size
            return nil
        }
        guard next.header.carried == reader.chain, next.header.firstBlock == reader.nextNumber,
            next.header.previousSeal == UInt64(sealOffset), next.header.recordsBefore == scan.records
        else {
            throw RecordingError(.damaged, file: path, offset: 32, "it does not continue the segment before it")
        }
        return next
    }

    private func rewrite(_ head: OpenHead) throws(RecordingError) {
        let bytes = try head.value.encoded(key: key)
        do throws(FileError) {
            try files.writeAll(bytes, to: head.descriptor, at: 0)
        } catch {
            throw .system(error, head.path)
        }
        try synchronize(head.descriptor, head.path)
    }
}
