import Bus
import Configuration
import Contract
import Foundation
import Gateway
import Identity
import NIOCore
import NIOPosix
@testable import PostgresAccept
import PostgresWire
import SwiftProtobuf
import Testing

/// A reply stream on an event loop of its own, and the masker that the test plays.
final class ReplyStreamRig: @unchecked Sendable {
    // Everything but `masker` and `directory` is used on `loop` alone.
    static let context = Result { try BusContext() }

    let directory = "/tmp/sr-" + UUID().uuidString.prefix(8)
    let masker: Inbox
    /// The operator's own stage behind the masker, when there is one.
    let custom: Inbox?
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let services: LoopServices
    var stream: ReplyStream!
    var clientTakesMore = true
    /// Whose replies a test looks at.
    var command: Command?
    var written: [UInt8] = []
    var finished: [UInt64] = []
    var recorded: [Record.OneOf_Event] = []

    init(custom isCustom: Bool = false) throws {
        for stage in ["masker", "budget"] {
            try FileManager.default.createDirectory(
                atPath: directory + "/run/bus/\(stage)", withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700])
        }
        let text = """
            state: \(directory)
            listeners:
              postgres: 127.0.0.1:15432
            resources:
              - name: orders
                protocol: postgres
                target: 127.0.0.1:5432/orders
                tls: prefer
                credentials: {user: app, password: {env: ORDERS_PASSWORD}}
                recording: written
            policy: policy.yaml
            \(isCustom ? "stages: {budget: {lane: both, command: [x]}}" : "")

            """
        let configuration = try Configuration.parse(text, file: directory + "/sluice.yaml")
        let shared = try GatewayShared(
            configuration: configuration, keyring: DecisionKeyring([:]),
            identities: try IdentityStore(path: configuration.state.identities))
        let context = try Self.context.get()
        masker = try Inbox(context: context, endpoint: "ipc://\(configuration.state.bus)/masker/0")
        custom = isCustom ? try Inbox(context: context, endpoint: "ipc://\(configuration.state.bus)/budget/0") : nil
        services = LoopServices(
            eventLoop: group.next(), index: 0, context: context, replyTo: ReplyAddress(local: "ipc:///x"),
            shared: shared)
        var origin = MaskBatch()
        origin.protocol = "postgres"
        origin.principal.name = "agent-1"
        origin.resource = "orders"
        stream = ReplyStream(
            session: "s", services: services, origin: origin,
            canWrite: { [weak self] in self?.clientTakesMore ?? false },
            write: { [weak self] in self?.written += array($0) },
            delivered: {},
            finished: { [weak self] in self?.finished.append($0.number) },
            record: { [weak self] in self?.recorded.append($0) })
    }

    deinit {
        group.shutdownGracefully { _ in }
        // The store's files may go while the directory is being removed.
        for _ in 0..<10 where FileManager.default.fileExists(atPath: directory) {
            try? FileManager.default.removeItem(atPath: directory)
        }
    }

    /// Runs `work` on the loop.
    func run<Value: Sendable>(_ work: @escaping @Sendable (ReplyStreamRig) throws -> Value) throws -> Value {
        try services.eventLoop.submit { try work(self) }.wait()
    }

    /// The next batch that was sent to be masked, or to the operator's stage.
    func batch(of inbox: Inbox? = nil) throws -> BusMessage {
        let inbox = inbox ?? masker
        return try #require(try next(of: inbox, within: 10_000), "nothing was sent to \(inbox.endpoint)")
    }

    /// The batches that carry these rows: where nobody took them at first they are sent again in any order.
    func batches(_ rows: String...) throws -> [BusMessage] {
        var seen: [[UInt8]: BusMessage] = [:]
        let wanted = rows.map { [UInt8](frame("D", $0).bytes.readableBytesView) }
        while !wanted.allSatisfy({ seen[$0] != nil }) {
            let message = try batch()
            seen[message.payload] = message
        }
        return wanted.compactMap { seen[$0] }
    }

    /// The next message that is no ping; nil when none comes within `milliseconds`.
    func next(of inbox: Inbox, within milliseconds: Int) throws -> BusMessage? {
        let end = monotonicNanoseconds() + UInt64(milliseconds) * 1_000_000
        while case let now = monotonicNanoseconds(), now < end,
            inbox.wait(milliseconds: Int((end - now) / 1_000_000) + 1)
        {
            if let message = try inbox.receive(), message.header.lane != .presence { return message }
        }
        return nil
    }

    func answer(
        _ message: BusMessage, _ payload: [UInt8], tail: [UInt8] = [], _ change: (inout MaskReply) -> Void = { _ in }
    ) throws {
        var reply = MaskReply()
        reply.tail = Data(tail)
        change(&reply)
        let answer = message.reply(.masked, body: try reply.serializedBytes(), payload: payload)
        try run { $0.services.receive([answer]) }
    }

    func fail(_ message: BusMessage) throws {
        var failure = Failure()
        failure.stage = "masker"
        failure.reason = "broken"
        let answer = message.reply(.failed, body: try failure.serializedBytes())
        try run { $0.services.receive([answer]) }
    }

    func text() throws -> String { try run { String(decoding: $0.written, as: UTF8.self) } }
    func types() throws -> String {
        try run {
            var decoder = FrameDecoder(maximum: 1 << 20)
            decoder.append(ByteBuffer(bytes: $0.written))
            var types = ""
            while let frame = try decoder.next() { types.append(Character(UnicodeScalar(frame.type))) }
            return types
        }
    }
}
