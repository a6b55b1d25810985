import Contract
import Glibc

/// What a verification found.
public struct VerificationReport: Sendable, Equatable {
    /// Something that was not as written, at its first bad byte.
    public struct Problem: Sendable, Equatable {
        public var file: String
        /// Bytes from the file's start; the start of the first block that fails when no single byte can be named.
        public var offset: Int64
        public var reason: String
    }

    public var problems: [Problem] = []
    /// Things that an operator should know and that are no sign of a change.
    public var warnings: [String] = []
    public var segments = 0
    public var blocks: UInt64 = 0
    public var records: UInt64 = 0
    public var sessions = 0
    public var openSessions = 0

    public var isWhole: Bool { problems.isEmpty }
}

/// Proves recordings whole, or names the first bad byte of each damaged file. Several folders are judged as one recording,
/// as several hosts make it.
///
/// - Parameters:
///   - paths: directories of recordings, of one replica, or single segment files.
///   - key: the recorder's key; without it HMACs are not checked.
///   - source: has the segments that are in the archive only; without it each of those is a problem.
public func verify(
    _ paths: [String], key: [UInt8]?, source: (any SegmentSource)? = nil
) -> VerificationReport {
    var report = VerificationReport()
    if key == nil { report.warnings.append("no key: the HMACs of heads and lists were not checked") }
    var joined = JoinedVerification(key: key, source: source)
    var folders: [RecordingsFolder] = []
    for path in paths.map(trimmedPath) {
        do throws(RecordingError) {
            var status = stat()
            guard stat(path, &status) == 0 else { throw .system(FileError("open", number: errno), path) }
            if status.st_mode & S_IFMT != S_IFDIR {
                var check = ReplicaVerification(directory: parent(path), key: nil, index: [])
                check.segment(alone: path)
                check.addAlone(to: &report)
            } else if !isReplicaDirectory(path) {
                var folder = RecordingsFolder(path, key: key, &report)
                try folder.walk(&joined)
                folders.append(folder)
            } else {
                let name = String(path.split(separator: "/").last ?? "")
                let indexed = IndexSnapshot.read(parent(path)).sessions[name] ?? []
                if paths.count > 1 {
                    joined.add(path, indexed: indexed)
                } else {
                    var check = ReplicaVerification(directory: path, key: key, index: indexed, source: source)
                    check.run()
                    check.addAlone(to: &report)
                }
            }
        } catch {
            report.problems.append(.init(error))
        }
    }
    do throws(RecordingError) {
        try joined.finish(&report)
    } catch {
        report.problems.append(.init(error))
    }
    for folder in folders { folder.finish(joined.replicas, &report) }
    return report
}

extension VerificationReport.Problem {
    init(_ error: RecordingError) {
        self.init(file: error.file, offset: error.offset ?? 0, reason: error.detail)
    }
}
