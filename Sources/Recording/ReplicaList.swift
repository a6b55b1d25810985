import Glibc

/// The names of all replicas that ever recorded in a folder of recordings: `<recordings>/replicas`, signed with the
/// recorder's key. A replica stands in it before its first acknowledgement, so that its folder cannot vanish unseen.
///
/// A signed note (``SignedNote``) of the lines `sluice-replicas 2` and a name each, in ascending order.
enum ReplicaList {
    static let fileName = "replicas"
    static let maxReplicas = 10_000
    /// Begins a recorder's own note of the list, which names follow.
    static let notice = "replicas:"
    private static let title = "sluice-replicas 2"
    private static let maxBytes = (maxReplicas + 2) * (Format.maxReplicaBytes + 32)

    static func path(_ recordings: String) -> String { recordings + "/" + fileName }

    /// The names; nil when there is no list.
    ///
    /// - Parameter keys: nil: its signature is not checked.
    /// - Throws: `damaged` when the list is not as written, or none of `keys` signed it.
    static func read(_ recordings: String, keys: [VerificationKey]?) throws(RecordingError) -> Set<String>? {
        let path = path(recordings)
        guard fileSize(path) != nil else { return nil }
        let bytes = try readFile(path, limit: maxBytes + 1)
        guard bytes.count <= maxBytes else { throw damaged(path, "not a list of replicas") }
        var lines = try SignedNote.open(bytes, file: path, keys: keys)
            .split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        guard lines.popLast()?.isEmpty == true, lines.first == title else {
            throw damaged(path, "not a list of replicas")
        }
        let names = lines.dropFirst()
        guard names.allSatisfy(Format.isReplicaName), names.count <= maxReplicas, Set(names).count == names.count else {
            throw damaged(path, "a line is no replica's name")
        }
        return Set(names)
    }

    /// Puts a replica on the list. The first list has all replicas that there are.
    ///
    /// - Parameter former: keys that may have signed the list as it is; it is then signed anew.
    static func add(
        _ replica: String, recordings: String, key: RecordingKey, former: [RecordingKey] = [], files: any FileLayer
    ) throws(RecordingError) {
        try withLock(recordings) { () throws(RecordingError) in
            let keys = [key] + former
            let listed = try read(recordings, keys: keys.map(\.verification))
            var names: Set<String>
            if let listed { names = listed } else { names = try found(recordings, keys: keys) }
            let isNew = names.insert(replica).inserted
            if !isNew, listed != nil, try isSigned(recordings, by: key.verification) { return }
            guard names.count <= maxReplicas else {
                throw RecordingError(.unusable, file: path(recordings), "more than \(maxReplicas) replicas")
            }
            let text = ([title] + names.sorted()).map { $0 + "\n" }.joined()
            try replaceFile(path(recordings), with: Array(try SignedNote.sign(text, key: key).utf8), files: files)
        }
    }

    private static func isSigned(_ recordings: String, by key: VerificationKey) throws(RecordingError) -> Bool {
        do throws(RecordingError) {
            return try read(recordings, keys: [key]) != nil
        } catch {
            guard error.code == .damaged else { throw error }
            return false
        }
    }

    /// What a recorder notes in its own recording of the list.
    static func note(_ names: Set<String>) -> String {
        ([notice] + names.sorted()).joined(separator: " ")
    }

    /// The names in such a note; nil for another text.
    static func names(inNote text: String) -> [String]? {
        let words = text.split(separator: " ").map(String.init)
        guard words.first == notice, words.dropFirst().allSatisfy(Format.isReplicaName) else { return nil }
        return Array(words.dropFirst())
    }

    /// One process at a time changes what stands beside the replicas' folders.
    static func withLock<Value>(
        _ recordings: String, _ body: () throws(RecordingError) -> Value
    ) throws(RecordingError) -> Value {
        let path = WriterLock.path(recordings)
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw .system(FileError("open", number: errno), path) }
        defer { close(descriptor) }
        while flock(descriptor, LOCK_EX) != 0 {
            guard errno == EINTR else { throw .system(FileError("flock", number: errno), path) }
        }
        return try body()
    }

    /// Replicas that are here when the list is not: those whose heads name their folders.
    private static func found(_ recordings: String, keys: [RecordingKey]) throws(RecordingError) -> Set<String> {
        var names: Set<String> = []
        for name in try RecordingArchive(recordings: recordings).replicas() {
            do throws(RecordingError) {
                let head = try StoredHead.read(directory: recordings + "/" + name, keys: keys).value
                if head.replica == name { names.insert(name) }
            } catch {
                // A folder without a head of ours proves nothing, and so its absence would not either.
                continue
            }
        }
        return names
    }

    private static func damaged(_ path: String, _ reason: String) -> RecordingError {
        RecordingError(.damaged, file: path, offset: 0, reason)
    }
}

func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
    bytes.map { byte in
        let digits = String(byte, radix: 16)
        return digits.utf8.count == 1 ? "0" + digits : digits
    }.joined()
}
