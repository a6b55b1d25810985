import Bus
import Contract
import Dispatch
import Foundation
import Glibc
import Recording
import SwiftProtobuf
import Telemetry

/// Writes what comes in together as one block, and acknowledges it message by message.
struct RecorderStage: Stage {
    /// Encoded bytes written as one block at most; more goes into the next one.
    static let blockBytes = 8 << 20
    /// How often the index learns what was written, nanoseconds.
    static let indexInterval: UInt64 = 250_000_000

    private let recordings: String
    private let replica: String
    private let key: [UInt8]
    private var writer: SegmentWriter
    private let index: RecordingIndex
    private let indexing = DispatchQueue(label: "index")
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
        index = try RecordingIndex(recordings: recordings)
        try index.catchUp(replica: replica)
        if writer.recovery != SegmentWriter.Recovery() {
            StageLog.info(
                "recovered: \(writer.recovery.keptBlocks) whole blocks kept, \(writer.recovery.cutBytes) unacknowledged bytes cut"
            )
        }
    }

    mutating func handle(_ messages: [BusMessage], _ outbox: inout Outbox) {
        var batches: [(message: BusMessage, batch: RecordBatch)] = []
        var bytes = 0
        for message in messages {
            do {
                guard message.header.kind == .record else {
                    throw BusError(.malformed, "the recorder takes records, not \(message.header.kind)")
                }
                let batch = try message.body(as: RecordBatch.self)
                if let first = batches.first, first.batch.durability != batch.durability || bytes >= Self.blockBytes {
                    write(batches, &outbox)
                    batches = []
                    bytes = 0
                }
                batches.append((message, batch))
                bytes += message.body.count
            } catch {
                StageLog.error("records dropped: \(error)")
            }
        }
        if !batches.isEmpty { write(batches, &outbox) }
    }

    private mutating func write(_ batches: [(message: BusMessage, batch: RecordBatch)], _ outbox: inout Outbox) {
        let records = batches.count == 1 ? batches[0].batch.records : batches.flatMap(\.batch.records)
        var acknowledged: [String: SessionAck] = [:]
        var failure = ""
        do throws(RecordingError) {
            let ack = try writer.append(records: records, durability: batches[0].batch.durability)
            metrics.wrote(records: records.count, bytes: batches.reduce(0) { $0 + $1.message.body.count })
            for session in ack.sessions { acknowledged[session.session] = session }
        } catch {
            metrics.failed()
            StageLog.error("cannot record: \(error)")
            failure = "records cannot be written"
            if error.code == .unusable { restart() }
        }
        for (message, batch) in batches {
            var ack = RecordAck()
            ack.error = failure
            var last = ""
            var named: Set<String> = []
            for record in batch.records where record.session != last {
                last = record.session
                guard named.insert(last).inserted else { continue }
                var unknown = SessionAck()
                unknown.session = last
                ack.sessions.append(acknowledged[last] ?? unknown)
            }
            do {
                outbox.reply(to: message, .recorded, body: try ack.serializedBytes())
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
        updateIndex()
    }

    private func updateIndex() {
        let changes = writer.takeIndexChanges()
        guard !changes.isEmpty else { return }
        let index = self.index
        indexing.async {
            do {
                try index.apply(changes)
            } catch {
                StageLog.error("the index is behind, recordings are complete: \(error)")
            }
        }
    }

    mutating func drain() {
        updateIndex()
        indexing.sync {}
        do {
            try writer.finish()
        } catch {
            StageLog.error("cannot finish the segment: \(error)")
        }
    }
}
