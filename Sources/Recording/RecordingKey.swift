import COpenSSL
import Glibc

/// The recorder's key: 32 random bytes in a file of mode 0600.
public enum RecordingKey {
    public static let length = 32

    /// Reads the key; creates the file when it is missing.
    ///
    /// A key file that others can read is refused, and so is a new key for recordings that another one proves.
    /// - Parameter recordings: the folder of recordings that the key is for.
    public static func load(
        creatingAt path: String, for recordings: String, files: any FileLayer = SystemFiles()
    ) throws(RecordingError) -> [UInt8] {
        if fileSize(path) == nil {
            if fileSize(recordings) != nil, let replica = try RecordingArchive(recordings: recordings).replicas().first
            {
                throw RecordingError(
                    .invalid, file: path,
                    "the key is missing, and there are recordings (\(recordings)/\(replica)): restore it from a backup, or "
                        + "move the recordings away")
            }
            try create(path, files)
        }
        return try load(path)
    }

    /// Reads an existing key.
    public static func load(_ path: String) throws(RecordingError) -> [UInt8] {
        var status = stat()
        guard stat(path, &status) == 0 else { throw .system(FileError("open", number: errno), path) }
        guard isPrivate(status) else {
            throw RecordingError(.invalid, file: path, "others can read this key: make its mode 0600")
        }
        let bytes = try readFile(path, limit: length + 1)
        guard bytes.count == length else {
            throw RecordingError(.invalid, file: path, "a recording key has \(length) bytes")
        }
        return bytes
    }

    /// Open to its owner alone; or root's, and readable by a group: so service managers hand over a secret to one
    /// process (systemd's credentials by an access list, whose mask shows as the group's bits; Kubernetes by fsGroup).
    static func isPrivate(_ status: stat) -> Bool {
        status.st_mode & 0o077 == 0 || (status.st_uid == 0 && status.st_mode & 0o037 == 0)
    }

    private static func create(_ path: String, _ files: any FileLayer) throws(RecordingError) {
        var key = [UInt8](repeating: 0, count: length)
        guard RAND_priv_bytes(&key, Int32(length)) == 1 else {
            throw RecordingError(.unusable, "no randomness for a key")
        }
        // Written under another name and linked: a half-written key never has the key's name, and of two
        // processes that start together the second uses the first one's key.
        let draft = "\(path).\(getpid())"
        do throws(FileError) {
            let descriptor = try files.create(draft)
            defer {
                close(descriptor)
                unlink(draft)
            }
            try files.writeAll(key, to: descriptor, at: 0)
            try files.synchronize(descriptor)
            if link(draft, path) != 0, errno != EEXIST { throw FileError("link", number: errno) }
        } catch {
            throw .system(error, path)
        }
        try synchronizeDirectory(parent(path))
    }
}
