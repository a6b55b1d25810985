import COpenSSL
import Glibc

/// The segment file that is being written.
struct OpenSegment {
    let number: UInt64
    let path: String
    let descriptor: Int32
    let firstBlock: UInt64
    let recordsBefore: UInt64
    /// Unix time.
    let createdMicroseconds: UInt64
    /// Chain value after the header.
    let firstChain: [UInt8]
    /// The public key that its seal must be signed with.
    let signer: VerificationKey
    /// End of the last acknowledged block, bytes from the file's start.
    var length: Int64
    /// Where the seal begins, once there is one.
    var sealOffset: Int64?
    /// Encrypts blocks; nil when nothing is encrypted, and when the process that made the segment, which alone had its data
    /// key, is gone.
    let cipher: BlockCipher?
    /// Whether blocks must be encrypted, and are so far.
    let isEncrypted: Bool

    var isSealed: Bool { sealOffset != nil }
    /// Whether something stands behind its header.
    var isBegun: Bool { length > Int64(Format.segmentHeaderSize) }

    init(reader: SegmentReader, descriptor: Int32, length: Int64, sealOffset: Int64?) {
        number = reader.header.segment
        path = reader.path
        self.descriptor = descriptor
        firstBlock = reader.header.firstBlock
        recordsBefore = reader.header.recordsBefore
        createdMicroseconds = reader.header.created
        firstChain = reader.headerChain
        signer = reader.header.signer
        self.length = length
        self.sealOffset = sealOffset
        cipher = nil
        isEncrypted = reader.header.isEncrypted
    }

    private init(
        _ header: SegmentHeader, path: String, descriptor: Int32, chain: [UInt8], cipher: BlockCipher?
    ) {
        number = header.segment
        self.path = path
        self.descriptor = descriptor
        firstBlock = header.firstBlock
        recordsBefore = header.recordsBefore
        createdMicroseconds = header.created
        firstChain = chain
        signer = header.signer
        length = Int64(Format.segmentHeaderSize)
        self.cipher = cipher
        isEncrypted = header.isEncrypted
    }

    /// What new segments of a replica have in common.
    struct Maker {
        let directory: String
        let replica: String
        let recipients: [Recipient]
        /// Bytes that are set aside on the disk for each.
        let room: Int64
        let files: any FileLayer
        let hasher: ChainHasher

        /// The segment after a sealed one whose last block the head marks.
        func make(
            after previous: OpenSegment, head: Head, signer: VerificationKey
        ) throws(RecordingError) -> OpenSegment {
            guard previous.number < Format.maxSegments else {
                throw RecordingError(.unusable, file: previous.path, "no more segment numbers")
            }
            return try make(
                previous.number + 1, firstBlock: head.block + 1, recordsBefore: head.records, carried: head.chain,
                previousSeal: UInt64(previous.sealOffset ?? 0), signer)
        }

        func makeFirst(signer: VerificationKey) throws(RecordingError) -> OpenSegment {
            try make(1, firstBlock: 1, recordsBefore: 0, carried: ChainHasher.zero, previousSeal: 0, signer)
        }

        /// Leaves no file behind when it fails, so that the next call can try again.
        private func make(
            _ number: UInt64, firstBlock: UInt64, recordsBefore: UInt64, carried: [UInt8], previousSeal: UInt64,
            _ signer: VerificationKey
        ) throws(RecordingError) -> OpenSegment {
            var commitment = ChainHasher.zero
            var cipher: BlockCipher?
            let sidecar = directory + "/" + KeySidecar.fileName(number)
            if !recipients.isEmpty {
                let name = SegmentName(replica: replica, number: number)
                var dataKey = try randomBytes(AesGcm.keyLength)
                defer { OPENSSL_cleanse(&dataKey, dataKey.count) }
                commitment = try KeySidecar.commitment(dataKey, name)
                cipher = try BlockCipher(dataKey: dataKey)
                try replaceFile(sidecar, with: try KeySidecar.encoded(dataKey, name, to: recipients), files: files)
            }
            let header = SegmentHeader(
                segment: number, created: currentMicroseconds(), firstBlock: firstBlock, recordsBefore: recordsBefore,
                carried: carried, replica: replica, previousSeal: previousSeal, keyCommitment: commitment,
                signer: signer)
            do throws(RecordingError) {
                return try write(header, cipher)
            } catch {
                if cipher != nil { unlink(sidecar) }
                throw error
            }
        }

        private func write(
            _ header: SegmentHeader, _ cipher: BlockCipher?
        ) throws(RecordingError) -> OpenSegment {
            let path = directory + "/" + Format.segmentName(header.segment)
            let (bytes, chain) = try header.encoded(hasher)
            let descriptor: Int32
            do throws(FileError) {
                descriptor = try files.create(path)
            } catch {
                throw .system(error, path)
            }
            do throws(RecordingError) {
                do throws(FileError) {
                    try files.writeAll(bytes, to: descriptor, at: 0)
                    try files.synchronize(descriptor)
                } catch {
                    throw .system(error, path)
                }
                try synchronizeDirectory(directory, files: files)
            } catch {
                close(descriptor)
                unlink(path)
                throw error
            }
            files.setAside(room, in: descriptor)
            return OpenSegment(header, path: path, descriptor: descriptor, chain: chain, cipher: cipher)
        }
    }
}
