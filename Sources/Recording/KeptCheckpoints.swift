import Glibc

/// A folder, elsewhere, with copies of checkpoints: `<replica>-<block>.checkpoint`, and beside them what an authority for
/// timestamps says of each, `.tsr`. Nothing in it is ever replaced.
public struct KeptCheckpoints: Sendable {
    private static let suffix = ".checkpoint"

    private let folder: String

    public init(_ folder: String) { self.folder = trimmedPath(folder) }

    /// Keeps a copy.
    ///
    /// - Returns: the one that is kept, which is an earlier one when that says the same.
    /// - Throws: `damaged` when another one of that block is kept, which says something else.
    public func keep(_ signed: SignedCheckpoint) throws(RecordingError) -> SignedCheckpoint {
        let path = "\(folder)/\(signed.checkpoint.replica)-\(signed.checkpoint.block)\(Self.suffix)"
        try Self.write(signed.note, to: path)
        let kept = try SignedCheckpoint(file: path)
        guard kept.checkpoint.agrees(with: signed.checkpoint) else {
            throw RecordingError(
                .damaged, file: path, offset: 0,
                "was kept of the same block and says something else than \(signed.file): the recording was set back")
        }
        return kept
    }

    /// Keeps what an authority said of a checkpoint.
    public static func keep(timestamp: [UInt8], of signed: SignedCheckpoint) throws(RecordingError) {
        try write(timestamp, to: timestampFile(of: signed.file))
    }

    /// What an authority said of a checkpoint; nil when nothing is beside it.
    public static func timestamp(of signed: SignedCheckpoint) throws(RecordingError) -> [UInt8]? {
        let file = timestampFile(of: signed.file)
        return fileSize(file) == nil ? nil : try readFile(file, limit: Timestamp.maxResponseBytes)
    }

    static func timestampFile(of file: String) -> String {
        (file.hasSuffix(suffix) ? String(file.dropLast(suffix.count)) : file) + ".tsr"
    }

    /// The checkpoint that a path names, or all in the folder that it names.
    public static func read(_ path: String) throws(RecordingError) -> [SignedCheckpoint] {
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
            return [try SignedCheckpoint(file: path)]
        }
        let folder = trimmedPath(path)
        let names = try directoryEntries(folder).filter { $0.hasSuffix(suffix) }
        guard !names.isEmpty else { throw RecordingError(.invalid, file: folder, "no checkpoints here") }
        return try names.map { name throws(RecordingError) in try SignedCheckpoint(file: folder + "/" + name) }
    }

    /// Writes a file whole or not at all. One that is there stays as it is.
    private static func write(_ bytes: [UInt8], to path: String) throws(RecordingError) {
        guard fileSize(path) == nil else { return }
        let draft = path + ".draft"
        try replaceFile(draft, with: bytes, files: SystemFiles(), synced: true)
        defer { unlink(draft) }
        guard link(draft, path) == 0 || errno == EEXIST else { throw .system(FileError("link", number: errno), path) }
        try synchronizeDirectory(parent(path))
    }
}
