import Foundation
import Recording

/// Uploads files, and proves that the store has them.
struct Uploader {
    /// How a file stands in the store, proven.
    struct Result {
        var size: Int64
        /// 64 hexadecimal digits.
        var sha256: String
        var proof: ArchivedSegment.Proof
        var version: String?
    }

    /// A date that is a day off is no other lock: clocks and the time of the upload differ.
    private static let lockTolerance: TimeInterval = 86_400

    let client: S3Client

    /// Uploads an open file unless the store has it already, as after a process was killed in between.
    func upload(descriptor: Int32, as key: String, isLocked: Bool) throws(S3Error) -> Result {
        let digest = try FileDigest(descriptor: descriptor, partBytes: client.settings.partBytes, goesOn: client.goesOn)
        if let stored = try client.head(key, version: nil), stored.size == digest.size,
            stored.claimedSHA256 == hexadecimal(digest.whole)
        {
            do throws(S3Error) {
                return try prove(stored, key, digest, isLocked: isLocked)
            } catch {
                guard error.code == .notProven else { throw error }
            }
        }
        let version: String?
        if digest.parts.count > 1 {
            try uploadParts(descriptor, key, digest, isLocked: isLocked)
            version = nil
        } else {
            version = try client.put(
                key, .file(descriptor: descriptor, offset: 0, length: digest.size), digest: digest.whole,
                headers: headers(digest, isLocked: isLocked))
        }
        guard let stored = try client.head(key, version: version) else {
            throw S3Error(.notProven, "\(key) was uploaded, and the store does not have it")
        }
        return try prove(stored, key, digest, isLocked: isLocked)
    }

    /// Checks that the store still has what was proven before.
    func confirm(_ segment: ArchivedSegment) throws(S3Error) {
        guard let stored = try client.head(segment.key, version: segment.version) else {
            throw S3Error(.notProven, "\(segment.key) is not in the store any more")
        }
        guard stored.size == segment.size, stored.claimedSHA256 == segment.sha256 else {
            throw S3Error(.notProven, "\(segment.key) is another object in the store than was uploaded")
        }
    }

    private func headers(_ digest: FileDigest, isLocked: Bool) -> [(String, String)] {
        var headers = [("x-amz-meta-sha256", hexadecimal(digest.whole)), ("content-type", "application/octet-stream")]
        if isLocked, let lock = client.settings.lock {
            let until = Date().addingTimeInterval(TimeInterval(lock.days) * 86_400)
            headers += [
                ("x-amz-object-lock-mode", lock.mode),
                ("x-amz-object-lock-retain-until-date", ISO8601DateFormatter().string(from: until)),
            ]
        }
        return headers
    }

    private func uploadParts(
        _ descriptor: Int32, _ key: String, _ digest: FileDigest, isLocked: Bool
    ) throws(S3Error) {
        let upload = try client.beginUpload(key, headers: headers(digest, isLocked: isLocked))
        do throws(S3Error) {
            var parts: [(tag: String, digest: [UInt8])] = []
            for (index, part) in digest.parts.enumerated() {
                let (offset, length) = digest.range(of: index)
                let tag = try client.putPart(
                    key, upload: upload, number: index + 1,
                    .file(descriptor: descriptor, offset: offset, length: length), digest: part)
                parts.append((tag, part))
            }
            do throws(S3Error) {
                try client.completeUpload(key, upload: upload, parts: parts)
            } catch {
                // The answer to an attempt before may have been lost: the proof tells.
                guard error.code == .missing else { throw error }
            }
        } catch {
            // Not when this process ends or the store is gone: the next start gives up what it finds.
            guard error.code != .cancelled, error.code != .unavailable else { throw error }
            do throws(S3Error) {
                try client.abortUpload(key, upload: upload)
            } catch let second {
                throw S3Error(
                    error.code, server: error.serverCode,
                    "\(error); and the upload stays in the store until the next start: \(second)")
            }
            throw error
        }
    }

    private func prove(
        _ stored: S3Client.Stored, _ key: String, _ digest: FileDigest, isLocked: Bool
    ) throws(S3Error) -> Result {
        guard stored.size == digest.size else {
            throw S3Error(.notProven, "\(key) has \(stored.size) bytes in the store and \(digest.size) here")
        }
        if isLocked { try proveLock(stored, key) }
        let proof: ArchivedSegment.Proof
        if let checksum = stored.checksum {
            guard checksum == digest.checksum || checksum == base64(digest.whole) else {
                throw S3Error(.notProven, "\(key) has another SHA-256 in the store than here")
            }
            proof = .checksum
        } else {
            try read(stored, key, digest)
            proof = .read
        }
        return Result(size: digest.size, sha256: hexadecimal(digest.whole), proof: proof, version: stored.version)
    }

    private func proveLock(_ stored: S3Client.Stored, _ key: String) throws(S3Error) {
        guard let lock = client.settings.lock else { return }
        let least = Date().addingTimeInterval(TimeInterval(lock.days) * 86_400 - Self.lockTolerance)
        guard stored.lockMode == lock.mode, let until = stored.lockedUntil.flatMap(Self.date), until >= least else {
            throw S3Error(.notProven, "\(key) is not locked in the store as recording.archive.lock says")
        }
    }

    /// RFC 3339 to the second; what follows it, fractions that are zero, differs between stores.
    private static func date(_ text: String) -> Date? {
        ISO8601DateFormatter().date(from: String(text.prefix(19)) + "Z")
    }

    private func read(_ stored: S3Client.Stored, _ key: String, _ digest: FileDigest) throws(S3Error) {
        var hasher = SHA256Hasher()
        var size: Int64 = 0
        try client.get(key, version: stored.version) {
            hasher = SHA256Hasher()
            size = 0
        } _: { piece in
            hasher.add(piece)
            size += Int64(piece.count)
            return true
        }
        guard size == digest.size, hasher.finish() == digest.whole else {
            throw S3Error(.notProven, "\(key) has other bytes in the store than here")
        }
    }
}
