import Foundation
import Glibc
import Recording

/// Uploads the sealed segments of a folder of recordings, and removes those here that the configuration does not keep once
/// the store is proven to have them. What it knows stands beside the segments (``ArchivedSegments``), so that it may be
/// killed at any time. Not for use by several threads at once.
public final class Archiver {
    /// Told of what happens, on the thread of ``pass()``.
    public enum Event: Sendable {
        case uploaded(replica: String, ArchivedSegment)
        case removed(replica: String, number: UInt64, bytes: Int64)
        /// Something here that stays as it is; the rest goes on.
        case problem(String)
    }

    /// Which uploaded segments stay here; nil does not count.
    public struct Keeping: Sendable, Equatable {
        /// Nil: all.
        public var seconds: Int?
        /// Of all segments here together.
        public var bytes: Int?

        public init(seconds: Int? = nil, bytes: Int? = nil) {
            self.seconds = seconds
            self.bytes = bytes
        }
    }

    /// How often the small files beside the segments are uploaded when no segment was, seconds.
    static let notesSeconds = 300
    /// Of one of the small files.
    static let maxNoteBytes = 16 << 20

    private let recordings: String
    private let prefix: String
    private let keeping: Keeping
    private let client: S3Client
    private let uploader: Uploader
    private let report: (Event) -> Void
    /// Replicas whose interrupted uploads were given up since the start.
    private var tidied: Set<String> = []
    /// What each replica's file `archived` said when it was that file.
    private var lists: [String: (stamp: FileStamp, list: ArchivedSegments)] = [:]
    /// What was uploaded last of each small file, by key.
    private var notes: [String: [UInt8]] = [:]
    private var notesAt: [String: ContinuousClock.Instant] = [:]
    /// Sealed segments that are not uploaded yet, as of the last pass.
    public private(set) var pending = 0

    /// - Parameter prefix: of every key; empty, or with a slash at its end.
    public init(
        recordings: String, prefix: String, keeping: Keeping, client: S3Client, report: @escaping (Event) -> Void
    ) {
        self.recordings = recordings
        self.prefix = prefix
        self.keeping = keeping
        self.client = client
        uploader = Uploader(client: client)
        self.report = report
    }

    /// Uploads and removes what is due.
    ///
    /// - Parameter isLast: the small files are uploaded whatever the time is.
    /// - Throws: at the store's first failure; the next pass goes on from there.
    public func pass(isLast: Bool = false) throws(S3Error) {
        let replicas = try local { () throws(RecordingError) in
            try RecordingArchive(recordings: recordings).replicas()
        }
        pending = 0
        for replica in replicas { pending += try waiting(replica).count }
        for replica in replicas {
            try tidy(replica)
            let before = pending
            for segment in try waiting(replica) { try upload(segment, of: replica) }
            try uploadNotes(replica, isDue: isLast || before != pending)
        }
        guard keeping != Keeping() else { return }
        var excess = try excess(replicas)
        for replica in replicas { try remove(replica, &excess) }
    }

    private func folder(_ replica: String) -> String { recordings + "/" + replica }
    private func key(_ replica: String, _ name: String) -> String { "\(prefix)\(replica)/\(name)" }

    private func local<Value>(_ body: () throws(RecordingError) -> Value) throws(S3Error) -> Value {
        do throws(RecordingError) {
            return try body()
        } catch {
            throw .local(error)
        }
    }

    /// What the archive has of a replica. Nobody else writes it, but whoever restores the folder.
    private func archived(_ replica: String) throws(S3Error) -> [UInt64: ArchivedSegment] {
        let stamp = FileStamp(folder(replica) + "/" + ArchivedSegments.fileName)
        if let known = lists[replica], known.stamp == stamp { return known.list.segments }
        let list = try local { () throws(RecordingError) in try ArchivedSegments.read(folder(replica)) }
        lists[replica] = (stamp, list)
        return list.segments
    }

    private func add(_ segment: ArchivedSegment, to replica: String) throws(S3Error) {
        _ = try archived(replica)
        guard var known = lists[replica] else { return }
        known.list.add(segment)
        try local { () throws(RecordingError) in try known.list.write(folder(replica)) }
        known.stamp = FileStamp(folder(replica) + "/" + ArchivedSegments.fileName)
        lists[replica] = known
    }

    private func sealed(_ replica: String) throws(S3Error) -> SealedSegments {
        try local { () throws(RecordingError) in try SealedSegments.find(folder(replica)) }
    }

    private func waiting(_ replica: String) throws(S3Error) -> [SealedSegments.Segment] {
        let known = try archived(replica)
        return try sealed(replica).here.filter { known[$0.number] == nil }
    }

    /// Gives up the uploads of a process that was killed: they are nowhere to be seen, and cost what objects cost.
    private func tidy(_ replica: String) throws(S3Error) {
        guard !tidied.contains(replica) else { return }
        do throws(S3Error) {
            for (key, upload) in try client.uploads(prefix: key(replica, "")) {
                try client.abortUpload(key, upload: upload)
            }
        } catch {
            // Recordings are archived all the same.
            guard error.code == .denied || error.code == .refused else { throw error }
            report(.problem("interrupted uploads stay in the store: \(error)"))
        }
        tidied.insert(replica)
    }

