import Glibc

/// The leaves of a replica's Merkle tree: `leaves`, 32 bytes for each sealed segment, which are the chain value after its seal.
/// So segments that are elsewhere, or were removed, are still counted.
struct LeafFile {
    static let fileName = "leaves"

    static func path(_ directory: String) -> String { directory + "/" + fileName }

    /// The leaves of at most so many segments; a last one that is cut is left out.
    static func read(_ directory: String, atMost count: UInt64) throws(RecordingError) -> [[UInt8]] {
        let path = path(directory)
        guard let size = fileSize(path) else { return [] }
        let bytes = try readFile(path, limit: Int(min(UInt64(max(0, size)), (count + 1) * UInt64(ChainHasher.length))))
        return (0..<(bytes.count / ChainHasher.length)).map {
            Array(bytes[($0 * ChainHasher.length)..<(($0 + 1) * ChainHasher.length)])
        }
    }

    let descriptor: Int32
    private let path: String
    private let files: any FileLayer

    init(_ directory: String, files: any FileLayer) throws(RecordingError) {
        path = Self.path(directory)
        self.files = files
        do throws(FileError) {
            descriptor = fileSize(path) == nil ? try files.create(path) : try files.open(path)
        } catch {
            throw .system(error, path)
        }
    }

    /// Writes the leaf of segment `index + 1`, durably.
    func write(_ leaf: [UInt8], at index: UInt64) throws(RecordingError) {
        do throws(FileError) {
            try files.writeAll(leaf, to: descriptor, at: Int64(index) * Int64(ChainHasher.length))
            try files.synchronize(descriptor)
        } catch {
            throw .system(error, path)
        }
    }

    func truncate(to count: UInt64) throws(RecordingError) {
        do throws(FileError) {
            try files.truncate(descriptor, to: Int64(count) * Int64(ChainHasher.length))
        } catch {
            throw .system(error, path)
        }
    }
}
