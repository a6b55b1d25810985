import Contract
import Glibc
import SwiftProtobuf

/// Reads one segment block by block and checks each against the hash chain. Buffers are bounded by the largest
/// block. What blocks' manifests say is read without a key; records of an encrypted segment need one. Not for use by
/// several threads at once.
public final class SegmentReader {
    /// One block, as far as its header tells.
    public struct Block: Sendable {
        /// Bytes from the file's start, and of the whole block.
        public let offset: Int64
        public let length: Int
        /// From 1 over all segments of the replica.
        public let number: UInt64
        public let records: Int
        public let isSeal: Bool
    }

    public let path: String
    let header: SegmentHeader
    let headerChain: [UInt8]
    private(set) var chain: [UInt8]
    private(set) var offset: Int64
    private(set) var nextNumber: UInt64
    private(set) var isSealed = false
    private let descriptor: Int32
    private let hasher: ChainHasher
    private let decoder: FrameDecoder
    private let input = ReusedMemory(1 << 20)
    private let keys: DecryptionKeys?
    private let sidecars: String
    private var cipher: BlockCipher?
    private var currentHeader: BlockHeader?
    /// What the current block's chain value and HMAC are made of.
    private var currentContent: [UInt8] = []
    /// The chain value before the current block.
    private var former: [UInt8]?
    /// The block that was passed last.
    private(set) var current: Block?
    /// The current block's LZ4 frame, once it was decrypted in place.
    private var decrypted: UnsafeRawBufferPointer?

    /// Opens a segment file and checks its header.
    ///
    /// - Parameters:
    ///   - keys: to read the records of an encrypted segment.
    ///   - sidecars: the folder of its data key; nil: the file's own.
    public init(path: String, keys: DecryptionKeys? = nil, sidecars: String? = nil) throws(RecordingError) {
        self.path = path
        self.keys = keys
        self.sidecars = sidecars ?? parent(path)
        let descriptor = try openForReading(path)
        var raw = [UInt8](repeating: 0, count: Format.segmentHeaderSize)
        let count = raw.withUnsafeMutableBytes { readFully(descriptor, into: $0, at: 0) }
        do throws(RecordingError) {
            guard count == raw.count else {
                throw RecordingError(
                    .incomplete, file: path, offset: Int64(max(0, count)), "the file ends inside its header")
            }
            hasher = try ChainHasher()
            decoder = try FrameDecoder()
            let parsed: Result<SegmentHeader, FormatProblem> = raw.withUnsafeBytes { bytes in
                Result { () throws(FormatProblem) in try SegmentHeader(bytes) }
            }
            switch parsed {
            case .success(let value): header = value
            case .failure(let problem):
                throw RecordingError(.damaged, file: path, offset: Int64(problem.offset), problem.reason)
            }
            headerChain = try hasher.digest(Array(raw[..<Format.segmentHeaderHashed]))
            guard headerChain == Array(raw[Format.segmentHeaderHashed...]) else {
                throw RecordingError(.damaged, file: path, offset: 0, "the segment header was changed")
            }
        } catch {
            close(descriptor)
            throw error
        }
        self.descriptor = descriptor
        chain = headerChain
        offset = Int64(Format.segmentHeaderSize)
        nextNumber = header.firstBlock
    }

    deinit { close(descriptor) }

    /// Moves to the next block and checks its header and chain value. nil at the end of the file or of `limit`.
    ///
    /// - Throws: `incomplete` when the file ends inside the block, `damaged` when its bytes are not those written.
    ///   The reader then stays before the block.
    public func next(limit: Int64 = .max) throws(RecordingError) -> Block? {
        guard offset < limit, let block = try load() else { return nil }
        return try advance(over: block, previous: chain)
    }

    /// Goes to a place between two blocks of this segment, as it was when the segment was read before.
    func move(to place: RecordingPlace) {
        currentHeader = nil
        current = nil
        decrypted = nil
        offset = place.offset
        nextNumber = place.block
        chain = place.chain
        isSealed = false
    }

