import Archive
import Configuration
import Foundation
import Recording

/// An order to one replica.
public struct PlacedOrder: Sendable {
    public let replica: String
    public let order: RemovalOrder

    public init(replica: String, _ order: RemovalOrder) {
        self.replica = replica
        self.order = order
    }

    public var place: ReplicaSegments { ReplicaSegments(replica: replica, range: order.segments) }
}

/// The recorder's keys, as those who give orders and place holds need them.
public struct RecorderKeys {
    public let present: RecordingKey
    public let former: [RecordingKey]

    /// - Throws: when there is none.
    public init(_ configuration: Configuration) throws {
        present = try RecordingKey.load(configuration.state.recordingKey)
        former = try RecordingKey.loadFormer(of: configuration.state.recordingKey)
    }

    public var verification: [VerificationKey] { ([present] + former).map(\.verification) }
}

/// Gives orders, and sees to it that they are carried out everywhere: by the replicas' recorders, in the list of sessions, in the
/// archive, in the index of words.
public struct RemovalOrders {
    /// Seconds that a recorder has. After a third of it, an order to a replica that none has open is carried out here.
    private static let patience = 15.0
    private static let interval = 0.1
    /// For a pass over the words of an index of ten million commands and more.
    private static let wordsPatience = 600.0

    /// What came of orders. Those that are not carried out are among the problems.
    public struct Done {
        public var orders: [PlacedOrder] = []
        public var problems: [String] = []
    }

    private let configuration: Configuration
    private let index: RecordingIndex
    private let keys: RecorderKeys

    public init(_ configuration: Configuration, _ index: RecordingIndex, _ keys: RecorderKeys) {
        self.configuration = configuration
        self.index = index
        self.keys = keys
    }

    /// - Parameter goesOn: after false what is left is done by the recorders, and the next time.
    public func carryOut(_ orders: [PlacedOrder], while goesOn: () -> Bool = { true }) -> Done {
        var done = Done()
        var given: [PlacedOrder] = []
        for placed in orders {
            attempt(&done) {
                try placed.order.give(to: directory(placed), key: keys.present)
                given.append(placed)
            }
        }
        waitForRecorders(given, &done, goesOn)
        follow(&done, goesOn)
        return done
    }

    private func directory(_ placed: PlacedOrder) -> String { directory(placed.replica) }
    private func directory(_ replica: String) -> String { index.recordings + "/" + replica }

    /// Has the list of sessions, the archive and the words follow what recorders signed that they removed, now or at any time before:
    /// a store that was away then, or a process that was killed, leaves nothing behind.
    private func follow(_ done: inout Done, _ goesOn: () -> Bool) {
        var copies: ArchivedCopies?
        var replicas: [String] = []
        attempt(&done) { replicas = try RecordingArchive(recordings: index.recordings).replicas() }
        for replica in replicas where goesOn() {
            attempt(&done) {
                var followed = try FollowedRemovals(directory(replica), signedBy: keys.verification)
                for order in followed.left where goesOn() {
                    if order.kind == .remove { try index.forget(order.segments, of: replica) }
                    if copies == nil { copies = try ArchivedCopies(configuration) }
                    try copies?.carryOut(order, in: directory(replica))
                    try followed.add(order, key: keys.present)
                }
            }
        }
        attempt(&done) { try forgetWords(goesOn) }
    }

    private func attempt(_ done: inout Done, _ body: () throws -> Void) {
        do {
            try body()
        } catch {
            done.problems.append("\(error)")
        }
    }

    // MARK: - Recorders

    private func waitForRecorders(_ orders: [PlacedOrder], _ done: inout Done, _ goesOn: () -> Bool) {
        var waiting = orders
        let begin = Date()
        var hasTakenOver = false
        while !waiting.isEmpty, goesOn() {
            waiting = waiting.filter { isWaiting($0, &done) }
            let waited = Date().timeIntervalSince(begin)
            guard waited < Self.patience, !waiting.isEmpty else { break }
            if waited > Self.patience / 3, !hasTakenOver {
                hasTakenOver = true
                for replica in Set(waiting.map(\.replica)) { attempt(&done) { try takeOver(replica) } }
            } else {
                Thread.sleep(forTimeInterval: Self.interval)
            }
        }
        for placed in waiting {
            done.problems.append(
                "\(placed.place): its recorder does not answer: it does what was ordered when it runs again")
        }
    }

    private func isWaiting(_ placed: PlacedOrder, _ done: inout Done) -> Bool {
        do throws(RecordingError) {
            switch try placed.order.state(in: directory(placed), signedBy: keys.verification) {
            case .waiting: return true
            case .done: done.orders.append(placed)
            case .refused(let reason): done.problems.append("\(placed.place): stays: \(reason)")
            }
        } catch {
            done.problems.append("\(placed.place): \(error)")
        }
        return false
    }

    /// A recorder that was scaled away does not come back for orders.
    private func takeOver(_ replica: String) throws {
        var status = stat()
        guard stat(directory(replica), &status) == 0, status.st_uid == geteuid() else {
            throw RetentionProblem(
                "\(replica): no recorder has it open, and another user than this one owns the folder: run this as that user"
            )
        }
        var options = SegmentWriter.Options()
        options.segmentBytes = Int64(configuration.recording.segmentBytes)
        options.recipients = try (configuration.recording.encryption?.recipients ?? []).map(Recipient.init)
        options.formerKeys = keys.former
        _ = try ReplicaWriter.carryOutOrders(to: index.recordings + "/" + replica, key: keys.present, options: options)
    }

    // MARK: - Words

    /// Their words go from the search index that recorders keep: by the recorder that keeps it when one does.
    private func forgetWords(_ goesOn: () -> Bool) throws {
        let path = index.recordings + "/" + SearchIndex.fileName
        guard FileManager.default.fileExists(atPath: path) else { return }
        let end = Date(timeIntervalSinceNow: Self.wordsPatience)
        repeat {
            if try areWordsForgotten(path, goesOn) { return }
            Thread.sleep(forTimeInterval: Self.interval)
        } while Date() < end && goesOn()
        throw RetentionProblem(
            "some words of what was removed are still in \(path): the recorder that keeps it takes them out when it runs again, "
                + "or `sluice sessions reindex` makes it anew")
    }

    private func areWordsForgotten(_ path: String, _ goesOn: () -> Bool) throws -> Bool {
        let recordings = index.recordings
        let words: SearchIndex
        do throws(RecordingError) {
            words = try SearchIndex(writing: path, of: recordings, SearchIndex.content(of: path, recordings))
        } catch {
            guard error.code == .locked else { throw error }
            return try !SearchIndex(reading: path, of: recordings).hasRemoved()
        }
        return try words.forgetRemoved(while: goesOn)
    }
}

/// For the operator.
struct RetentionProblem: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

extension SearchIndex {
    /// What the index at `path` holds. One of another version does not say.
    public static func content(of path: String, _ recordings: String) throws(RecordingError) -> Content {
        do throws(RecordingError) {
            return try SearchIndex(reading: path, of: recordings).content()
        } catch {
            guard error.code == .notFound else { throw error }
            return .commands
        }
    }
}
