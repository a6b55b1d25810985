import Contract
import Foundation
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
    /// Behind the last checkpoint of a recorder that does not run: signed by nobody.
    public var unsignedBlocks: UInt64 = 0
    /// Of blocks, as they are stored.
    public var bytes: UInt64 = 0
    public var sessions = 0
    public var openSessions = 0

    public var isWhole: Bool { problems.isEmpty }
}

/// Proves recordings whole, or names the first bad byte of each damaged file. Several folders are judged as one recording,
/// as several hosts make it.
///
/// - Parameters:
///   - paths: directories of recordings, of one replica, or single segment files.
///   - keys: who may have signed, and what else is at hand to check with.
public func verify(
    _ paths: [String], keys: VerificationKeys, options: VerificationOptions = VerificationOptions()
) -> VerificationReport {
    var report = VerificationReport()
    if keys.trusted.isEmpty {
        report.warnings.append("no public key: who signed the recording was not checked")
    } else if keys.recording.isEmpty {
        report.warnings.append("without the recorder's own key the HMACs of heads were not checked")
    }
    var isFound = options.session == nil
    var joined = JoinedVerification(keys: keys, options: options)
    var folders: [RecordingsFolder] = []
    for path in paths.map(trimmedPath) {
        do throws(RecordingError) {
            var status = stat()
            guard stat(path, &status) == 0 else { throw .system(FileError("open", number: errno), path) }
            if status.st_mode & S_IFMT != S_IFDIR {
                var check = ReplicaVerification(directory: parent(path), keys: keys, options: options, index: [])
                check.segment(alone: path)
                if let session = options.session, check.sessions[session] != nil { isFound = true }
                check.addAlone(to: &report)
            } else if !isReplicaDirectory(path) {
                var folder = RecordingsFolder(path, &report)
                try folder.walk(&joined)
                folders.append(folder)
            } else {
                let name = lastName(path)
                let indexed = IndexSnapshot.read(parent(path)).sessions[name] ?? []
                if paths.count > 1 {
                    joined.add(path, indexed: indexed)
                } else {
                    var check = ReplicaVerification(directory: path, keys: keys, options: options, index: indexed)
                    check.run()
                    check.addAlone(to: &report)
                    if let session = options.session, check.sessions[session] != nil { isFound = true }
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
    let signers = joined.replicas.values.reduce(Set(keys.trusted)) { $0.union($1.signers) }
    if let session = options.session, !isFound,
        !joined.replicas.values.contains(where: { $0.sessions[session] != nil })
    {
        report.problems.append(
            .init(file: paths.first ?? "", offset: 0, reason: "no segment holds session '\(session)'"))
    }
    checkRemembered(options, isEverythingHere: !folders.isEmpty, joined.replicas.keys, &report)
    for folder in folders {
        folder.finish(joined.replicas, signedBy: keys.trusted.isEmpty ? [] : signers, &report)
    }
    return report
}

/// What checkpoints that were kept elsewhere say beyond their replica's folder: that there was one, and since when.
private func checkRemembered(
    _ options: VerificationOptions, isEverythingHere: Bool, _ replicas: some Collection<String>,
    _ report: inout VerificationReport
) {
    for signed in options.remembered {
        let replica = signed.checkpoint.replica
        if isEverythingHere, !replicas.contains(replica) {
            report.problems.append(
                .init(file: signed.file, offset: 0, reason: "is of replica '\(replica)', which is missing"))
        }
        guard let authorities = options.timestampAuthorities else { continue }
        do throws(RecordingError) {
            guard let timestamp = try KeptCheckpoints.timestamp(of: signed) else { continue }
            let seconds = try Timestamp.check(
                timestamp, of: signed.note, authorities: authorities,
                file: KeptCheckpoints.timestampFile(of: signed.file))
            let time = Date(timeIntervalSince1970: TimeInterval(seconds)).ISO8601Format()
            report.warnings.append("\(signed.file): was there at \(time), says an authority's timestamp")
        } catch {
            report.problems.append(.init(error))
        }
    }
}

extension VerificationReport.Problem {
    init(_ error: RecordingError) {
        self.init(file: error.file, offset: error.offset ?? 0, reason: error.detail)
    }
}
