import Glibc

/// Segments that nobody may remove or erase: a legal hold. Files in the folder `holds` of the replica, named by the hold, a dot, eight
/// random hexadecimal digits, a dot, and `A-B`: signed notes (``SignedNote``) of the lines `sluice-hold 2`, `replica NAME`, and `held FILE REASON` or `released
/// FILE`, under the recorder's key.
///
/// A file that is anything else holds too: whoever can write there and has not the key ends no hold by changing one. Nor by a release
/// that was copied before: it is of another hold, even if that had the same name.
public struct LegalHold: Sendable, Equatable {
    public let name: String
    public let segments: ClosedRange<UInt64>
    /// Tells it from every other one of the same name; empty in releases before these digits.
    private let id: String
    /// Why, in one line; nil while it is not proven.
    public private(set) var reason: String?
    /// Why the file is not proven to be a hold; nil when it is. It holds all the same.
    public private(set) var problem: String?

    public static let maxNameBytes = 100
    private static let title = "sluice-hold 2"
    private static let maxBytes = 4096
    private static let idBytes = 4

    public init(_ name: String, _ segments: ClosedRange<UInt64>, reason: String? = nil) throws(RecordingError) {
        guard Format.isReplicaName(name), name.utf8.count <= Self.maxNameBytes else {
            throw RecordingError(.invalid, "a hold's name has letters, digits, '-', '_' and '.'")
        }
        self.name = name
        self.segments = segments
        self.reason = reason
        id = hexadecimal((0..<Self.idBytes).map { _ in UInt8.random(in: .min ... .max) })
    }

    static func folder(_ directory: String) -> String { directory + "/holds" }
    var fileName: String { "\(name).\(id.isEmpty ? "" : id + ".")\(segments.lowerBound)-\(segments.upperBound)" }

    /// Puts it into the replica's folder, durably.
    ///
    /// - Throws: `invalid` when there is no reason of one line, or when the same was released before.
    public func place(
        in directory: String, key: RecordingKey, former: [RecordingKey] = [], files: any FileLayer = SystemFiles()
    ) throws(RecordingError) {
        let reason = reason ?? ""
        try SignedNote.check(reason: reason)
        let folder = Self.folder(directory)
        try makeDirectory(folder)
        let keys = ([key] + former).map(\.verification)
        if fileSize(folder + "/" + fileName) != nil, try Self.read(fileName, in: directory, signedBy: keys) == nil {
            throw RecordingError(.invalid, "\(fileName) was released: place another hold")
        }
        try write("held \(fileName) \(reason)", in: directory, key: key, files: files)
    }

    /// Ends it.
    public func release(
        in directory: String, key: RecordingKey, files: any FileLayer = SystemFiles()
    ) throws(RecordingError) {
        try write("released \(fileName)", in: directory, key: key, files: files)
    }

    private func write(
        _ line: String, in directory: String, key: RecordingKey, files: any FileLayer
    ) throws(RecordingError) {
        let note = try SignedNote.sign("\(Self.title)\nreplica \(lastName(directory))\n\(line)\n", key: key)
        try replaceFile(Self.folder(directory) + "/" + fileName, with: Array(note.utf8), files: files)
    }

    /// All holds on a replica's segments, those that are not proven too.
    ///
    /// - Parameter keys: the recorder's, and its former ones.
    /// - Throws: also when something there has no hold's name: what it holds is not known.
    public static func all(
        in directory: String, signedBy keys: [VerificationKey]
    ) throws(RecordingError) -> [LegalHold] {
        guard try exists(folder(directory)) else { return [] }
        var holds: [LegalHold] = []
        // A draft is not placed yet: see ``replaceFile``.
        for name in try directoryEntries(folder(directory)) where !name.hasSuffix(".new") {
            if let hold = try read(name, in: directory, signedBy: keys) { holds.append(hold) }
        }
        return holds
    }

    /// Names of those of `holds` that hold some of `segments`.
    static func names(_ holds: [LegalHold], over segments: ClosedRange<UInt64>) -> String {
        Set(holds.filter { $0.segments.overlaps(segments) }.map(\.name)).sorted().joined(separator: ", ")
    }

