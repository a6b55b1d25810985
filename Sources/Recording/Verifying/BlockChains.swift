import Glibc

/// Finds blocks' chain values by walking block headers alone. For segments that were verified just before.
enum BlockChains {
    /// The chain values of those of `blocks` that the replica in `directory` has.
    static func find(
        _ blocks: Set<UInt64>, in directory: String, _ access: RecordingAccess
    ) throws(RecordingError) -> [UInt64: [UInt8]] {
        guard let first = blocks.min(), let last = blocks.max() else { return [:] }
        var found: [UInt64: [UInt8]] = [:]
        let folder = try SegmentFolder(directory, access)
        let numbers = try folder.numbers()
        let firstBlocks = try numbers.map { number throws(RecordingError) in try folder.firstBlock(of: number) }
        for (index, number) in numbers.enumerated() {
            let next = index + 1 < numbers.count ? firstBlocks[index + 1] : .max
            guard next > first, firstBlocks[index] <= last else { continue }
            try scan(folder.reader(number).path, blocks, &found)
        }
        return found
    }

    private static func scan(
        _ path: String, _ blocks: Set<UInt64>, _ found: inout [UInt64: [UInt8]]
    ) throws(RecordingError) {
        let descriptor = try openForReading(path)
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
