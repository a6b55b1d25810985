import Contract
import Foundation
import Recording
import SwiftProtobuf
import Synchronization
import TestKit
import Testing

@testable import Archive

/// A folder of recordings of its own, whose segments are small.
struct Recorded {
    static let session = "3f1c"
    static let replica = "recorder-0-00000001"
    let directory: TemporaryDirectory
    private static let seed = [UInt8](repeating: 7, count: RecordingKey.length)
    let key: RecordingKey

    var recordings: String { directory.file("recordings") }
    var folder: String { recordings + "/" + Self.replica }

    /// - Parameters:
    ///   - segments: how many there are in the end; the last one is still written to.
    ///   - bytes: of a segment, about.
    init(segments: Int, bytes: Int = 64 << 10) throws {
        key = try RecordingKey(seed: Self.seed)
        directory = try TemporaryDirectory()
        guard mkdir(recordings, 0o700) == 0 else { throw TestKitError("mkdir: errno \(errno)") }
        try write(segments: segments, bytes: bytes)
    }

    private func write(segments: Int, bytes: Int) throws {
        var options = SegmentWriter.Options()
        options.segmentBytes = Int64(bytes)
        let writer = try SegmentWriter(directory: folder, key: key, options: options)
        var sequence: UInt64 = 0
        var generator = SystemRandomNumberGenerator()
        while numbers.count < segments {
            sequence += 1
            var record = Record()
            record.session = Self.session
            record.sequence = sequence
            record.timeUs = 1_700_000_000_000_000 + sequence
            if sequence == 1 {
                record.sessionStarted = SessionStarted()
                record.sessionStarted.principal.name = "agent"
            } else {
                // Random, so that it stays as large when it is compressed.
                let noise = (0..<min(bytes / 4, 1 << 20) / 8).map { _ in generator.next() }
                record.command.text = noise.map { String($0, radix: 16) }.joined()
            }
            var batch = RecordBatch()
            batch.records = [record]
            batch.durability = .written
            _ = try writer.append([IncomingBatch(batch.serializedBytes())])
        }
        try writer.finish()
    }

    func verified(_ source: (any SegmentSource)? = nil) -> VerificationReport {
        var options = VerificationOptions()
        options.source = source
        return verify([recordings], keys: VerificationKeys(recording: [key]), options: options)
    }

    /// Of the segments that are here.
    var numbers: [UInt64] {
        ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [])
            .filter { $0.hasSuffix(".slseg") }.compactMap { UInt64($0.dropLast(6)) }.sorted()
    }

    func path(_ number: UInt64) -> String { folder + "/" + SealedSegments.fileName(number) }
    func bytes(_ number: UInt64) throws -> Data { try Data(contentsOf: URL(filePath: path(number))) }
    func archived() throws -> [UInt64: ArchivedSegment] { try ArchivedSegments.read(folder).segments }

    func records(_ source: (any SegmentSource)?) throws -> [Record] {
        var found: [Record] = []
        try RecordingArchive(recordings: recordings, access: RecordingAccess(source: source)).forEachRecord(
            of: Self.session
        ) {
            record throws(RecordingError) in found.append(record)
        }
        return found
    }

    /// Where the configuration has it.
    func writeKey() throws {
        let folder = directory.file("keys")
        guard mkdir(folder, 0o700) == 0 else { throw TestKitError("mkdir: errno \(errno)") }
        guard
            FileManager.default.createFile(
                atPath: folder + "/recording.key", contents: Data(Self.seed), attributes: [.posixPermissions: 0o600])
        else { throw TestKitError("no key") }
    }

    func cache(_ store: Store, bytes: Int = 1 << 30, isReused: Bool = true) -> CachedSegments {
        CachedSegments(recordings: recordings, bytes: bytes, isReused: isReused) { try store.client() }
    }
}

/// What an archiver told.
final class Told: Sendable {
    private let events = Mutex<[Archiver.Event]>([])
    func add(_ event: Archiver.Event) { events.withLock { $0.append(event) } }

    var problems: [String] {
        events.withLock { $0 }.compactMap { event in
            switch event {
            case .problem(let text): text
            case .uploaded, .removed: nil
            }
        }
    }
}

/// A bucket of its own on the one server.
struct Store: Sendable {
    static let prefix = "prod/recordings/"
    let server: S3Server
    var settings: S3Settings

    init(withLock: Bool = false, lock: S3Settings.Lock? = nil) async throws {
        server = try await SharedS3.shared.server()
        let bucket = "b-" + UUID().uuidString.lowercased()
        try await server.makeBucket(bucket, withLock: withLock)
        settings = S3Settings(
            endpoint: server.endpoint, bucket: bucket,
            credentials: S3Credentials(accessKey: S3Server.accessKey, secretKey: S3Server.secretKey),
            partBytes: 5 << 20, lock: lock)
    }

    func client(goesOn: @escaping () -> Bool = { true }) throws(S3Error) -> S3Client {
        try S3Client(settings, goesOn: goesOn)
    }

    func archiver(
        _ recorded: Recorded, keeping: Archiver.Keeping = .init(), told: Told = Told()
    ) throws -> Archiver {
        Archiver(
            recordings: recorded.recordings, prefix: Self.prefix, keeping: keeping, client: try client(),
            report: { told.add($0) })
    }

    func key(_ name: String) -> String { Self.prefix + Recorded.replica + "/" + name }
    func path(_ name: String) -> String { "\(settings.bucket)/\(key(name))" }
    func path(_ number: UInt64) -> String { path(SealedSegments.fileName(number)) }
}

/// The server that all tests here use, started by the first.
actor SharedS3 {
    static let shared = SharedS3()
    private var starting: Task<S3Server, any Error>?

    func server() async throws -> S3Server {
        let task = starting ?? Task { try await S3Server.start() }
        starting = task
        return try await task.value
    }
}