    /// Reads the block at the current place into the buffer. nil at the end of the file.
    private func load() throws(RecordingError) -> BlockHeader? {
        currentHeader = nil
        current = nil
        decrypted = nil
        let got = try read(Format.blockHeaderSize, at: offset)
        if got == 0 { return nil }
        guard !isSealed else { throw damaged(0, "bytes after the seal") }
        guard got == Format.blockHeaderSize else { throw incomplete() }
        let block: BlockHeader
        do throws(FormatProblem) {
            block = try BlockHeader(UnsafeRawBufferPointer(rebasing: input.bytes[..<Format.blockHeaderSize]))
        } catch {
            throw damaged(error.offset, error.reason)
        }
        guard block.number == nextNumber else {
            throw damaged(8, "block \(block.number) stands where block \(nextNumber) must: a block is missing")
        }
        guard try read(block.length, at: offset) == block.length else { throw incomplete() }
        return block
    }

    private func advance(over block: BlockHeader, previous: [UInt8]) throws(RecordingError) -> Block {
        let length = block.length
        let all = UnsafeRawBufferPointer(input.bytes)
        let content = try hasher.link(
            previous: previous, header: UnsafeRawBufferPointer(rebasing: all[..<Format.blockHeaderHashed]),
            payload: UnsafeRawBufferPointer(rebasing: all[Format.blockHeaderSize..<length]))
        let value = try hasher.digest(content + block.code)
        guard value == block.chain else { throw damaged(0, "the block was changed: its chain value is wrong") }
        let result = Block(
            offset: offset, length: length, number: block.number, records: Int(block.records), isSeal: block.isSeal)
        currentHeader = block
        currentContent = content
        former = previous
        current = result
        chain = value
        offset += Int64(length)
        nextNumber += 1
        isSealed = block.isSeal
        return result
    }

    /// Goes back to before the current block.
    func back() {
        guard let passed = current, let former else { return }
        offset = passed.offset
        nextNumber = passed.number
        chain = former
        isSealed = false
        currentHeader = nil
        current = nil
    }

    /// This segment's seal, found and proven by the header of the segment after it.
    func seal(before next: SegmentHeader) throws(RecordingError) -> Seal {
        let place = Int64(clamping: next.previousSeal)
        guard place >= Int64(Format.segmentHeaderSize), next.firstBlock > 1 else {
            throw RecordingError(.damaged, file: path, offset: 0, "its seal's place is impossible")
        }
        offset = place
        nextNumber = next.firstBlock - 1
        guard let block = try load(), block.isSeal, let seal = Seal(try payload(block)) else {
            throw damaged(0, "there is no seal here")
        }
        guard try advance(over: block, previous: seal.lastChain).isSeal, chain == next.carried,
            let signed = try self.seal()
        else {
            throw RecordingError(.damaged, file: path, offset: place, "another seal than the next segment names")
        }
        return signed
    }

    /// What the current block says of its records, in the clear; empty for a seal.
    func manifest() throws(RecordingError) -> BlockManifest {
        guard let block = currentHeader, !block.isSeal else { return BlockManifest() }
        let start = Format.blockHeaderSize
        let bytes = UnsafeRawBufferPointer(rebasing: input.bytes[start..<(start + block.manifestLength)])
        do {
            return try BlockManifest(serializedBytes: bytes.bytes)
        } catch {
            throw contentProblem("its manifest cannot be parsed")
        }
    }

    /// Whether a recorder with one of these keys wrote the current block.
    func isWritten(by keys: [RecordingKey]) throws(RecordingError) -> Bool {
        guard let block = currentHeader else { return false }
        for key in keys {
            let code = try authenticationCode(currentContent, key: key.authentication)
            if equalInConstantTime(code, block.code) { return true }
        }
        return false
    }

    /// Whether the current block has records of the session; of the recorder's own without one.
    func holds(_ session: String) throws(RecordingError) -> Bool {
        let manifest = try manifest()
        return session.isEmpty ? !manifest.notices.isEmpty : manifest.runs.contains { $0.session == session }
    }

    /// The current block's records, each in its serialised form, which is valid only during the call.
    func forEachRecord(
        _ body: (UnsafeRawBufferPointer) throws(RecordingError) -> Void
    ) throws(RecordingError) {
        guard let block = currentHeader, !block.isSeal else { return }
        let payload = try payload(block)
        var place = 0
        for _ in 0..<block.records {
            guard payload.count - place >= 4 else { throw contentProblem("its records are cut") }
            let length = Int(payload.little(place, as: UInt32.self))
            place += 4
            guard payload.count - place >= length else { throw contentProblem("its records are cut") }
            try body(UnsafeRawBufferPointer(rebasing: payload[place..<(place + length)]))
            place += length
        }
        guard place == payload.count else { throw contentProblem("bytes after its last record") }
    }

