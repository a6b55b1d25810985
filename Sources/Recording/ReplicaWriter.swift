import Contract

/// Keeps one replica's recording going over failures, and says whether it can be relied on.
///
/// After a failed write no work should come here until a write has succeeded, which is tried again by itself. After a
/// failed sync, or when what was acknowledged is not there any more, none comes ever.
///
/// Times are monotonic, nanoseconds.
public struct ReplicaWriter {
    public enum State: Equatable, Sendable {
        case working
        /// Since then; at `triedAt` it last tried to go on by itself.
        case failing(since: UInt64, triedAt: UInt64)
        case lost
    }

    /// Shortest time between two attempts to go on.
    public static let retryInterval: UInt64 = 1_000_000_000
    /// How often the list of replicas is looked at.
    static let listInterval: UInt64 = 1_000_000_000
    /// Bytes that must be free before records are taken again, so that it does not go to and fro on a disk that is
    /// full but for a page.
    static let room: Int64 = 1 << 20

    public private(set) var state = State.working
    /// Why it does not work; nil while it does.
    public private(set) var problem: RecordingError?
    /// Why an order to remove segments could not be carried out; nil when all were.
    public private(set) var orderProblem: RecordingError?
    /// What the start, or the last new start, found.
    public private(set) var recovery: SegmentWriter.Recovery
    private let directory: String
    private let key: RecordingKey
    private let options: SegmentWriter.Options
    private let files: any FileLayer
    /// Nil after a failure that leaves unknown what is on disk, until that was read anew.
    private var writer: SegmentWriter?
    /// The replicas that this recording names so far, in this process.
    private var noted: Set<String>?
    private var holds = KnownHolds()
    private var listedAt: UInt64 = 0

    /// Opens `<recordings>/<replica>`, as ``SegmentWriter/init(directory:key:options:files:)``.
    public init(
        directory: String, key: RecordingKey, options: SegmentWriter.Options = .init(),
        files: any FileLayer = SystemFiles()
    ) throws(RecordingError) {
        self.directory = trimmedPath(directory)
        self.key = key
        self.options = options
        self.files = files
        let writer = try SegmentWriter(directory: directory, key: key, options: options, files: files)
        recovery = writer.recovery
        self.writer = writer
    }

    /// Whether records should be sent here.
    public var takesWork: Bool { state == .working }

    /// How often segments were forced to the disk, since it was last opened.
    public var syncs: UInt64 { writer?.syncs ?? 0 }

    /// Writes some batches as one block, as ``SegmentWriter/append(_:)``.
    ///
    /// - Throws: when nothing could be written. Nothing of the batches is then acknowledged.
    public mutating func append(_ batches: [IncomingBatch], now: UInt64) throws(RecordingError) -> [RecordAck] {
        guard let writer else { throw problem ?? RecordingError(.unusable, file: directory, "not open") }
        do throws(RecordingError) {
            // Before its first acknowledgement a recording names its replicas.
            if noted == nil { try noteReplicas(writer) }
            let answers = try writer.append(batches)
            works()
            return answers
        } catch {
            failed(error, now: now)
            throw error
        }
    }

    /// Signs what was recorded, notes new replicas, carries out orders, and goes on after a failure when that is possible again.
    public mutating func tick(now: UInt64) {
        switch state {
        case .working:
            do throws(RecordingError) { try writer?.signCheckpoint(now: now) } catch { return failed(error, now: now) }
            guard now >= listedAt + Self.listInterval else { return }
            listedAt = now
            guard let writer else { return }
            do throws(RecordingError) {
                if noted != nil { try noteReplicas(writer) }
                try noteHolds(writer, isCertain: false)
                try carryOutOrders(writer)
                try writer.sealWhenOld()
            } catch {
                failed(error, now: now)
            }
        case .failing(_, let triedAt):
            if now >= triedAt + Self.retryInterval { retry(now: now) }
        case .lost: return
        }
    }

