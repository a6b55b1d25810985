import Contract

/// What a sealed segment says itself of the sessions in it: proven by the chain over its blocks and the signature of its seal, whatever a
/// list of sessions says.
public struct SegmentContents: Sendable {
    /// Sessions with records in it, and when the last block with one was written; of one that goes on after it, when it was
    /// sealed. Unix time, microseconds.
    public private(set) var sessions: [String: UInt64] = [:]

    /// Reads the whole segment.
    ///
    /// - Parameter keys: the recorder's: one of them must have signed the seal.
    /// - Throws: `damaged` when it is not as a recorder with one of these keys sealed it.
    init(
        _ reader: SegmentReader, _ number: UInt64, of replica: String, signedBy keys: [VerificationKey]
    ) throws(RecordingError) {
        guard reader.header.segment == number, reader.header.replica == replica else {
            throw Self.damaged(reader, 0, "another recording's segment")
        }
        var previous = reader.headerChain
        while let block = try reader.next() {
            guard let seal = try reader.seal() else {
                let manifest = try reader.manifest()
                for run in manifest.runs { add(run, time: manifest.timeUs) }
                previous = reader.chain
                continue
            }
            guard seal.firstChain == reader.headerChain, seal.lastChain == previous, keys.contains(reader.header.signer)
            else { throw Self.damaged(reader, block.offset, "its seal is not this recorder's") }
            for entry in seal.open where sessions[entry.session] != nil { sessions[entry.session] = seal.time }
            return
        }
        throw Self.damaged(reader, 0, "it is not sealed")
    }

    private mutating func add(_ run: SessionRun, time: UInt64) {
        sessions[run.session] = max(sessions[run.session] ?? 0, time)
    }

    private static func damaged(_ reader: SegmentReader, _ offset: Int64, _ reason: String) -> RecordingError {
        RecordingError(.damaged, file: reader.path, offset: offset, reason)
    }
}

extension RecordingArchive {
    /// What a sealed segment says of itself, here or in the archive.
    ///
    /// - Parameter keys: the recorder's.
    public func contents(
        of segment: UInt64, in replica: String, signedBy keys: [VerificationKey]
    ) throws(RecordingError) -> SegmentContents {
        try SegmentContents(folder(of: replica).reader(segment), segment, of: replica, signedBy: keys)
    }
}
