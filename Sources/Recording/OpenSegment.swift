import Glibc

/// The segment file that is being written.
struct OpenSegment {
    let number: UInt64
    let path: String
    let descriptor: Int32
    let firstBlock: UInt64
    let recordsBefore: UInt64
    /// Chain value after the header.
    let firstChain: [UInt8]
    /// End of the last acknowledged block, bytes from the file's start.
    var length: Int64
    /// Where the seal begins, once there is one.
    var sealOffset: Int64?

    var isSealed: Bool { sealOffset != nil }

    init(reader: SegmentReader, descriptor: Int32, length: Int64, sealOffset: Int64?) {
        number = reader.header.segment
        path = reader.path
        self.descriptor = descriptor
        firstBlock = reader.header.firstBlock
        recordsBefore = reader.header.recordsBefore
        firstChain = reader.headerChain
        self.length = length
        self.sealOffset = sealOffset
    }

    private init(_ header: SegmentHeader, path: String, descriptor: Int32, chain: [UInt8]) {
        number = header.segment
        self.path = path
        self.descriptor = descriptor
        firstBlock = header.firstBlock
        recordsBefore = header.recordsBefore
        firstChain = chain
        length = Int64(Format.segmentHeaderSize)
    }

    /// Creates the segment after a sealed one whose last block the head marks.
    static func create(
        after previous: OpenSegment, head: Head, directory: String, files: any FileLayer, hasher: ChainHasher
    ) throws(RecordingError) -> OpenSegment {
        guard previous.number < Format.maxSegments else {
            throw RecordingError(.unusable, file: previous.path, "no more segment numbers")
        }
        let header = SegmentHeader(
            segment: previous.number + 1, created: currentMicroseconds(), firstBlock: head.block + 1,
            recordsBefore: head.records, carried: head.chain, replica: head.replica,
            previousSeal: UInt64(previous.sealOffset ?? 0))
        return try create(header, directory: directory, files: files, hasher: hasher)
    }

    static func createFirst(
        replica: String, directory: String, files: any FileLayer, hasher: ChainHasher
    ) throws(RecordingError) -> OpenSegment {
        let header = SegmentHeader(
            segment: 1, created: currentMicroseconds(), firstBlock: 1, recordsBefore: 0, carried: ChainHasher.zero,
            replica: replica, previousSeal: 0)
        return try create(header, directory: directory, files: files, hasher: hasher)
    }

    /// Leaves no file behind when it fails, so that the next call can try again.
    private static func create(
        _ header: SegmentHeader, directory: String, files: any FileLayer, hasher: ChainHasher
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
            try synchronizeDirectory(directory)
        } catch {
            close(descriptor)
            unlink(path)
            throw error
        }
        return OpenSegment(header, path: path, descriptor: descriptor, chain: chain)
    }
}
