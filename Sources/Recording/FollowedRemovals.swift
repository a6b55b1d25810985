import Glibc

/// Which removals of a replica were followed everywhere else: in the list of sessions and in the archive. Beside the signed list of
/// removals (``RemovalList``), in lines of the same form, so that who is killed, or meets a store that is away, goes on from there. What
/// is not in it is followed again, which changes nothing.
public struct FollowedRemovals {
    static let fileName = "removals.followed"

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
        let path = Self.path(directory)
        let size = try exists(path) ? fileSize(path) ?? 0 : 0
        let text = size == 0 ? "" : String(decoding: try readFile(path, limit: Int(size)), as: UTF8.self)
        followed = SignedNote.split(text, at: 0x0a).compactMap(RemovalList.parse)
    }

    /// Orders that were carried out here and, as far as is known, not elsewhere.
    public var left: [RemovalOrder] { orders.filter { !followed.contains($0) } }

    /// Keeps, durably, that an order was followed.
    public mutating func add(_ order: RemovalOrder) throws(RecordingError) {
        followed = orders.filter { followed.contains($0) || $0 == order }
        let text = followed.map { RemovalList.line($0) + "\n" }.joined()
        try replaceFile(Self.path(directory), with: Array(text.utf8), files: SystemFiles())
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
