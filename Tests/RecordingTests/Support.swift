import Contract
import Foundation
import Recording
import SwiftProtobuf
import Synchronization

/// A directory of its own for each test, removed with the value.
final class Scratch {
    let path: String
    let key = testKey(7)
    var replica: String { path + "/recorder-1" }

    init() throws {
        path = NSTemporaryDirectory() + "recording-" + UUID().uuidString
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func writer(
        _ options: SegmentWriter.Options = .init(), files: any FileLayer = SystemFiles()
    ) throws -> SegmentWriter {
        try SegmentWriter(directory: replica, key: key, options: options, files: files)
    }

    func writer(named name: String, _ options: SegmentWriter.Options = .init()) throws -> SegmentWriter {
        try SegmentWriter(directory: path + "/" + name, key: key, options: options)
    }

    func verified() -> VerificationReport { verify([path], keys: VerificationKeys(recording: [key])) }

    func remove(_ names: String...) throws {
        for name in names { try FileManager.default.removeItem(atPath: path + "/" + name) }
    }

    var names: [String] { (try? FileManager.default.contentsOfDirectory(atPath: path))?.sorted() ?? [] }

    var segments: [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: replica)) ?? []
        return names.filter { $0.hasSuffix(".slseg") }.sorted().map { replica + "/" + $0 }
    }

    func bytes(_ file: String) throws -> [UInt8] { [UInt8](try Data(contentsOf: URL(fileURLWithPath: file))) }

    /// Overwrites in place, as someone who tampers would.
    func overwrite(_ file: String, _ bytes: [UInt8]) throws {
        try Data(bytes).write(to: URL(fileURLWithPath: file))
    }

    func records(of session: String) throws -> [Record] {
        var found: [Record] = []
        try RecordingArchive(recordings: path).forEachRecord(of: session) { record throws(RecordingError) in
            found.append(record)
        }
        return found
    }
}

/// A key of 32 equal bytes.
func testKey(_ byte: UInt8) -> RecordingKey {
    do {
        return try RecordingKey(seed: [UInt8](repeating: byte, count: RecordingKey.length))
    } catch {
        preconditionFailure("\(error)")
    }
}

func command(_ session: String, _ sequence: UInt64, _ text: String = "SELECT 1") -> Record {
    var record = Record()
    record.session = session
    record.sequence = sequence
    record.timeUs = 1_700_000_000_000_000 + sequence
    record.command.command = sequence
    record.command.text = text
    return record
}

func count(_ entity: String, _ count: UInt64 = 1) -> EntityCount {
    var value = EntityCount()
    value.entity = entity
    value.count = count
    return value
}

func started(_ session: String, identity: String = "agent-1") -> Record {
    var record = command(session, 1)
    record.sessionStarted = SessionStarted()
    record.sessionStarted.principal.name = identity
    record.sessionStarted.principal.groups = ["ai-agents", "night"]
    record.sessionStarted.resource = "orders"
    record.sessionStarted.protocol = "postgres"
    return record
}

func batch(_ records: [Record], _ durability: Durability = .written) throws -> IncomingBatch {
    var batch = RecordBatch()
    batch.records = records
    batch.durability = durability
    return try IncomingBatch(batch.serializedBytes())
}

func ended(_ session: String, _ sequence: UInt64) -> Record {
    var record = command(session, sequence)
    record.sessionEnded = SessionEnded()
    record.sessionEnded.reason = "client closed"
    return record
}

extension SegmentWriter {
    func append(
        records: [Record], durability: Durability, resumptions: [Resumption] = []
    ) throws -> RecordAck {
        var batch = RecordBatch()
        batch.records = records
        batch.durability = durability
        batch.resumptions = resumptions
        let acks = try append([IncomingBatch(try batch.serializedBytes())])
        return acks[0]
    }
}

extension RecordAck {
    /// What the next recorder is told when this one's session moves to it.
    func resumption(_ session: String) -> Resumption {
        var resumption = Resumption()
        resumption.session = session
        resumption.after = self[session]?.through ?? 0
        resumption.replica = replica
        resumption.block = block
        resumption.chain = chain
        return resumption
    }

