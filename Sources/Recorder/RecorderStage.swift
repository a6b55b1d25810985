import Bus
import Contract
import Foundation
import Glibc
import Recording
import SwiftProtobuf
import Telemetry

/// Writes what comes in together as one block, and acknowledges it message by message.
struct RecorderStage: Stage {
    /// Bytes of batches written as one block; beyond it a batch goes into the next one.
    static let blockBytes = 8 << 20
    /// How often the index learns what was written, nanoseconds.
    static let indexInterval: UInt64 = 250_000_000

    private let recordings: String
    private let replica: String
    private let key: [UInt8]
    private var writer: SegmentWriter
    private let indexer: Indexer
    private var indexedAt: UInt64 = 0
    private let metrics: RecorderMetrics

    init(recordings: String, replica: String, key: [UInt8]) throws {
        guard mkdir(recordings, 0o700) == 0 || errno == EEXIST else {
            throw BusError(.environment, "cannot make \(recordings): \(String(cString: strerror(errno)))")
        }
        self.recordings = recordings
        self.replica = replica
        self.key = key
        metrics = RecorderMetrics(ProcessTelemetry.current, folder: recordings)
        writer = try SegmentWriter(directory: "\(recordings)/\(replica)", key: key)
        indexer = Indexer(recordings: recordings, replica: replica)
        indexer.catchUp()
        if writer.recovery != SegmentWriter.Recovery() {
            StageLog.info(
                "recovered: \(writer.recovery.keptBlocks) whole blocks kept, \(writer.recovery.cutBytes) unacknowledged bytes cut"
            )
        }
    }

    mutating func handle(_ messages: [BusMessage], _ outbox: inout Outbox) {
        var pending: [(message: BusMessage, batch: IncomingBatch)] = []
        var bytes = 0
        for message in messages {
            do {
                guard message.header.kind == .record else {
                    throw BusError(.malformed, "the recorder takes records, not \(message.header.kind)")
                }
                let batch = try IncomingBatch(message.body)
                if let first = pending.first, first.batch.durability != batch.durability || bytes >= Self.blockBytes {
                    write(pending, &outbox)
                    pending = []
                    bytes = 0
                }
                pending.append((message, batch))
                bytes += batch.size
            } catch {
                StageLog.error("records dropped: \(error)")
            }
        }
        if !pending.isEmpty { write(pending, &outbox) }
    }

    private mutating func write(_ pending: [(message: BusMessage, batch: IncomingBatch)], _ outbox: inout Outbox) {
        let answers: [RecordAck]
        let syncsBefore = writer.syncs
        do throws(RecordingError) {
            answers = try writer.append(pending.map(\.batch))
            metrics.wrote(
                records: pending.reduce(0) { $0 + $1.batch.count }, bytes: pending.reduce(0) { $0 + $1.batch.size },
                syncs: writer.syncs - syncsBefore)
        } catch {
            metrics.failed()
            StageLog.error("cannot record: \(error)")
            answers = pending.map { $0.batch.refused("records cannot be written") }
            if error.code == .unusable { restart() }
        }
        for (one, answer) in zip(pending, answers) {
            do {
                outbox.reply(to: one.message, .recorded, body: try answer.serializedBytes())
            } catch {
                StageLog.error("cannot acknowledge: \(error)")
            }
        }
    }

    /// After an error that leaves unknown what is on disk, what is there is read anew; ingress sends the rest again.
    private mutating func restart() {
        do {
            try writer.finish()
        } catch {
            StageLog.info("the former segment is given up: \(error)")
        }
        do {
            writer = try SegmentWriter(directory: "\(recordings)/\(replica)", key: key)
        } catch {
            StageLog.error("cannot reopen the recording: \(error)")
        }
    }

    mutating func tick(_ outbox: inout Outbox) {
        let now = monotonicNanoseconds()
        guard now - indexedAt >= Self.indexInterval else { return }
        indexedAt = now
        indexer.apply(writer.takeIndexChanges)
    }

    mutating func drain() {
        indexer.finish(writer.takeIndexChanges)
        do {
            try writer.finish()
        } catch {
            StageLog.error("cannot finish the segment: \(error)")
        }
    }
}
