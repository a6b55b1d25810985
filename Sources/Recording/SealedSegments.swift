import Glibc

/// The segments of one replica that nobody writes to any more, for the archiver.
public struct SealedSegments: Sendable {
    public struct Segment: Sendable, Equatable {
        public var number: UInt64
        public var path: String
    }

    /// In their order; those that are here.
    public let here: [Segment]
    /// The newest ones that have to stay here: a recorder that starts reads the one it writes to and the one before, which after a power failure
    /// may each be one earlier.
    private static let kept: UInt64 = 3
    private static let leafBytes: Int64 = 32
    private let newest: UInt64

    /// Those that the file `leaves` counts, or all but the newest where there is none.
    public static func find(_ directory: String) throws(RecordingError) -> SealedSegments {
        // Before the folder is read: a segment that is sealed meanwhile waits for the next look.
        let leaves = fileSize(directory + "/leaves").map { UInt64(max(0, $0) / leafBytes) }
        let numbers = try directoryEntries(directory).compactMap(Format.segmentNumber).sorted()
        let newest = numbers.last ?? 0
        let through = leaves ?? (newest == 0 ? 0 : newest - 1)
        let here = numbers.filter { $0 <= through }
            .map { Segment(number: $0, path: directory + "/" + Format.segmentName($0)) }
        return SealedSegments(here: here, newest: newest)
    }

    /// Whether a recorder's start does without it.
    public func isRemovable(_ segment: Segment) -> Bool { segment.number + Self.kept <= newest }

    /// The name of the file with the segment's data key.
    public static func sidecarName(_ number: UInt64) -> String { KeySidecar.fileName(number) }

    public static func fileName(_ number: UInt64) -> String { Format.segmentName(number) }

    /// Reads the number of a segment's first block from its header, which must be whole.
    public static func firstBlock(_ path: String) throws(RecordingError) -> UInt64 {
        try SegmentReader(path: path).header.firstBlock
    }
}