    subscript(session: String) -> SessionAck? { sessions.first { $0.session == session } }
}

/// Files that fail on demand.
final class FaultyFiles: FileLayer {
    enum Fault {
        case none
        case shortWrites
        /// Half of the bytes are written, then every write fails with this errno.
        case write(Int32)
        /// As `write`, and truncating fails too.
        case writeAndTruncate(Int32)
        case interruptedOnce
        /// Writes of exactly so many bytes fail.
        case writeOf(Int)
        case synchronize
        case synchronizeAndTruncate
    }

    let fault = Mutex(Fault.none)
    private let system = SystemFiles()

    func set(_ value: Fault) { fault.withLock { $0 = value } }

    func create(_ path: String) throws(FileError) -> Int32 { try system.create(path) }
    func open(_ path: String) throws(FileError) -> Int32 { try system.open(path) }

    func write(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32, at offset: Int64) throws(FileError) -> Int {
        let half = UnsafeRawBufferPointer(rebasing: bytes[..<max(1, bytes.count / 2)])
        switch fault.withLock({ $0 }) {
        case .writeOf(bytes.count):
            throw FileError("write", number: EIO)
        case .none, .synchronize, .synchronizeAndTruncate, .writeOf:
            return try system.write(bytes, to: descriptor, at: offset)
        case .shortWrites:
            return try system.write(half, to: descriptor, at: offset)
        case .write(let number), .writeAndTruncate(let number):
            _ = try system.write(half, to: descriptor, at: offset)
            throw FileError("write", number: number)
        case .interruptedOnce:
            set(.none)
            throw FileError("write", number: EINTR)
        }
    }

    func synchronize(_ descriptor: Int32) throws(FileError) {
        switch fault.withLock({ $0 }) {
        case .synchronize, .synchronizeAndTruncate: throw FileError("fdatasync", number: EIO)
        case .none, .shortWrites, .write, .writeAndTruncate, .interruptedOnce, .writeOf:
            try system.synchronize(descriptor)
        }
    }

    func truncate(_ descriptor: Int32, to length: Int64) throws(FileError) {
        switch fault.withLock({ $0 }) {
        case .writeAndTruncate(let number): throw FileError("truncate", number: number)
        case .synchronizeAndTruncate: throw FileError("truncate", number: EIO)
        case .none, .shortWrites, .write, .interruptedOnce, .writeOf, .synchronize:
            try system.truncate(descriptor, to: length)
        }
    }

    func rename(_ path: String, to other: String) throws(FileError) { try system.rename(path, to: other) }
    func synchronizeDirectory(_ path: String) throws(FileError) { try system.synchronizeDirectory(path) }
    func setAside(_ length: Int64, in descriptor: Int32) { system.setAside(length, in: descriptor) }

    func reserve(_ length: Int64, in descriptor: Int32, at offset: Int64) throws(FileError) {
        switch fault.withLock({ $0 }) {
        case .write(let number), .writeAndTruncate(let number): throw FileError("posix_fallocate", number: number)
        case .none, .shortWrites, .interruptedOnce, .writeOf, .synchronize, .synchronizeAndTruncate:
            try system.reserve(length, in: descriptor, at: offset)
        }
    }
}

extension VerificationReport {
    /// Warnings but the one that there is no index, which most tests do without.
    var notes: [String] { warnings.filter { !$0.contains("no index") } }
}

/// A recorder with six segments of a block each.
func sixSegments(_ scratch: Scratch) throws -> ReplicaWriter {
    var options = SegmentWriter.Options()
    options.segmentBytes = 300
    var writer = try ReplicaWriter(directory: scratch.replica, key: scratch.key, options: options)
    _ = try writer.append([try batch([started("a")])], now: 0)
    for sequence in UInt64(2)...6 { _ = try writer.append([try batch([command("a", sequence)])], now: 0) }
    return writer
}