    /// The current block's records by their heads, each with its serialised form, which is valid only during the call.
    func forEachHead(
        _ body: (RecordHead, UnsafeRawBufferPointer) throws(RecordingError) -> Void
    ) throws(RecordingError) {
        try forEachRecord { raw throws(RecordingError) in
            let head: RecordHead
            do throws(RecordingError) {
                head = try RecordHead(raw)
                _ = try head.sessionName(raw)
            } catch {
                throw contentProblem(error.detail)
            }
            try body(head, raw)
        }
    }

    /// The current block's records; empty for a seal.
    public func records() throws(RecordingError) -> [Record] {
        var records: [Record] = []
        try forEachRecord { raw throws(RecordingError) in records.append(try parse(raw)) }
        return records
    }

    func parse(_ raw: UnsafeRawBufferPointer) throws(RecordingError) -> Record {
        do {
            return try Record(serializedBytes: raw.bytes)
        } catch {
            throw contentProblem("a record cannot be parsed")
        }
    }

    /// The current block as a seal that the segment's signer has signed; nil for any other block.
    func seal() throws(RecordingError) -> Seal? {
        guard let block = currentHeader, block.isSeal else { return nil }
        let payload = try payload(block)
        guard let seal = Seal(payload) else { throw contentProblem("its seal is malformed") }
        let name = SegmentName(replica: header.replica, number: header.segment)
        guard Seal.isSigned(payload, name, by: header.signer) else {
            throw contentProblem("its seal's signature is wrong")
        }
        return seal
    }

    private func payload(_ block: BlockHeader) throws(RecordingError) -> UnsafeRawBufferPointer {
        guard let payload = decoder.decode(try frame(block), length: block.payloadLength) else {
            throw contentProblem("its LZ4 frame is damaged")
        }
        return payload
    }

    /// The block's LZ4 frame, decrypted when it must be.
    private func frame(_ block: BlockHeader) throws(RecordingError) -> UnsafeRawBufferPointer {
        let stored = UnsafeMutableRawBufferPointer(
            rebasing: input.bytes[(Format.blockHeaderSize + block.manifestLength)..<block.length])
        guard header.isEncrypted, !block.isSeal else { return UnsafeRawBufferPointer(stored) }
        if let decrypted { return decrypted }
        if cipher == nil { cipher = try makeCipher() }
        let hashed = UnsafeRawBufferPointer(rebasing: input.bytes[..<Format.blockHeaderHashed])
        guard let opened = cipher?.open(stored, authenticated: hashed) else {
            throw contentProblem("it cannot be decrypted with the segment's data key")
        }
        decrypted = opened
        return opened
    }

    /// Whether the data key was destroyed, so that nobody can read the segment's records.
    var isErased: Bool {
        header.isEncrypted && fileSize(sidecars + "/" + KeySidecar.fileName(header.segment)) == nil
    }

    private func makeCipher() throws(RecordingError) -> BlockCipher {
        let sidecar = sidecars + "/" + KeySidecar.fileName(header.segment)
        return try BlockCipher(dataKey: try KeySidecar.dataKey(of: header, at: sidecar, with: keys))
    }

    private func read(_ length: Int, at place: Int64) throws(RecordingError) -> Int {
        input.reserve(length)
        let count = readFully(
            descriptor, into: UnsafeMutableRawBufferPointer(rebasing: input.bytes[..<length]), at: place)
        guard count >= 0 else { throw .system(FileError("read", number: errno), path) }
        return count
    }

    private func damaged(_ place: Int, _ reason: String) -> RecordingError {
        RecordingError(.damaged, file: path, offset: offset + Int64(place), reason)
    }

    private func incomplete() -> RecordingError {
        RecordingError(.incomplete, file: path, offset: offset, "the file ends inside this block")
    }

    /// The current block was passed already.
    private func contentProblem(_ reason: String) -> RecordingError {
        RecordingError(.damaged, file: path, offset: current?.offset ?? offset, "the block was changed: \(reason)")
    }
}
