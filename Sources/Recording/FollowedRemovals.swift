import Glibc

/// Which removals of a replica were followed everywhere else: in the list of sessions and in the archive. Beside the signed list of
/// removals (``RemovalList``), a note under the same key of the line `sluice-followed 2`, `replica NAME` and lines of the same form, so that
/// who is killed, or meets a store that is away, goes on from there. What is not in it, or not proven, is followed again, which
/// changes nothing.
public struct FollowedRemovals {
    static let fileName = "removals.followed"
    private static let title = "sluice-followed 2"
    private static let maxBytes: Int64 = 64 << 20

    private let directory: String
    private let orders: [RemovalOrder]
    private var followed: [RemovalOrder]

    /// - Parameters:
    ///   - directory: `<recordings>/<replica>`.
    ///   - keys: the recorder's.
    /// - Throws: `damaged` when none of them signed the list of removals.
    public init(_ directory: String, signedBy keys: [VerificationKey]) throws(RecordingError) {
        self.directory = directory
        orders = try RemovalList.read(directory, keys: keys)?.entries ?? []
        followed = Self.read(directory, keys)
    }

    /// What is not proven was not followed.
    private static func read(_ directory: String, _ keys: [VerificationKey]) -> [RemovalOrder] {
        let path = path(directory)
        guard isFile(path), let size = fileSize(path), size <= maxBytes else { return [] }
        do throws(RecordingError) {
            let text = try SignedNote.open(try readFile(path, limit: Int(size)), file: path, keys: keys)
            let lines = SignedNote.split(text, at: 0x0a)
            guard lines.prefix(2).elementsEqual(head(directory)) else { return [] }
            return lines.dropFirst(2).compactMap(RemovalList.parse)
        } catch {
            return []
        }
    }

    private static func head(_ directory: String) -> [String] {
        [title, "replica \(lastName(directory))"]
    }

    /// Orders that were carried out here and, as far as is known, not elsewhere.
    public var left: [RemovalOrder] { orders.filter { !followed.contains($0) } }

    /// Keeps, durably, that an order was followed.
    public mutating func add(_ order: RemovalOrder, key: RecordingKey) throws(RecordingError) {
        followed = orders.filter { followed.contains($0) || $0 == order }
        let lines = Self.head(directory) + followed.map(RemovalList.line)
        let note = try SignedNote.sign(lines.map { $0 + "\n" }.joined(), key: key)
        try replaceFile(Self.path(directory), with: Array(note.utf8), files: SystemFiles())
    }

    /// Has all orders followed again when one of them is about a segment: a copy of it came to the archive later.
    ///
    /// - Returns: whether one is.
    public static func reopen(_ segment: UInt64, in directory: String) throws(RecordingError) -> Bool {
        // Whose word the list is does not matter: who follows it looks.
        guard try RemovalList.read(directory, keys: nil)?.isErased(segment) == true else { return false }
        unlink(path(directory))
        return true
    }

    private static func path(_ directory: String) -> String { directory + "/" + fileName }
}
