import Contract
import Glibc

/// Reads recordings without changing them: `<recordings>/<replica>/<segment>.slseg`, up to each replica's head.
public struct RecordingArchive: Sendable {
    public let recordings: String
    private let access: RecordingAccess

    public init(recordings: String, access: RecordingAccess = RecordingAccess()) {
        self.recordings = recordings
        self.access = access
    }

    /// Names of the replicas that have a directory here.
    public func replicas() throws(RecordingError) -> [String] {
        try directoryEntries(recordings).filter { name in
            Format.isReplicaName(name) && isReplicaDirectory(recordings + "/" + name)
        }
    }

    /// Those of the replicas that no recorder wrote: a folder with segments and no head. What is in it is read by nobody, and what a
    /// verification says of it is a problem.
    public func strays() throws(RecordingError) -> [String] {
        try replicas().filter { fileSize(recordings + "/" + $0 + "/head") == nil }
    }

    /// The replicas but the ``strays()``.
    func recorded() throws(RecordingError) -> [String] {
        let strays = try strays()
        return try replicas().filter { !strays.contains($0) }
    }

    /// Calls `body` with a session's records in their order, whichever replicas have them. Records that two of them
    /// have come once. Where another replica took the session over, its note of that comes first.
    ///
    /// - Parameter locations: from ``RecordingIndex/locations(of:)``; nil reads everything.
    /// - Throws: `damaged` when a block on the way is not what was written, and what `body` throws.
    public func forEachRecord(
        of session: String, in locations: [RecordingIndex.Location]? = nil,
        _ body: (Record) throws(RecordingError) -> Void
    ) throws(RecordingError) {
        var cursors: [SessionCursor] = []
        let names: [String]
        if let locations { names = Set(locations.map(\.replica)).sorted() } else { names = try replicas() }
        for replica in names {
            let own = locations?.filter { $0.replica == replica }
            let first = own?.map(\.firstBlock).min() ?? 1
            let readable =
                if let own { try readable(replica, at: own) } else { try readable(replica: replica, fromBlock: 1) }
            cursors.append(try SessionCursor(session: session, segments: readable, firstBlock: first))
        }
        var last: UInt64 = 0
        while let next = Self.next(of: cursors), let record = next.current {
            // Records without a session have no order among replicas.
            if session.isEmpty {
                try body(record)
            } else if next.place?.isResumption == 1 {
                if record.sequence >= last { try body(record) }
            } else if record.sequence > last {
                last = record.sequence
                try body(record)
            }
            try next.advance()
        }
    }

    /// Those of these segments that can be read; of a replica whose folder is on another host what is in the archive.
    private func readable(
        _ replica: String, at locations: [RecordingIndex.Location]
    ) throws(RecordingError) -> [ReadableSegment] {
        let directory = try directory(of: replica)
        guard let source = access.source, !isReplicaDirectory(directory) else {
            let numbers = Set(locations.map(\.segment))
            return try readable(replica: replica, fromBlock: locations.map(\.firstBlock).min() ?? 1)
                .filter { numbers.contains($0.number) }
        }
        var found: [ArchivedSegment] = []
        for location in locations.sorted(by: { $0.segment < $1.segment }) {
            let segment = try source.find(location.segment, firstBlock: location.firstBlock, replica: replica)
            if let segment { found.append(segment) }
        }
        let folder = SegmentFolder(directory, elsewhere: found, access)
        return found.map { ReadableSegment(folder: folder, number: $0.number, limit: .max) }
    }

    /// The cursor whose record comes first; none at the end of all.
    private static func next(of cursors: [SessionCursor]) -> SessionCursor? {
        var first: SessionCursor?
        for cursor in cursors {
            guard let place = cursor.place else { continue }
            if let other = first?.place, other <= place { continue }
            first = cursor
        }
        return first
    }

    func directory(of replica: String) throws(RecordingError) -> String {
        guard Format.isReplicaName(replica) else { throw RecordingError(.invalid, "not a replica's name") }
        return recordings + "/" + replica
    }

    func folder(of replica: String) throws(RecordingError) -> SegmentFolder {
        try SegmentFolder(directory(of: replica), access)
    }

