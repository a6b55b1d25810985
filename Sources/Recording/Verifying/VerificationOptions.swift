import Foundation

/// How much is verified, and against what else.
public struct VerificationOptions: Sendable {
    public enum Scope: Sendable, Equatable {
        case everything
        /// The segments that hold this session.
        case session(String)
        /// The segments that were written to in this time, Unix time in microseconds.
        case time(ClosedRange<UInt64>)
    }

    public var scope = Scope.everything
    /// Checkpoints that were kept elsewhere.
    public var remembered: [SignedCheckpoint] = []
    /// A PEM file with the certificates of authorities: their timestamps beside remembered checkpoints are checked.
    public var timestampAuthorities: String?
    /// Has the segments that are in the archive alone; without it each of those is a problem.
    public var source: (any SegmentSource)?
    /// Segments that are read at the same time.
    public var threads = ProcessInfo.processInfo.activeProcessorCount

    public init() {}

    var session: String? {
        guard case .session(let id) = scope else { return nil }
        return id
    }
}
