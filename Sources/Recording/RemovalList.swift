/// Segments of a replica that were removed, or whose data keys were destroyed: the file `removals` of its folder, signed with
/// the recorder's key. What it names may be gone. Notices in the recording say the same, but go with their segments.
///
/// A signed note (``SignedNote``) of the lines `sluice-removals 2`, `replica NAME`, then `removed A-B REASON` or `erased A-B
/// REASON` for each order.
struct RemovalList: Equatable {
    static let fileName = "removals"
    private static let title = "sluice-removals 2"
    /// Of a million orders.
    private static let maxBytes = 512 << 20

    let replica: String
    private(set) var entries: [RemovalOrder] = []

    init(replica: String) { self.replica = replica }

    static func path(_ directory: String) -> String { directory + "/" + fileName }

    /// The file's list; nil when there is none.
    ///
    /// - Parameter keys: who may have signed; nil: the signature is not checked.
    /// - Throws: `damaged` when it is not as a recorder wrote it.
    static func read(
        _ directory: String, keys: [VerificationKey]?
    ) throws(RecordingError) -> RemovalList? {
        let path = path(directory)
        guard let size = fileSize(path) else { return nil }
        guard size <= Int64(maxBytes) else { throw damaged(path) }
        let text = try SignedNote.open(try readFile(path, limit: Int(size) + 1), file: path, keys: keys)
        var lines = SignedNote.split(text, at: 0x0a)[...]
        var list = RemovalList(replica: lastName(directory))
        guard lines.popLast()?.isEmpty == true, lines.popFirst() == title, lines.popFirst() == "replica \(list.replica)"
        else { throw damaged(path) }
        for line in lines {
            guard let entry = parse(line) else { throw damaged(path) }
            list.entries.append(entry)
        }
        return list
    }

    mutating func add(_ order: RemovalOrder) {
        if !entries.contains(order) { entries.append(order) }
    }

    mutating func takeBack(_ order: RemovalOrder) { entries.removeAll { $0 == order } }

    func isRemoved(_ number: UInt64) -> Bool {
        entries.contains { $0.kind == .remove && $0.segments.contains(number) }
    }

    func isErased(_ number: UInt64) -> Bool { entries.contains { $0.segments.contains(number) } }

    /// Replaces the file, durably.
    func write(_ directory: String, key: RecordingKey, files: any FileLayer) throws(RecordingError) {
        let lines = [Self.title, "replica \(replica)"] + entries.map(Self.line)
        let note = try SignedNote.sign(lines.map { $0 + "\n" }.joined(), key: key)
        try replaceFile(Self.path(directory), with: Array(note.utf8), files: files)
    }

    static func line(_ order: RemovalOrder) -> String {
        "\(word(order.kind)) \(order.segments.lowerBound)-\(order.segments.upperBound) \(order.reason)"
    }

    private static func word(_ kind: RemovalOrder.Kind) -> String {
        switch kind {
        case .remove: "removed"
        case .erase: "erased"
        }
    }

    static func parse(_ line: String) -> RemovalOrder? {
        let words = SignedNote.split(line, at: 0x20, most: 2)
        guard words.count == 3, let kind = RemovalOrder.Kind.allCases.first(where: { word($0) == words[0] }) else {
            return nil
        }
        let ends = words[1].split(separator: "-", omittingEmptySubsequences: false).map { UInt64($0) }
        guard ends.count == 2, let first = ends[0], let last = ends[1], first > 0, first <= last else { return nil }
        return RemovalOrder(kind, first...last, reason: words[2])
    }

    private static func damaged(_ path: String) -> RecordingError {
        RecordingError(.damaged, file: path, offset: 0, "not a list of this replica's removals")
    }
}
