import Contract
import Foundation
import Recording
import SwiftProtobuf

/// Records as ingress makes them.
struct Scene {
    let session: String
    private(set) var sequence: UInt64 = 0
    private var commands: UInt64 = 0
    /// Ids of the events that the records make, in their order.
    private(set) var expected: [String] = []
    private(set) var records: [Record] = []

    init(_ session: String) { self.session = session }

    private mutating func add(_ change: (inout Record) -> Void) {
        sequence += 1
        var record = Record()
        record.session = session
        record.sequence = sequence
        record.timeUs = UInt64(Date().timeIntervalSince1970 * 1e6)
        change(&record)
        records.append(record)
    }

    mutating func start(identity: String = "agent-1") {
        add { record in
            record.sessionStarted.principal.name = identity
            record.sessionStarted.principal.groups = ["ai-agents"]
            record.sessionStarted.principal.sourceAddress = "10.0.0.9:40123"
            record.sessionStarted.resource = "orders"
        }
        expected.append("\(session)/\(sequence)/started")
    }

    /// Received and decided, and not over.
    mutating func receive(_ text: String, _ verdict: Verdict = .allow, rule: String = "anything", reason: String = "") {
        commands += 1
        let number = commands
        add { record in
            record.command.command = number
            record.command.text = text
            record.command.message = "Query"
        }
        add { record in
            record.decision.command = number
            record.decision.verdict = verdict
            record.decision.rule = rule
            record.decision.reason = reason
        }
    }

    /// Received where less may be recorded of some commands: not decided yet, without its text, and in full when it is refused.
    mutating func receiveInParts(_ text: String) {
        commands += 1
        let number = commands
        for level in [nil, RecordingLevel.metadata, .full] {
            add { record in
                record.command.command = number
                record.command.undecided = level == nil
                if let level { record.command.recording = level }
                if level == .full { record.command.text = text }
            }
            guard level == .metadata else { continue }
            add { record in
                record.decision.command = number
                record.decision.verdict = .allow
                record.decision.rule = "quiet"
            }
        }
    }

    mutating func hold(_ status: String, id: String = "h-1") {
        let number = commands
        add { record in
            record.hold.command = number
            record.hold.id = id
            record.hold.status = status
        }
        expected.append("\(session)/\(sequence)/\(status == "pending" ? "held" : "reviewed")")
    }

    mutating func finish(_ status: String = "done", error: String = "") {
        let number = commands
        add { record in
            record.result.command = number
            record.result.status = status
            record.result.error = error
            record.result.rows = 1
        }
        expected.append("\(session)/\(number)")
    }

    mutating func command(_ text: String) {
        receive(text)
        finish()
    }

    mutating func end(_ reason: String = "client closed") {
        let isKilled = reason.hasPrefix("ended by an operator")
        add { $0.sessionEnded.reason = reason }
        expected.append("\(session)/\(sequence)/\(isKilled ? "killed" : "ended")")
    }

    mutating func takeRecords() -> [Record] {
        defer { records = [] }
        return records
    }
}

/// A folder of recordings, removed with the value.
final class Recordings {
    let path: String
    private static let seed = [UInt8](repeating: 7, count: RecordingKey.length)

    init(in folder: String? = nil) throws {
        path = folder ?? NSTemporaryDirectory() + "forwarding-" + UUID().uuidString
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func writer(_ name: String = "recorder-0", segmentBytes: Int64 = 64 << 20) throws -> SegmentWriter {
        var options = SegmentWriter.Options()
        options.segmentBytes = segmentBytes
        return try SegmentWriter(directory: path + "/" + name, key: try RecordingKey(seed: Self.seed), options: options)
    }

    var archive: RecordingArchive { RecordingArchive(recordings: path) }
}

extension SegmentWriter {
    @discardableResult
    func append(_ records: [Record], resumptions: [Resumption] = []) throws -> RecordAck {
        var batch = RecordBatch()
        batch.records = records
        batch.durability = .written
        batch.resumptions = resumptions
        return try append([IncomingBatch(try batch.serializedBytes())])[0]
    }

    /// One block for each record.
    func appendEach(_ records: [Record]) throws {
        for record in records { try append([record]) }
    }
}
