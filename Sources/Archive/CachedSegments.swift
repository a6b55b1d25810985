import Foundation
import Glibc
import Recording

/// Segments fetched back from the archive, in a folder of bounded size beside the recordings. Several processes may share
/// it.
public final class CachedSegments: SegmentSource, @unchecked Sendable {
    /// In the folder of recordings; no replica's name begins with a dot.
    public static let folderName = ".archive-cache"
    /// A draft this old is that of a process that was killed, seconds.
    private static let draftSeconds = 3600

    private let recordings: String
    private let folder: String
    private let prefix: String
    private let maxBytes: Int64
    private let isReused: Bool
    private let connect: @Sendable () throws -> S3Client
    // Touched under `lock` alone.
    private let lock = NSLock()
    private var client: S3Client?
    /// Paths of what this process has fetched, with the SHA-256 that it had.
    private var fetched: [String: String] = [:]
    /// What was found of replicas on other hosts.
    private var found: [String: ArchivedSegment?] = [:]

    /// - Parameters:
    ///   - prefix: of every key; empty, or with a slash at its end.
    ///   - bytes: the folder has no more than this, or one segment that is larger.
    ///   - isReused: false fetches every segment anew, once in this process, as proof that the store has it.
    ///   - connect: called when the first segment is needed.
    public init(
        recordings: String, prefix: String = "", bytes: Int, isReused: Bool = true,
        connect: @escaping @Sendable () throws -> S3Client
    ) {
        self.recordings = recordings
        self.prefix = prefix
        folder = recordings + "/" + Self.folderName
        maxBytes = Int64(bytes)
        self.isReused = isReused
        self.connect = connect
    }

    public func path(of segment: ArchivedSegment, replica: String) throws(RecordingError) -> String {
        lock.lock()
        defer { lock.unlock() }
        let path = "\(folder)/\(replica)/\(SealedSegments.fileName(segment.number))"
        var status = stat()
        let isKnown = isReused || fetched[path] == segment.sha256
        if isKnown, stat(path, &status) == 0, status.st_size == segment.size {
            utimes(path, nil)
            return path
        }
        do {
            for folder in [recordings, folder, "\(folder)/\(replica)"] {
                guard mkdir(folder, 0o700) == 0 || errno == EEXIST else {
                    throw S3Error(.local, "\(folder) cannot be made: \(String(cString: strerror(errno)))")
                }
            }
            try makeRoom(segment.size)
            try fetch(segment, to: path, connected())
            fetched[path] = segment.sha256
        } catch {
            throw RecordingError.notFetched(replica, segment, "\(error)")
        }
        return path
    }

    public func find(
        _ number: UInt64, firstBlock: UInt64, replica: String
    ) throws(RecordingError) -> ArchivedSegment? {
        lock.lock()
        defer { lock.unlock() }
        let key = "\(prefix)\(replica)/\(SealedSegments.fileName(number))"
        if let known = found[key] { return known }
        do {
            let segment = try ask(
                number, firstBlock, key, keyFile: "\(prefix)\(replica)/\(SealedSegments.sidecarName(number))")
            found.updateValue(segment, forKey: key)
            return segment
        } catch {
            throw RecordingError.notFound(key, "\(error)")
        }
    }

    private func ask(
        _ number: UInt64, _ firstBlock: UInt64, _ key: String, keyFile: String
    ) throws -> ArchivedSegment? {
        let client = try connected()
        guard let stored = try client.head(key, version: nil), let digest = stored.claimedSHA256,
            digest.utf8.count == 64
        else { return nil }
        // A key file that lay here too would outlive the erasure of its segment.
        guard try client.head(keyFile, version: nil) == nil else { return nil }
        return ArchivedSegment(
            number: number, size: stored.size, sha256: digest, firstBlock: firstBlock, proof: .read, provenAt: 0,
            key: key, version: stored.version)
    }

    private func connected() throws -> S3Client {
        let made = try client ?? connect()
        client = made
        return made
    }

    private func fetch(_ segment: ArchivedSegment, to path: String, _ client: S3Client) throws(S3Error) {
        let draft = "\(path).\(getpid()).part"
        let descriptor = open(draft, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else {
            throw S3Error(.local, "\(draft) cannot be made: \(String(cString: strerror(errno)))")
        }
        defer {
            close(descriptor)
            unlink(draft)
        }
        var hasher = SHA256Hasher()
        var size: Int64 = 0
        var failure: S3Error?
        do throws(S3Error) {
            try client.get(segment.key, version: segment.version) {
                hasher = SHA256Hasher()
                size = 0
            } _: { piece in
                guard size + Int64(piece.count) <= segment.size else {
                    failure = S3Error(.notProven, "\(segment.key) has more bytes in the store than were uploaded")
                    return false
                }
                guard Self.write(piece, to: descriptor, at: size) else {
                    failure = S3Error(.local, "\(draft) cannot be written: \(String(cString: strerror(errno)))")
                    return false
                }
                hasher.add(piece)
                size += Int64(piece.count)
                return true
            }
        } catch {
            throw failure ?? error
        }
        guard size == segment.size, hexadecimal(hasher.finish()) == segment.sha256 else {
            throw S3Error(.notProven, "\(segment.key) has other bytes in the store than were uploaded")
        }
        guard rename(draft, path) == 0 else {
            throw S3Error(.local, "\(path) cannot be made: \(String(cString: strerror(errno)))")
        }
    }

    private static func write(_ piece: UnsafeRawBufferPointer, to descriptor: Int32, at offset: Int64) -> Bool {
        var done = 0
        while done < piece.count {
            let count = pwrite(descriptor, piece.baseAddress.map { $0 + done }, piece.count - done, Int(offset) + done)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            done += count
        }
        return true
    }

    /// Removes what was used longest ago until `size` more bytes fit. Who has it open goes on reading it.
    private func makeRoom(_ size: Int64) throws {
        var files: [(path: String, size: Int64, used: Int)] = []
        let manager = FileManager.default
        for name in try manager.subpathsOfDirectory(atPath: folder) {
            var status = stat()
            let path = "\(folder)/\(name)"
            guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { continue }
            if name.hasSuffix(".part") {
                if time(nil) - status.st_mtim.tv_sec > Self.draftSeconds { unlink(path) }
            } else {
                files.append((path, Int64(status.st_size), status.st_mtim.tv_sec))
            }
        }
        var total = files.reduce(0) { $0 + $1.size }
        for file in files.sorted(by: { ($0.used, $0.path) < ($1.used, $1.path) }) where total + size > maxBytes {
            if unlink(file.path) == 0 { total -= file.size }
        }
    }
}
