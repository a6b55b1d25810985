import Glibc

/// What an operator or a retention rule wants a recorder to do with sealed segments: a file in the folder `orders` of the
/// replica, which the recorder carries out, after it has noted it in its recording.
///
/// The name tells what: `remove-A-B` removes the segments A to B, `erase-A-B` destroys their data keys. The content is a
/// signed note (``SignedNote``) of the lines `sluice-order 2`, `replica NAME`, `given MICROSECONDS`, and the name and the reason:
/// whoever can write there and has not the recorder's key orders nothing. One that cannot be carried out is renamed to end
/// with `.refused`, with the reason for that as content.
public struct RemovalOrder: Sendable, Equatable {
    public enum Kind: String, Sendable, CaseIterable {
        case remove, erase
    }

    public let kind: Kind
    public let segments: ClosedRange<UInt64>
    /// One line, which the recording keeps.
    public let reason: String

    private static let refusedSuffix = ".refused"
    /// Orders of one look: records wait meanwhile.
    private static let maxAtOnce = 32
    private static let maxBytes = 4096
    /// Microseconds. An order that was kept is not given again later.
    static let validity: UInt64 = 24 * 3_600_000_000
    /// Microseconds that the clock of who gives an order may be ahead of the recorder's.
    static let clockTolerance: UInt64 = 300_000_000

    public init(_ kind: Kind, _ segments: ClosedRange<UInt64>, reason: String) {
        self.kind = kind
        self.segments = segments
        self.reason = reason
    }

    static func folder(_ directory: String) -> String { directory + "/orders" }

    var name: String { "\(kind.rawValue)-\(segments.lowerBound)-\(segments.upperBound)" }

    var notice: String {
        switch kind {
        case .remove: "removed: segments \(segments.lowerBound)-\(segments.upperBound): \(reason)"
        case .erase: "erased: segments \(segments.lowerBound)-\(segments.upperBound): \(reason)"
        }
    }

    /// Puts the order into the replica's folder, durably.
    ///
    /// - Parameters:
    ///   - directory: `<recordings>/<replica>`.
    ///   - key: the recorder's.
    /// - Throws: `invalid` when the reason is none, or no line.
    public func give(
        to directory: String, key: RecordingKey, at time: UInt64 = currentMicroseconds(),
        files: any FileLayer = SystemFiles()
    ) throws(RecordingError) {
        try SignedNote.check(reason: reason)
        let folder = Self.folder(directory)
        try makeDirectory(folder)
        unlink(folder + "/" + name + Self.refusedSuffix)
        let replica = lastName(directory)
        let text = "sluice-order 2\nreplica \(replica)\ngiven \(time)\n\(name) \(reason)\n"
        let note = try SignedNote.sign(text, key: key)
        try replaceFile(folder + "/" + name, with: Array(note.utf8), files: files)
    }

    /// How far an order is.
    public enum State: Sendable, Equatable {
        case waiting, done
        case refused(String)
    }

    /// - Parameter keys: the recorder's: it is done when the list that one of them signed says so.
    public func state(in directory: String, signedBy keys: [VerificationKey]) throws(RecordingError) -> State {
        let path = Self.folder(directory) + "/" + name
        if fileSize(path) != nil { return .waiting }
        if fileSize(path + Self.refusedSuffix) != nil {
            let bytes = try readFile(path + Self.refusedSuffix, limit: SignedNote.maxReasonBytes)
            return .refused(String(decoding: bytes, as: UTF8.self))
        }
        guard try RemovalList.read(directory, keys: keys)?.entries.contains(self) == true else {
            return .refused("the order vanished before it was carried out: give it again")
        }
        return .done
    }

    /// The orders that wait, in the order of their names; those that are none get `.refused`.
    static func waiting(
        in directory: String, signedBy keys: [VerificationKey], files: any FileLayer
    ) throws(RecordingError) -> [RemovalOrder] {
        let folder = folder(directory)
        guard fileSize(folder) != nil else { return [] }
        var orders: [RemovalOrder] = []
        var count = 0
        for name in try directoryEntries(folder) where count < maxAtOnce {
            // Something else than a file would be waited for, or read without end.
            guard let named = RemovalOrder(name: name), isFile(folder + "/" + name) else { continue }
            count += 1
            do throws(RecordingError) {
                orders.append(try named.read(in: directory, signedBy: keys))
            } catch {
                guard error.code == .damaged else { throw error }
                try named.settle(in: directory, refusal: error.detail, files: files)
            }
        }
        return orders
    }

    /// What a file's name says; nil for any other name.
    private init?(name: String) {
        let parts = name.split(separator: "-", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 3, let kind = Kind(rawValue: parts[0]), let first = UInt64(parts[1]),
            let last = UInt64(parts[2]), first > 0, first <= last
        else { return nil }
        self.init(kind, first...last, reason: "")
        guard self.name == name else { return nil }
    }

    /// The order with its reason.
    ///
    /// - Throws: `damaged` when it is not a present order to this replica that one of `keys` signed.
    private func read(
        in directory: String, signedBy keys: [VerificationKey]
    ) throws(RecordingError) -> RemovalOrder {
        let path = Self.folder(directory) + "/" + name
        let text = try SignedNote.open(try readFile(path, limit: Self.maxBytes), file: path, keys: keys)
        let lines = SignedNote.split(text, at: 0x0a).map { SignedNote.split($0, at: 0x20, most: 1) }
        let replica = lastName(directory)
        guard lines.count == 5, lines[0...1] == [["sluice-order", "2"], ["replica", replica]], lines[2].count == 2,
            lines[2][0] == "given", let time = UInt64(lines[2][1]), lines[3].count == 2, lines[3][0] == name,
            lines[4] == [""]
        else { throw RecordingError(.damaged, file: path, offset: 0, "not an order to this recorder") }
        let now = currentMicroseconds()
        guard time <= now + Self.clockTolerance, now <= time + Self.validity else {
            throw RecordingError(
                .damaged, file: path, offset: 0, "the order is older than a day, or from the future: give it again")
        }
        return RemovalOrder(kind, segments, reason: lines[3][1])
    }

    /// Removes the files. What is gone already is so because an earlier process did not come to the end.
    func carryOut(in directory: String) throws(RecordingError) {
        for number in segments {
            if kind == .remove { try Self.remove(directory + "/" + Format.segmentName(number)) }
            try Self.remove(directory + "/" + KeySidecar.fileName(number))
        }
        try synchronizeDirectory(directory)
    }

    func settle(in directory: String, refusal: String? = nil, files: any FileLayer) throws(RecordingError) {
        let path = Self.folder(directory) + "/" + name
        if let refusal {
            try replaceFile(path + Self.refusedSuffix, with: Array(refusal.utf8), files: files)
        }
        try Self.remove(path)
        try synchronizeDirectory(Self.folder(directory))
    }

    private static func remove(_ path: String) throws(RecordingError) {
        guard unlink(path) != 0, errno != ENOENT else { return }
        throw RecordingError(.removal, file: path, FileError("unlink", number: errno).description)
    }
}
