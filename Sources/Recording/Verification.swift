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

/// Proves recordings whole, or names the first bad byte of each damaged file.
///
/// - Parameters:
///   - paths: directories of recordings, of one replica, or single segment files.
///   - key: the recorder's key; without it the heads' HMACs are not checked.
public func verify(_ paths: [String], key: [UInt8]?) -> VerificationReport {
    var report = VerificationReport()
    if key == nil { report.warnings.append("no key: the heads' HMACs were not checked") }
    for path in paths { verify(path, key, &report) }
    return report
}

private func verify(_ path: String, _ key: [UInt8]?, _ report: inout VerificationReport) {
    var trimmed = path
    while trimmed.count > 1, trimmed.hasSuffix("/") { trimmed.removeLast() }
    do throws(RecordingError) {
        var status = stat()
        guard stat(trimmed, &status) == 0 else { throw .system(FileError("open", number: errno), trimmed) }
        if status.st_mode & S_IFMT != S_IFDIR {
            var check = ReplicaVerification(directory: parent(trimmed), key: nil, index: [])
            check.segment(alone: trimmed)
            check.addAlone(to: &report)
        } else if isReplicaDirectory(trimmed) {
            let index = try openIndex(parent(trimmed))
            try verifyReplica(trimmed, key, index, &report)
        } else {
            try verifyAll(trimmed, key, &report)
        }
    } catch {
        report.problems.append(.init(error))
    }
}

private func verifyAll(
    _ recordings: String, _ key: [UInt8]?, _ report: inout VerificationReport
) throws(RecordingError) {
    let index = try openIndex(recordings)
    let indexed = try index?.replicas() ?? []
    let names = try directoryEntries(recordings).filter { name in
        Format.isReplicaName(name) && isDirectory(recordings + "/" + name)
    }
    var joined = JoinedVerification(recordings: recordings, key: key, index: index)
    for name in names {
        // A directory without head and segments is a recording only if the index or a lock file says so.
        let directory = recordings + "/" + name
        guard isReplicaDirectory(directory) || indexed.contains(name) else { continue }
        try joined.walk(name)
    }
    try joined.finish(&report)
    for name in indexed where !names.contains(name) {
        report.problems.append(
            .init(file: recordings + "/" + name, offset: 0, reason: "the index names this replica; it is missing"))
    }
    if names.isEmpty { report.warnings.append("\(recordings): no recordings here") }
}

private func verifyReplica(
    _ directory: String, _ key: [UInt8]?, _ index: RecordingIndex?, _ report: inout VerificationReport
) throws(RecordingError) {
    let name = String(directory.split(separator: "/").last ?? "")
    // Read before the segments: a live recorder indexes only what it wrote before.
    let indexed = try index?.sessions(inReplica: name) ?? []
    var check = ReplicaVerification(directory: directory, key: key, index: indexed)
    check.run()
    check.addAlone(to: &report)
}

private func openIndex(_ recordings: String) throws(RecordingError) -> RecordingIndex? {
    guard fileSize(recordings + "/" + RecordingIndex.fileName) != nil else { return nil }
    return try RecordingIndex(recordings: recordings)
}

private func parent(_ path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
}

private func isDirectory(_ path: String) -> Bool {
    var status = stat()
    return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
}

extension VerificationReport.Problem {
    init(_ error: RecordingError) {
        self.init(file: error.file, offset: error.offset ?? 0, reason: error.detail)
    }
}
