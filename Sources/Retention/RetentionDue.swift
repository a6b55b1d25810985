import Configuration
import Foundation
import Recording

/// Segments of one replica.
public struct ReplicaSegments: Sendable, Equatable, CustomStringConvertible {
    public let replica: String
    public let range: ClosedRange<UInt64>

    public var description: String {
        range.count == 1
            ? "\(replica), segment \(range.lowerBound)" : "\(replica), segments \(range.lowerBound)-\(range.upperBound)"
    }
}

/// Segments that nothing keeps any more: every session in them has ended and is past its time.
///
/// The list of sessions proposes; each segment then has to prove it itself. A list that is behind, or that somebody changed who has not the
/// recorder's key, removes nothing that is younger than the shortest time for which anything is kept.
public struct RetentionDue {
    /// In the order of replicas and numbers.
    public private(set) var segments: [ReplicaSegments] = []
    /// Those that are due, but for a legal hold.
    public private(set) var held: [(segments: ReplicaSegments, hold: String)] = []
    /// Why nothing is due of a replica, or a segment is not that the list says is.
    public private(set) var problems: [String] = []

    private let archive: RecordingArchive
    private let keys: [VerificationKey]
    /// Unix time, microseconds.
    private let now: UInt64

    /// Orders to remove them.
    public var orders: [PlacedOrder] {
        segments.map {
            PlacedOrder(replica: $0.replica, RemovalOrder(.remove, $0.range, reason: "past its retention"))
        }
    }

    /// - Parameters:
    ///   - archive: the recordings, read through to where their segments are.
    ///   - keys: the recorder's, which signed the holds and the segments' seals.
    public init(
        _ index: RecordingIndex, _ archive: RecordingArchive, _ retention: RecordingRetention,
        signedBy keys: [VerificationKey], now: Date
    ) throws {
        self.archive = archive
        self.keys = keys
        self.now = UInt64(max(0, now.timeIntervalSince1970) * 1_000_000)
        /// For how long each session in a segment is kept, microseconds; and segments of which something is not due.
        var listed: [String: [UInt64: [String: UInt64]]] = [:]
        var kept: [String: Set<UInt64>] = [:]
        for entry in try index.segmentSessions() {
            let keep = retention.seconds(
                resource: entry.resource, rules: entry.rules, isPartlyKnown: entry.isPartlyRead
            ).map { UInt64($0) * 1_000_000 }
            guard let keep, let ended = entry.ended, ended + keep <= self.now else {
                kept[entry.replica, default: []].insert(entry.segment)
                continue
            }
            listed[entry.replica, default: [:]][entry.segment, default: [:]][entry.session] = keep
        }
        // The list knows folders that were moved away too.
        for replica in try archive.replicas().sorted() {
            let proposed = (listed[replica] ?? [:]).filter { kept[replica]?.contains($0.key) != true }
            guard !proposed.isEmpty else { continue }
            do throws(RecordingError) {
                let holds = try LegalHold.all(in: index.recordings + "/" + replica, signedBy: keys)
                let sealed = Set(try archive.sealedSegments(of: replica))
                try add(proposed.filter { sealed.contains($0.key) }, of: replica, holds)
            } catch {
                problems.append("\(error)")
            }
        }
    }

    private mutating func add(
        _ proposed: [UInt64: [String: UInt64]], of replica: String, _ holds: [LegalHold]
    ) throws(RecordingError) {
        var free = Set(proposed.keys)
        for hold in holds {
            let under = free.filter(hold.segments.contains)
            free.subtract(under)
            held += SegmentRanges.of(Array(under)).map { (ReplicaSegments(replica: replica, range: $0), hold.name) }
        }
        guard !free.isEmpty else { return }
        var proven: [UInt64] = []
        for number in free.sorted() {
            do throws(RecordingError) {
                let contents = try archive.contents(of: number, in: replica, signedBy: keys)
                if isDue(contents, proposed[number] ?? [:], "\(replica), segment \(number)") { proven.append(number) }
            } catch {
                problems.append("\(error)")
            }
        }
        segments += SegmentRanges.of(proven).map { ReplicaSegments(replica: replica, range: $0) }
    }

    /// Whether a segment says itself that everything in it is past its time.
    private mutating func isDue(
        _ contents: SegmentContents, _ listed: [String: UInt64], _ place: String
    ) -> Bool {
        for (session, last) in contents.sessions {
            guard let keep = listed[session] else {
                problems.append(
                    "\(place) stays: it has a session that the list of sessions does not have there: `sluice sessions reindex` "
                        + "brings that up to date")
                return false
            }
            // The list's time of the end is before that: it is due a little later.
            guard last + keep <= now else { return false }
        }
        return true
    }
}

/// Numbers as ranges without gaps.
public enum SegmentRanges {
    public static func of(_ numbers: [UInt64]) -> [ClosedRange<UInt64>] {
        var found: [ClosedRange<UInt64>] = []
        for number in Set(numbers).sorted() {
            if let last = found.last, last.upperBound + 1 == number {
                found[found.count - 1] = last.lowerBound...number
            } else {
                found.append(number...number)
            }
        }
        return found
    }
}