    /// Carries out the orders to a replica that no recorder has open, as a recorder would.
    ///
    /// - Returns: false when one has, which does it itself.
    public static func carryOutOrders(
        to directory: String, key: RecordingKey, options: SegmentWriter.Options
    ) throws(RecordingError) -> Bool {
        var replica: ReplicaWriter
        do throws(RecordingError) {
            replica = try ReplicaWriter(directory: directory, key: key, options: options)
        } catch {
            guard error.code == .locked else { throw error }
            return false
        }
        replica.tick(now: listInterval)
        try replica.finish()
        if let problem = replica.problem ?? replica.orderProblem { throw problem }
        return true
    }

    /// What was written since the last call, for the index; nil when that must be read from the segments.
    public func takeIndexChanges() -> IndexChanges? { writer?.takeIndexChanges() }

    /// Makes everything durable and gives up the folder.
    public func finish() throws(RecordingError) { try writer?.finish() }

    private mutating func retry(now: UInt64) {
        do throws(RecordingError) {
            let writer: SegmentWriter
            if let open = self.writer {
                writer = open
            } else {
                writer = try SegmentWriter(directory: directory, key: key, options: options, files: files)
                recovery = writer.recovery
                self.writer = writer
            }
            try writer.note(["recording goes on after a failure"], room: Self.room)
            works()
        } catch {
            failed(error, now: now, tried: true)
        }
    }

    private mutating func works() {
        state = .working
        problem = nil
    }

    private mutating func failed(_ error: RecordingError, now: UInt64, tried: Bool = false) {
        problem = error
        if error.code == .unusable { giveUp() }
        if error.code == .diskFailed || error.code == .damaged {
            giveUp()
            state = .lost
        }
        switch state {
        case .working: state = .failing(since: now, triedAt: now)
        case .failing(let since, let triedAt): state = .failing(since: since, triedAt: tried ? now : triedAt)
        case .lost: return
        }
    }

    /// The folder is given up, so that it can be opened anew. Why it cannot be finished is known already.
    private mutating func giveUp() {
        try? writer?.finish()
        writer = nil
    }

    /// What cannot be carried out stays, and stops nothing.
    private mutating func carryOutOrders(_ writer: SegmentWriter) throws(RecordingError) {
        orderProblem = nil
        do throws(RecordingError) {
            let orders = try writer.removals.waiting()
            // Before it says anything else a recording names its replicas.
            if !orders.isEmpty, noted == nil { try noteReplicas(writer) }
            for order in orders {
                // Whoever can write there can have the folder look unchanged.
                try noteHolds(writer, isCertain: true)
                let refusal = try writer.carryOut(order, vanished: holds.vanished)
                try order.settle(in: directory, refusal: refusal, files: files)
            }
        } catch {
            // What the recording itself says stops it; a folder of orders does not.
            guard error.file.hasPrefix(RemovalOrder.folder(directory)) || error.code == .removal else { throw error }
            orderProblem = error
        }
    }

    /// Says in this recording which holds came and went.
    private mutating func noteHolds(_ writer: SegmentWriter, isCertain: Bool) throws(RecordingError) {
        let notices: [String]
        do throws(RecordingError) {
            notices = try holds.look(
                directory, signedBy: ([key] + options.formerKeys).map(\.verification), segment: writer.begunSegment,
                isCertain: isCertain)
        } catch {
            // Every order is refused then, with the reason; records are taken.
            return
        }
        if !notices.isEmpty, noted == nil { try noteReplicas(writer) }
        try writer.note(notices)
    }

    /// Names the replicas in this recording, when they are others than it named last.
    private mutating func noteReplicas(_ writer: SegmentWriter) throws(RecordingError) {
        let listed: Set<String>
        do throws(RecordingError) {
            listed = try ReplicaList.read(parent(directory), keys: [key.verification]) ?? noted ?? [writer.replica]
        } catch {
            // Somebody changed the list: no reason to lose records. A verification names it.
            listed = noted ?? [writer.replica]
        }
        guard listed != noted else { return }
        try writer.note([ReplicaList.note(listed)])
        noted = listed
    }
}
