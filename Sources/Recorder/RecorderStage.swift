import Bus
import Contract
import Foundation
import Glibc
import Recording
import SwiftProtobuf
import Synchronization
import Telemetry

/// Writes what comes in together as one block, and acknowledges it message by message.
struct RecorderStage: Stage {
    /// Bytes of batches written as one block; beyond it a batch goes into the next one.
    static let blockBytes = 8 << 20
    /// How often the index learns what was written, nanoseconds.
    static let indexInterval: UInt64 = 250_000_000
    /// How long after the first failed write refusals are kept back, nanoseconds: within it ingress learns that this
    /// recorder takes no work, and gives the records to another one if there is one.
    static let patience: UInt64 = 1_500_000_000

    /// Refusals kept back at once; further ones are sent at once.
    static let maxRefusals = 4096

    private typealias Pending = (message: BusMessage, batch: IncomingBatch)

    private var writer: ReplicaWriter
    /// Answers to batches that could not be written, kept back.
    private var refusals: [(message: BusMessage, answer: RecordAck)] = []
    private let indexer: Indexer
    /// Nil: nothing is kept for searching.
    private let search: SearchKeeper?
    private var indexedAt: UInt64 = 0
    private let metrics: RecorderMetrics
    /// For the threads that answer about readiness.
    private let isFailing: FailingFlag
    private var reported = ReplicaWriter.State.working

    init(
        recordings: String, replica: String, key: RecordingKey, options: SegmentWriter.Options,
        search: SearchIndex.Content?, index: @escaping @Sendable () throws(RecordingError) -> RecordingIndex
    ) throws {
        metrics = RecorderMetrics(ProcessTelemetry.current, folder: recordings)
        writer = try ReplicaWriter(directory: "\(recordings)/\(replica)", key: key, options: options)
        indexer = Indexer(recordings: recordings, replica: replica, open: index)
        indexer.apply { nil }
        self.search = search.map { SearchKeeper(recordings: recordings, $0) }
        self.search?.start()
        let flag = FailingFlag()
        isFailing = flag
        ProcessTelemetry.current.health.require { flag.isSet ? "recordings cannot be written" : nil }
        if writer.recovery != SegmentWriter.Recovery() {
            StageLog.info(
                "recovered: \(writer.recovery.keptBlocks) whole blocks kept, \(writer.recovery.cutBytes) unacknowledged bytes cut"
            )
        }
    }

    var takesWork: Bool { writer.takesWork }

    mutating func handle(_ messages: [BusMessage], _ outbox: inout Outbox) {
        var pending: [Pending] = []
        var bytes = 0
        for message in messages {
            guard message.header.kind == .record else {
                StageLog.error("message dropped: the recorder takes records, not \(message.header.kind)")
                continue
            }
            do {
                let batch = try IncomingBatch(message.body)
                if let first = pending.first, first.batch.durability != batch.durability || bytes >= Self.blockBytes {
                    write(pending, &outbox)
                    pending = []
                    bytes = 0
                }
                pending.append((message, batch))
                bytes += batch.size
            } catch {
                StageLog.error("records refused: \(error)")
                let refusal = IncomingBatch.refusal(ofUnreadable: message.body, "records cannot be read")
                answer(message, refusal, &outbox)
            }
        }
        if !pending.isEmpty { write(pending, &outbox) }
    }

    private mutating func write(_ pending: [Pending], _ outbox: inout Outbox) {
        let syncsBefore = writer.syncs
        let now = monotonicNanoseconds()
        do throws(RecordingError) {
            let answers = try writer.append(pending.map(\.batch), now: now)
            metrics.wrote(
                records: pending.reduce(0) { $0 + $1.batch.count }, bytes: pending.reduce(0) { $0 + $1.batch.size },
                syncs: writer.syncs - syncsBefore)
            for (one, acknowledgement) in zip(pending, answers) { answer(one.message, acknowledgement, &outbox) }
        } catch {
            metrics.failed()
            for (message, batch) in pending { refuse(message, batch, &outbox) }
        }
        report()
        settleRefusals(now: now, &outbox)
    }

    private mutating func refuse(_ message: BusMessage, _ batch: IncomingBatch, _ outbox: inout Outbox) {
        let refusal = batch.refused("records cannot be written")
        guard refusals.count < Self.maxRefusals else { return answer(message, refusal, &outbox) }
        var kept = message
        kept.body = []
        refusals.append((kept, refusal))
    }

    private func answer(_ message: BusMessage, _ acknowledgement: RecordAck, _ outbox: inout Outbox) {
        do {
            outbox.reply(to: message, .recorded, body: try acknowledgement.serializedBytes())
        } catch {
            StageLog.error("cannot acknowledge: \(error)")
        }
    }

    /// Sends refusals when nobody else took the records in time. Those of a failure that is over are dropped: what was
    /// refused is sent again.
    private mutating func settleRefusals(now: UInt64, _ outbox: inout Outbox) {
        guard !refusals.isEmpty else { return }
        switch writer.state {
        case .failing(let since, _) where now < since + Self.patience: return
        case .working: break
        case .failing, .lost:
            for (message, refusal) in refusals { answer(message, refusal, &outbox) }
        }
        refusals = []
    }

    /// Logs a change of state once.
    private mutating func report() {
        isFailing.set(!writer.takesWork)
        switch (reported, writer.state) {
        case (.working, .working), (.failing, .failing), (.lost, _): return
        case (_, .working): StageLog.info("records are written again")
        case (_, .failing): StageLog.error("cannot record: \(describedProblem)")
        case (_, .lost): StageLog.error("cannot record any more: \(describedProblem)")
        }
        reported = writer.state
    }

    private var describedProblem: String { writer.problem.map { "\($0)" } ?? "" }

    mutating func tick(_ outbox: inout Outbox) {
        let now = monotonicNanoseconds()
        let known = writer.orderProblem
        writer.tick(now: now)
        if let problem = writer.orderProblem, problem.description != known?.description {
            StageLog.error("segments that were to go are still there: \(problem)")
        }
        report()
        settleRefusals(now: now, &outbox)
        guard now - indexedAt >= Self.indexInterval else { return }
        indexedAt = now
        indexer.apply(writer.takeIndexChanges)
    }

    mutating func drain() {
        // First of all: what is in an index can be had again, and whoever stops a host may not wait.
        do {
            try writer.finish()
        } catch {
            StageLog.error("cannot finish the segment: \(error)")
        }
        search?.stop()
        indexer.finish(writer.takeIndexChanges)
    }
}

/// Whether the recorder cannot write now.
private final class FailingFlag: Sendable {
    private let value = Atomic(false)
    var isSet: Bool { value.load(ordering: .relaxed) }
    func set(_ new: Bool) { value.store(new, ordering: .relaxed) }
}
