import Bus
import Contract
import Foundation
import Gateway
import NIOCore
import NIOPosix
import Synchronization
import Testing

@Suite("Inbox reader")
struct InboxReaderTests {
    /// Sequences that came, and the thread check's verdict.
    private final class Seen: Sendable {
        let sequences = Mutex<[UInt64]>([])
        let allOnLoop = Mutex(true)
    }

    private static func message(_ sequence: UInt64) -> BusMessage {
        var header = Header()
        header.kind = .judged
        header.lane = .request
        header.sequence = sequence
        return BusMessage(header: header)
    }

    /// Every message arrives once, in order, on the event loop; those too that came before it watched.
    @Test func messagesArriveOnTheEventLoop() async throws {
        let bus = "/tmp/ir-" + UUID().uuidString.prefix(8)
        try FileManager.default.createDirectory(atPath: bus + "/ingress", withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: bus) }
        let context = try BusContext()
        let endpoint = "ipc://\(bus)/ingress/0"
        let inbox = try Inbox(context: context, endpoint: endpoint)
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let loop = group.next()
        let seen = Seen()
        let links = Links(context: context, directory: bus)
        let total: UInt64 = 2000
        var sent: UInt64 = 0
        func sendOne() throws {
            let deadline = ContinuousClock.now + .seconds(10)
            while ContinuousClock.now < deadline {
                if case .queued = try links.send(Self.message(sent + 1), to: .inbox(endpoint)) {
                    sent += 1
                    return
                }
            }
            Issue.record("no room for message \(sent + 1)")
        }
        for _ in 0..<50 { try sendOne() }
        let reader = InboxReader(inbox: inbox, eventLoop: loop) { messages in
            seen.sequences.withLock { $0 += messages.map(\.header.sequence) }
            if !loop.inEventLoop { seen.allOnLoop.withLock { $0 = false } }
        }
        reader.start()
        while sent < total { try sendOne() }
        let deadline = ContinuousClock.now + .seconds(10)
        while seen.sequences.withLock({ $0.count }) < total, ContinuousClock.now < deadline { await Task.yield() }
        #expect(seen.sequences.withLock { $0 } == Array(1...total))
        #expect(seen.allOnLoop.withLock { $0 })
        try await group.shutdownGracefully()
    }
}
