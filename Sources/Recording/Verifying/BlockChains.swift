import Glibc

/// Finds blocks' chain values by walking block headers alone. For segments that were verified just before.
enum BlockChains {
    /// The chain values of those of `blocks` that the replica in `directory` has.
    static func find(_ blocks: Set<UInt64>, in directory: String) throws(RecordingError) -> [UInt64: [UInt8]] {
        guard let first = blocks.min(), let last = blocks.max() else { return [:] }
        var found: [UInt64: [UInt8]] = [:]
        let paths = try directoryEntries(directory).compactMap(Format.segmentNumber).sorted()
            .map { directory + "/" + Format.segmentName($0) }
        let headers = try paths.map { path throws(RecordingError) in try SegmentReader(path: path).header }
        for (index, path) in paths.enumerated() {
            let next = index + 1 < headers.count ? headers[index + 1].firstBlock : .max
            guard next > first, headers[index].firstBlock <= last else { continue }
            try scan(path, blocks, &found)
        }
        return found
    }

    private static func scan(
        _ path: String, _ blocks: Set<UInt64>, _ found: inout [UInt64: [UInt8]]
    ) throws(RecordingError) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .system(FileError("open", number: errno), path) }
        defer { close(descriptor) }
        let memory = ReusedMemory(Format.blockHeaderSize)
        let raw = UnsafeMutableRawBufferPointer(rebasing: memory.bytes[..<Format.blockHeaderSize])
        var place = Int64(Format.segmentHeaderSize)
        while readFully(descriptor, into: raw, at: place) == Format.blockHeaderSize {
            let block: BlockHeader
            do throws(FormatProblem) {
                block = try BlockHeader(UnsafeRawBufferPointer(raw))
            } catch {
                // What a live writer has half written, or a torn tail: the walk before has judged it.
                return
            }
            if blocks.contains(block.number) { found[block.number] = block.chain }
            place += Int64(block.length)
        }
    }
}