    /// Whether any segment that is here is encrypted.
    public func isEncrypted() throws(RecordingError) -> Bool {
        for replica in try replicas() {
            let directory = try directory(of: replica)
            if try directoryEntries(directory).contains(where: { KeySidecar.number($0) != nil }) { return true }
        }
        return false
    }

    /// Numbers of the replica's segments that are sealed, here or in the archive.
    public func sealedSegments(of replica: String) throws(RecordingError) -> [UInt64] {
        let folder = try folder(of: replica)
        let head = try StoredHead.read(directory: folder.directory, keys: []).value
        return try folder.numbers().filter { $0 < head.segment }
    }

    /// The first bytes of a file; nil when there is none. Something else than a file is an error, and not waited for.
    public static func smallFile(_ path: String, limit: Int) throws(RecordingError) -> [UInt8]? {
        try exists(path) ? try readFile(path, limit: limit) : nil
    }

    /// The number of the last block that a replica acknowledged.
    public func lastBlock(of replica: String) throws(RecordingError) -> UInt64 {
        try StoredHead.read(directory: directory(of: replica), keys: []).value.block
    }

    /// Those of `segments` that were removed or erased by order.
    public func removed(_ segments: ClosedRange<UInt64>, of replica: String) throws(RecordingError) -> [UInt64] {
        let folder = try folder(of: replica)
        return segments.filter(folder.isErased)
    }

    /// A replica's segments up to its head, from the one that holds `block`.
    func readable(replica: String, fromBlock block: UInt64) throws(RecordingError) -> [ReadableSegment] {
        let folder = try folder(of: replica)
        let head = try StoredHead.read(directory: folder.directory, keys: []).value
        var found: [ReadableSegment] = []
        for number in try folder.numbers().reversed() where number <= head.segment {
            let limit = number == head.segment ? Int64(head.offset) : .max
            found.append(ReadableSegment(folder: folder, number: number, limit: limit))
            if block > 1, try folder.firstBlock(of: number) <= block { break }
        }
        return found.reversed()
    }
}

/// A segment, and the byte up to which it is acknowledged.
struct ReadableSegment {
    let folder: SegmentFolder
    let number: UInt64
    let limit: Int64

    /// By order: it is still to be removed, or nobody can read it.
    var isErased: Bool { folder.isErased(number) }

    func reader() throws(RecordingError) -> SegmentReader { try folder.reader(number) }
}

func isReplicaDirectory(_ path: String) -> Bool {
    // Asked for every session of an export: the folder of a recorder that wrote anything is not listed.
    if fileSize(path + "/head") != nil { return true }
    guard let names = try? directoryEntries(path) else { return false }
    return names.contains { $0 == "head" || Format.segmentNumber($0) != nil }
}

/// Skips other sessions' records without parsing them: a serialised record begins with its session field.
struct SessionFilter {
    /// Tag of field 1, length-delimited.
    private static let tag: UInt8 = 0x0A
    private let prefix: [UInt8]

    init(_ session: String) {
        let bytes = Array(session.utf8)
        prefix = bytes.count < 128 ? [Self.tag, UInt8(bytes.count)] + bytes : []
    }

    func mayMatch(_ raw: UnsafeRawBufferPointer) -> Bool {
        guard !prefix.isEmpty, raw.first == Self.tag else { return true }
        return raw.firstDifference(from: prefix) == nil
    }
}

/// A head file as found.
struct StoredHead {
    var value: Head

    private static let attempts = 200

    /// Reads a head, again when the writer was just changing it.
    static func read(directory: String, keys: [RecordingKey]) throws(RecordingError) -> StoredHead {
        let path = directory + "/head"
        var previous: [UInt8] = []
        var problem = FormatProblem(0, "the head is always changing")
        for _ in 0..<attempts {
            let bytes = try readFile(path, limit: Format.headSize + 1)
            defer { previous = bytes }
            // Without a key only a second look shows that a read was not torn.
            guard !keys.isEmpty || bytes == previous else { continue }
            do throws(FormatProblem) {
                return StoredHead(value: try Head(bytes, keys: keys))
            } catch {
                problem = error
                if bytes == previous { break }
            }
        }
        throw RecordingError(.damaged, file: path, offset: Int64(problem.offset), problem.reason)
    }
}
