import COpenSSL
import Glibc

/// A recorder's own key: 32 random bytes in a file of mode 0600. It is the seed of an Ed25519 key (RFC 8032), and what
/// authenticates heads is derived from it.
public struct RecordingKey: Sendable {
    public static let length = 32

    public let verification: VerificationKey
    /// Of HMAC-SHA256 over heads.
    let authentication: [UInt8]
    private let signing: KeyHandle

    public init(seed: [UInt8]) throws(RecordingError) {
        guard seed.count == Self.length else {
            throw RecordingError(.invalid, "a recording key has \(Self.length) bytes")
        }
        guard let key = KeyHandle.raw(EVP_PKEY_ED25519, private: seed) else { throw cryptoFailure("reading a key") }
        signing = key
        verification = try VerificationKey(bytes: try key.rawPublic())
        authentication = try authenticationCode("sluice recording head".utf8, key: seed)
    }

    /// An Ed25519 signature, 64 bytes.
    func sign(_ message: [UInt8]) throws(RecordingError) -> [UInt8] {
        guard let context = EVP_MD_CTX_new() else { throw cryptoFailure("signing") }
        defer { EVP_MD_CTX_free(context) }
        var signature = [UInt8](repeating: 0, count: VerificationKey.signatureLength)
        var count = signature.count
        guard EVP_DigestSignInit(context, nil, nil, nil, signing.pointer) == 1,
            EVP_DigestSign(context, &signature, &count, message, message.count) == 1, count == signature.count
        else { throw cryptoFailure("signing") }
        return signature
    }

    /// Reads the key; creates the file when it is missing.
    ///
    /// A key file that others can read is refused, and so is a new key for recordings that another one proves.
    /// - Parameter recordings: the folder of recordings that the key is for.
    public static func load(
        creatingAt path: String, for recordings: String, files: any FileLayer = SystemFiles()
    ) throws(RecordingError) -> RecordingKey {
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
    public static func load(_ path: String) throws(RecordingError) -> RecordingKey {
        var status = stat()
        guard stat(path, &status) == 0 else { throw .system(FileError("open", number: errno), path) }
        guard isPrivate(status) else {
            throw RecordingError(.invalid, file: path, "others can read this key: make its mode 0600")
        }
        let bytes = try readFile(path, limit: length + 1)
        guard bytes.count == length else {
            throw RecordingError(.invalid, file: path, "a recording key has \(length) bytes")
        }
        return try RecordingKey(seed: bytes)
    }

    /// The keys that were in use before the one at `path`, the latest first: `recording.key.former` beside it, 32 bytes each.
    public static func loadFormer(of path: String) throws(RecordingError) -> [RecordingKey] {
        let file = path + formerSuffix
        var status = stat()
        guard stat(file, &status) == 0 else { return [] }
        guard isPrivate(status) else {
            throw RecordingError(.invalid, file: file, "others can read these keys: make its mode 0600")
        }
        let bytes = try readFile(file, limit: maxFormer * length + 1)
        guard bytes.count % length == 0, bytes.count <= maxFormer * length else {
            throw RecordingError(
                .invalid, file: file, "each of at most \(maxFormer) recording keys has \(length) bytes")
        }
        return try stride(from: 0, to: bytes.count, by: length).map { place throws(RecordingError) in
            try RecordingKey(seed: Array(bytes[place..<(place + length)]))
        }
    }

    /// Puts a new key in place of the one at `path`, which becomes a former one. Recorders use it from their next start on.
    ///
    /// - Returns: the new key.
    public static func rotate(
        _ path: String, files: any FileLayer = SystemFiles()
    ) throws(RecordingError) -> RecordingKey {
        _ = try load(path)
        let former = try loadFormer(of: path)
        guard former.count < maxFormer else {
            throw RecordingError(.invalid, file: path + formerSuffix, "there were \(maxFormer) keys before already")
        }
        var formerBytes = try readFile(path, limit: length)
        if !former.isEmpty { formerBytes += try readFile(path + formerSuffix, limit: maxFormer * length) }
        try replaceFile(path + formerSuffix, with: formerBytes, files: files)
        let seed = try randomBytes(length)
        try replaceFile(path, with: seed, files: files)
        return try RecordingKey(seed: seed)
    }

    static let formerSuffix = ".former"
    static let maxFormer = 64

    /// Open to its owner alone; or root's, and readable by a group: so service managers hand over a secret to one
    /// process (systemd's credentials by an access list, whose mask shows as the group's bits; Kubernetes by fsGroup).
    static func isPrivate(_ status: stat) -> Bool {
        status.st_mode & 0o077 == 0 || (status.st_uid == 0 && status.st_mode & 0o037 == 0)
    }

    private static func create(_ path: String, _ files: any FileLayer) throws(RecordingError) {
        // Written under another name and linked: a half-written key never has the key's name, and of two
        // processes that start together the second uses the first one's key.
        let draft = "\(path).\(getpid())"
        let key = try randomBytes(length)
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
        try synchronizeDirectory(parent(path), files: files)
    }
}
