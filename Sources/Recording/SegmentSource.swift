import Glibc

/// Gives segments that their replica's folder does not have any more.
public protocol SegmentSource: Sendable {
    /// The path of a file with that segment's bytes, whose SHA-256 is `segment`'s. It may be removed once it was opened.
    func path(of segment: ArchivedSegment, replica: String) throws(RecordingError) -> String

    /// What there is of a segment whose replica's folder is on another host; nil: nothing that can be read here.
    func find(_ number: UInt64, firstBlock: UInt64, replica: String) throws(RecordingError) -> ArchivedSegment?
}

/// The segments of one replica, those here and those in the archive.
struct SegmentFolder: Sendable {
    /// Threads of several processes may share a folder of fetched segments that has room for few.
    private static let fetchAttempts = 10

    let directory: String
    private let replica: String
    private let access: RecordingAccess
    private let archived: ArchivedSegments
    // Whose word that is, a verification looks into.
    private let removals: RemovalList?

    init(_ directory: String, _ access: RecordingAccess) throws(RecordingError) {
        self.directory = directory
        self.access = access
        replica = lastName(directory)
        var archived = try ArchivedSegments.read(directory)
        removals = try RemovalList.read(directory, keys: nil)
        if let removals {
            for number in archived.segments.keys where removals.isRemoved(number) { archived.remove(number) }
        }
        self.archived = archived
    }

    /// Of a replica whose folder is on another host.
    init(_ directory: String, elsewhere segments: [ArchivedSegment], _ access: RecordingAccess) {
        self.directory = directory
        self.access = access
        replica = lastName(directory)
        var archived = ArchivedSegments()
        for segment in segments { archived.add(segment) }
        self.archived = archived
        removals = nil
    }

    /// In their order.
    func numbers() throws(RecordingError) -> [UInt64] {
        Set(try directoryEntries(directory).compactMap(Format.segmentNumber)).union(archived.segments.keys).sorted()
    }

    /// The number of the segment's first block, without fetching it.
    func firstBlock(of number: UInt64) throws(RecordingError) -> UInt64 {
        if fileSize(path(number)) == nil, let segment = archived.segments[number] { return segment.firstBlock }
        return try reader(number).header.firstBlock
    }

    /// Opens the segment, fetching it when it is not here.
    ///
    /// - Throws: `archived` when it is not here and there is nothing to fetch it from.
    func reader(_ number: UInt64) throws(RecordingError) -> SegmentReader {
        let path = path(number)
        guard let segment = archived.segments[number] else { return try open(path) }
        if fileSize(path) != nil {
            do throws(RecordingError) {
                return try open(path)
            } catch {
                // The archiver may have removed it since.
                guard fileSize(path) == nil else { throw error }
            }
        }
        guard let source = access.source else {
            throw RecordingError(
                .archived, file: path,
                "the segment is in the archive only, as \(segment.key): name the configuration that has recording.archive"
            )
        }
        for _ in 1..<Self.fetchAttempts {
            let fetched = try source.path(of: segment, replica: replica)
            do throws(RecordingError) {
                return try open(fetched)
            } catch {
                // Somebody else made room where it was, before it was opened.
                guard fileSize(fetched) == nil else { throw error }
            }
        }
        return try open(source.path(of: segment, replica: replica))
    }

    /// Whether the segment is here or in the archive.
    func has(_ number: UInt64) -> Bool { archived.segments[number] != nil || fileSize(path(number)) != nil }

    /// Whether it was removed, or its data key destroyed, by order.
    func isErased(_ number: UInt64) -> Bool { removals?.isErased(number) ?? false }

    /// Where the segment stands when it is here.
    func path(_ number: UInt64) -> String { directory + "/" + Format.segmentName(number) }

    private func open(_ path: String) throws(RecordingError) -> SegmentReader {
        try SegmentReader(path: path, keys: access.keys, sidecars: directory)
    }
}

extension RecordingError {
    /// The archive does not say whether it has a segment. `detail` is for the operator, without secrets.
    public static func notFound(_ key: String, _ detail: String) -> RecordingError {
        RecordingError(.archived, "the archive cannot be asked for \(key): \(detail)")
    }

    /// A segment could not be had from the archive. `detail` is for the operator, without secrets.
    public static func notFetched(_ replica: String, _ segment: ArchivedSegment, _ detail: String) -> RecordingError {
        RecordingError(
            .archived, file: "\(replica)/\(Format.segmentName(segment.number))",
            "the segment cannot be had from the archive: \(detail)")
    }
}
