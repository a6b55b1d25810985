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
public struct RetentionDue {
    /// In the order of replicas and numbers.
    public private(set) var segments: [ReplicaSegments] = []
    /// Those that are due, but for a legal hold.
    public private(set) var held: [(segments: ReplicaSegments, hold: String)] = []
    /// Why nothing is due of a replica.
    public private(set) var problems: [String] = []

    /// Orders to remove them.
    public var orders: [PlacedOrder] {
        segments.map {
            PlacedOrder(replica: $0.replica, RemovalOrder(.remove, $0.range, reason: "past its retention"))
        }
    }

    /// - Parameter keys: the recorder's, which signed the holds.
    public init(
        _ index: RecordingIndex, _ retention: RecordingRetention, signedBy keys: [VerificationKey], now: Date
    ) throws {
        let now = UInt64(max(0, now.timeIntervalSince1970) * 1_000_000)
        var kept: [String: Set<UInt64>] = [:]
        var seen: [String: Set<UInt64>] = [:]
        for entry in try index.segmentSessions() {
            seen[entry.replica, default: []].insert(entry.segment)
            let keep = retention.seconds(resource: entry.resource, rules: entry.rules)
            guard let keep, let ended = entry.ended, ended + UInt64(keep) * 1_000_000 <= now else {
                kept[entry.replica, default: []].insert(entry.segment)
                continue
            }
        }
        let archive = RecordingArchive(recordings: index.recordings)
        // The list knows folders that were moved away too.
        for replica in try archive.replicas().sorted() {
            let due = (seen[replica] ?? []).subtracting(kept[replica] ?? [])
            guard !due.isEmpty else { continue }
            do throws(RecordingError) {
                let holds = try LegalHold.all(in: index.recordings + "/" + replica, signedBy: keys)
                add(due.intersection(try archive.sealedSegments(of: replica)), of: replica, holds)
            } catch {
                problems.append("\(error)")
            }
        }
    }

    private mutating func add(_ due: Set<UInt64>, of replica: String, _ holds: [LegalHold]) {
        var free = due
        for hold in holds {
            let under = due.filter(hold.segments.contains)
            free.subtract(under)
            held += SegmentRanges.of(Array(under)).map { (ReplicaSegments(replica: replica, range: $0), hold.name) }
        }
        segments += SegmentRanges.of(Array(free)).map { ReplicaSegments(replica: replica, range: $0) }
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