    // MARK: - Uploading

    private func upload(_ segment: SealedSegments.Segment, of replica: String) throws(S3Error) {
        let firstBlock: UInt64
        do throws(RecordingError) {
            firstBlock = try SealedSegments.firstBlock(segment.path)
        } catch {
            report(.problem("not uploaded: \(error)"))
            return
        }
        let name = SealedSegments.fileName(segment.number)
        // First: without its keys nobody reads it. They are never locked, so that destroying them can erase it.
        let sidecar = String(name.dropLast(5)) + "slkeys"
        if access(folder(replica) + "/" + sidecar, F_OK) == 0 {
            _ = try upload(file: folder(replica) + "/" + sidecar, as: key(replica, sidecar), isLocked: false)
        }
        let result = try upload(file: segment.path, as: key(replica, name), isLocked: true)
        let entry = ArchivedSegment(
            number: segment.number, size: result.size, sha256: result.sha256, firstBlock: firstBlock,
            proof: result.proof,
            provenAt: UInt64(max(0, Date().timeIntervalSince1970)), key: key(replica, name), version: result.version)
        try add(entry, to: replica)
        pending -= 1
        report(.uploaded(replica: replica, entry))
        // It was removed or erased meanwhile: who follows that had not seen this copy.
        _ = try local { () throws(RecordingError) in
            try FollowedRemovals.reopen(segment.number, in: folder(replica))
        }
    }

    private func upload(file path: String, as key: String, isLocked: Bool) throws(S3Error) -> Uploader.Result {
        try Self.withFile(path) { descriptor throws(S3Error) in
            try uploader.upload(descriptor: descriptor, as: key, isLocked: isLocked)
        }
    }

    private static func withFile<Value>(
        _ path: String, _ body: (Int32) throws(S3Error) -> Value
    ) throws(S3Error) -> Value {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else {
            throw S3Error(.local, "\(path) cannot be opened: \(String(cString: strerror(errno)))")
        }
        defer { close(descriptor) }
        return try body(descriptor)
    }

    /// The small files that prove the segments, whenever they are others than before.
    private func uploadNotes(_ replica: String, isDue: Bool) throws(S3Error) {
        let now = ContinuousClock.now
        if !isDue, let last = notesAt[replica], now - last < .seconds(Self.notesSeconds) { return }
        let paths = ["head", "checkpoint", "leaves"].map { folder(replica) + "/" + $0 } + [recordings + "/replicas"]
        for path in paths where access(path, F_OK) == 0 {
            let key = key(replica, String(path.split(separator: "/").last ?? ""))
            let bytes = try Self.withFile(path) { descriptor throws(S3Error) in try Self.readNote(descriptor, path) }
            guard notes[key] != bytes else { continue }
            _ = try client.put(key, .bytes(bytes), digest: SHA256Hasher.digest(bytes), headers: [])
            notes[key] = bytes
        }
        notesAt[replica] = now
    }

    private static func readNote(_ descriptor: Int32, _ path: String) throws(S3Error) -> [UInt8] {
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_size <= maxNoteBytes else {
            throw S3Error(.local, "\(path) is larger than any that is known")
        }
        var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
        let count = pread(descriptor, &bytes, bytes.count, 0)
        guard count == bytes.count else { throw S3Error(.local, "\(path) cannot be read") }
        return bytes
    }

    // MARK: - Removing

    private func remove(_ replica: String, _ excess: inout Int64) throws(S3Error) {
        let known = try archived(replica)
        let sealed = try sealed(replica)
        for segment in sealed.here where sealed.isRemovable(segment) {
            guard let entry = known[segment.number], isOld(segment) || excess > 0 else { continue }
            do throws(S3Error) {
                try uploader.confirm(entry)
                try Self.withFile(segment.path) { descriptor throws(S3Error) in
                    let digest = try FileDigest(
                        descriptor: descriptor, partBytes: client.settings.partBytes, goesOn: client.goesOn)
                    guard hexadecimal(digest.whole) == entry.sha256 else {
                        throw S3Error(.notProven, "\(segment.path) is not what was uploaded")
                    }
                }
            } catch {
                guard error.code == .notProven else { throw error }
                report(.problem("kept here: \(error)"))
                continue
            }
            guard unlink(segment.path) == 0 else {
                throw S3Error(.local, "\(segment.path) cannot be removed: \(String(cString: strerror(errno)))")
            }
            excess -= entry.size
            report(.removed(replica: replica, number: segment.number, bytes: entry.size))
        }
    }

    private func isOld(_ segment: SealedSegments.Segment) -> Bool {
        guard let seconds = keeping.seconds else { return false }
        var status = stat()
        guard stat(segment.path, &status) == 0 else { return false }
        return time(nil) - status.st_mtim.tv_sec >= seconds
    }

    /// Bytes that sealed segments here have beyond what may stay.
    private func excess(_ replicas: [String]) throws(S3Error) -> Int64 {
        guard let bytes = keeping.bytes else { return 0 }
        var total: Int64 = 0
        for replica in replicas {
            for segment in try sealed(replica).here {
                var status = stat()
                if stat(segment.path, &status) == 0 { total += Int64(status.st_size) }
            }
        }
        return total - Int64(bytes)
    }
}