    /// Nil for one that was released.
    fileprivate static func read(
        _ fileName: String, in directory: String, signedBy keys: [VerificationKey]
    ) throws(RecordingError) -> LegalHold? {
        let path = folder(directory) + "/" + fileName
        guard var hold = LegalHold(fileName: fileName) else {
            throw RecordingError(
                .damaged, file: path, offset: 0,
                "not the name of a hold: what it holds is not known. Take it out of the folder")
        }
        let text: String
        do throws(RecordingError) {
            guard isFile(path) else { throw RecordingError(.damaged, file: path, "not a file") }
            text = try SignedNote.open(try readFile(path, limit: maxBytes), file: path, keys: keys)
        } catch {
            hold.problem = error.detail
            return hold
        }
        let lines = SignedNote.split(text, at: 0x0a)
        let words = lines.count == 4 ? SignedNote.split(lines[2], at: 0x20, most: 2) : []
        guard lines.count == 4, lines[0] == title, lines[1] == "replica \(lastName(directory))", words.count > 1,
            words[1] == fileName
        else {
            hold.problem = "not a hold on these segments"
            return hold
        }
        switch words[0] {
        case "released": return nil
        case "held": hold.reason = words.count == 3 ? words[2] : ""
        default: hold.problem = "not a hold on these segments"
        }
        return hold
    }

    private init?(fileName: String) {
        let parts = fileName.split(separator: ".", omittingEmptySubsequences: false)
        let ends = (parts.last ?? "").split(separator: "-", omittingEmptySubsequences: false).map { UInt64($0) }
        guard parts.count >= 2, ends.count == 2, let first = ends[0], let last = ends[1], first <= last else {
            return nil
        }
        let before = parts.dropLast()
        let digits = before.count > 1 ? before.last ?? "" : ""
        let isID = digits.utf8.count == 2 * Self.idBytes && digits.allSatisfy(\.isHexDigit)
        id = isID ? String(digits) : ""
        name = (isID ? before.dropLast() : before).joined(separator: ".")
        segments = first...last
    }
}

/// The holds on a replica's segments as its recorder saw them last: what vanished without a signed release holds on while that
/// runs, and the recording says that it did.
struct KnownHolds {
    private var seen: [LegalHold]?
    private(set) var vanished: [LegalHold] = []
    private var stamp: FileChange?
    /// That in which they were noted.
    private var segment: UInt64?

    /// Notices to write: of what changed and, in a segment that has none yet, of all holds, since a notice can go with its segment.
    ///
    /// - Parameters:
    ///   - segment: the open one once something stands in it: notices alone must not fill one after the other.
    ///   - isCertain: whether every file is read, however unchanged the folder seems.
    mutating func look(
        _ directory: String, signedBy keys: [VerificationKey], segment: UInt64?, isCertain: Bool
    ) throws(RecordingError) -> [String] {
        let stamp = FileChange(LegalHold.folder(directory))
        let isNew = segment != nil && segment != self.segment
        guard isCertain || isNew || stamp != self.stamp || seen == nil else { return [] }
        let holds = try LegalHold.all(in: directory, signedBy: keys)
        var notices: [String] = []
        for hold in holds where isNew || seen?.contains(where: { $0.fileName == hold.fileName }) != true {
            notices.append("held: \(Self.place(hold))" + (hold.problem == nil ? "" : ", by nobody who has the key"))
            vanished.removeAll { $0.fileName == hold.fileName }
        }
        for hold in seen ?? [] where !holds.contains(where: { $0.fileName == hold.fileName }) {
            // By a signed release: that there is a file again says nothing.
            let isReleased = try LegalHold.read(hold.fileName, in: directory, signedBy: keys) == nil
            notices.append("\(isReleased ? "released" : "a hold vanished"): \(Self.place(hold))")
            if !isReleased { vanished.append(hold) }
        }
        seen = holds
        self.stamp = stamp
        if isNew { self.segment = segment }
        return notices
    }

    private static func place(_ hold: LegalHold) -> String {
        "segments \(hold.segments.lowerBound)-\(hold.segments.upperBound) as \(hold.name)"
    }
}
