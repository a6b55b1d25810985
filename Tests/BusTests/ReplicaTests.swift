@testable import Bus
import Contract
import Foundation
import SwiftProtobuf
import Testing

/// Presence over real sockets. Pongs are sent by the test; the time of ticks is its own too.
@Suite("Replicas")
struct ReplicaTests {
    let bus: TemporaryBus
    let replicas: [Inbox]
    let links: Links

    init() throws {
        let bus = try TemporaryBus()
        self.bus = bus
        replicas = try (0..<3).map { try bus.inbox("masker", "\($0)") }
        links = Links(
            context: bus.context, directory: bus.directory, replyTo: ReplyAddress(local: bus.endpoint("ingress", "0")),
            loop: 5)
        for inbox in replicas {
            #expect(try links.waitWritable(endpoint: inbox.endpoint, milliseconds: 10_000))
        }
        links.prepare(stage: "masker")
    }

    /// The pings of one tick, as the replicas got them.
    private func pings() throws -> [BusMessage] {
        #expect(links.tick(now: monotonicNanoseconds()) == [])
        return try replicas.map { try $0.next() }
    }

    private func pong(
        _ ping: BusMessage, incarnation: UInt64 = 1, draining: Bool = false, stage: String = "masker"
    ) throws -> [LostWork] {
        var pong = Pong()
        pong.stage = stage
        pong.replica = "r"
        pong.incarnation = incarnation
        pong.draining = draining
        return links.receive(ping.reply(.pong, body: try pong.serializedBytes()))
    }

    private func endpoints(_ count: Int) throws -> Set<String> {
        var used: Set<String> = []
        for _ in 0..<count {
            used.insert(try #require(try links.send(message(), to: .anyReplica(of: "masker")).endpoint))
        }
        return used
    }

    /// Ticks until a second of silence has passed.
    private func silence() -> [LostWork] {
        let start = monotonicNanoseconds()
        return (1...20).flatMap { links.tick(now: start + $0 * Presence.longestStep) }
    }

    /// Who passes messages on gets no answers to count: what replicas say that they have counts, and what they got since.
    @Test func whoPassesOnGoesByWhatReplicasSay() throws {
        let links = Links(
            context: bus.context, directory: bus.directory, replyTo: ReplyAddress(local: bus.endpoint("custom", "0")),
            load: .told)
        for inbox in replicas {
            #expect(try links.waitWritable(endpoint: inbox.endpoint, milliseconds: 10_000))
        }
        links.prepare(stage: "masker")
        func counts(of number: Int) throws -> [Int] {
            var counts: [String: Int] = [:]
            for _ in 0..<number {
                counts[try #require(try links.send(message(), to: .anyReplica(of: "masker")).endpoint), default: 0] += 1
            }
            return replicas.map { counts[$0.endpoint] ?? 0 }
        }
        func tell(_ queued: [UInt32], at now: UInt64) throws {
            _ = links.tick(now: now)
            for (inbox, queued) in zip(replicas, queued) {
                var ping = try inbox.next()
                while ping.header.kind != .ping { ping = try inbox.next() }
                var pong = Pong()
                pong.stage = "masker"
                pong.incarnation = 1
                pong.queued = queued
                #expect(links.receive(ping.reply(.pong, body: try pong.serializedBytes())) == [])
            }
        }
        #expect(try counts(of: 6) == [2, 2, 2])
        var now = monotonicNanoseconds()
        try tell([10, 0, 4], at: now)
        #expect(try counts(of: 4) == [0, 4, 0])
        #expect(try counts(of: 12) == [0, 6, 6])
        // What they have finished since they say the next time.
        now += Presence.pingInterval
        try tell([0, 9, 9], at: now)
        #expect(try counts(of: 9) == [9, 0, 0])
    }

    /// One that tells nothing is as good as the others: what it got long ago says nothing.
    @Test func oneThatComesLateDoesNotGetEverything() throws {
        let links = Links(
            context: bus.context, directory: bus.directory, replyTo: ReplyAddress(local: bus.endpoint("custom", "0")),
            load: .told)
        for inbox in replicas {
            #expect(try links.waitWritable(endpoint: inbox.endpoint, milliseconds: 10_000))
        }
        for _ in 0..<30 { _ = try links.send(message(), to: .anyReplica(of: "masker")) }
        let late = try bus.inbox("masker", "3")
        let now = monotonicNanoseconds() + Links.registryInterval
        for step in UInt64(0)...2 { _ = links.tick(now: now + step * Presence.pingInterval) }
        #expect(try links.waitWritable(endpoint: late.endpoint, milliseconds: 10_000))
        var used: [String: Int] = [:]
        for _ in 0..<8 {
            used[try #require(try links.send(message(), to: .anyReplica(of: "masker")).endpoint), default: 0] += 1
        }
        #expect(used.values.sorted() == [2, 2, 2, 2])
    }

    @Test func aPingSaysWhereItsPongGoes() throws {
        for ping in try pings() {
            #expect(ping.header.kind == .ping)
            #expect(ping.header.lane == .presence)
            #expect(ping.header.replyTo == bus.endpoint("ingress", "0"))
            #expect(Conductor.loop(ofSequence: ping.header.sequence) == 5)
            #expect(ping.body.isEmpty && ping.payload.isEmpty)
        }
    }

    @Test func aSenderWithoutAnInboxDoesNotPing() throws {
        let silent = try bus.links(to: replicas[0])
        silent.prepare(stage: "masker")
        #expect(silent.tick(now: monotonicNanoseconds()) == [])
        #expect(try replicas[0].isEmpty(behind: message(session: "marker"), from: silent))
    }

    @Test func aSilentReplicaIsPassedByAndItsWorkSentAgain() throws {
        for ping in try pings() { #expect(try pong(ping) == []) }
        #expect(links.replicas(of: "masker").map(\.state) == [.live, .live, .live])
        #expect(links.replicas(of: "masker").map(\.name) == ["r", "r", "r"])
        // Two go on answering.
        let start = monotonicNanoseconds()
        var lost: [LostWork] = []
        for step in UInt64(1)...20 {
            lost += links.tick(now: start + step * Presence.longestStep)
            for inbox in replicas[1...] {
                while inbox.wait(milliseconds: 5), let ping = try inbox.receive() { lost += try pong(ping) }
            }
        }
        #expect(lost.first == LostWork(stage: "masker", endpoint: replicas[0].endpoint, isReplaced: false))
        #expect(links.replicas(of: "masker").map(\.state) == [.suspect, .live, .live])
        #expect(try endpoints(20) == [replicas[1].endpoint, replicas[2].endpoint])
        // It answers: it gets work again, since it has the least.
        #expect(try pong(try replicas[0].next()) == [])
        #expect(try endpoints(1) == [replicas[0].endpoint])
    }

    @Test func whenAllAreSilentAllAreUsed() throws {
        let first = try pings()
        for ping in first { _ = try pong(ping) }
        #expect(silence() == [])
        #expect(links.replicas(of: "masker").map(\.state) == [.suspect, .suspect, .suspect])
        #expect(try endpoints(6).count == 3)
        // The first that answers gets what waits at the others.
        #expect(Set(try pong(first[1]).map(\.endpoint)) == [replicas[0].endpoint, replicas[2].endpoint])
        #expect(try endpoints(3) == [replicas[1].endpoint])
    }

    @Test func oneThatDrainsGetsNothingWhileAnotherIsLive() throws {
        let first = try pings()
        _ = try pong(first[0], draining: true)
        #expect(try endpoints(10) == [replicas[1].endpoint, replicas[2].endpoint])
        _ = try pong(first[1], draining: true)
        _ = try pong(first[2], draining: true)
        #expect(links.replicas(of: "masker").map(\.state) == [.draining, .draining, .draining])
        #expect(try endpoints(10).count == 3)
    }

    @Test func anotherProcessLosesWhatItsPredecessorHad() throws {
        let first = try pings()
        for ping in first { _ = try pong(ping) }
        #expect(try endpoints(3).count == 3)
        let lost = try pong(first[2], incarnation: 2)
        #expect(lost == [LostWork(stage: "masker", endpoint: replicas[2].endpoint, isReplaced: true)])
        // It has the least outstanding now.
        #expect(try endpoints(1) == [replicas[2].endpoint])
    }

    @Test func onlyAPongOfTheReplicaCounts() throws {
        let ping = try pings()[0]
        #expect(try pong(ping, draining: true, stage: "classifier") == [])
        var stranger = ping
        stranger.header.sequence += 1000
        #expect(try pong(stranger, draining: true) == [])
        #expect(links.receive(ping.reply(.pong, body: [0xff])) == [])
        #expect(links.receive(ping.reply(.failed)) == [])
        #expect(links.replicas(of: "masker").allSatisfy { $0.state == .live && $0.incarnation == nil })
    }

    @Test func membershipTellsOfEachChange() throws {
        let before = links.membership
        let first = try pings()
        _ = try pong(first[0])
        #expect(links.membership == before + 1)
        _ = try pong(first[0])
        #expect(links.membership == before + 1)
        _ = try pong(first[0], draining: true)
        #expect(links.membership == before + 2)
    }

    /// What is queued towards a replica that leaves still arrives; nothing new is sent to it.
    @Test func aReplicaThatLeftTheRegistryFinishesWhatItHas() throws {
        #expect(try endpoints(3).count == 3)
        replicas[0].withdraw()
        var now = monotonicNanoseconds() + Links.registryInterval
        _ = links.tick(now: now)
        #expect(links.replicas(of: "masker").map(\.endpoint) == replicas[1...].map(\.endpoint))
        #expect(try endpoints(10) == [replicas[1].endpoint, replicas[2].endpoint])
        #expect(try replicas[0].next().header.kind == .judge)
        // Its link is open while something is outstanding, at most for two seconds.
        #expect(try links.send(message(session: "late"), to: .inbox(replicas[0].endpoint)).endpoint != nil)
        links.settled(endpoint: replicas[0].endpoint)
        now += Links.retirement - 1
        _ = links.tick(now: now)
        #expect(try links.send(message(session: "later"), to: .inbox(replicas[0].endpoint)).endpoint != nil)
        now += 1
        _ = links.tick(now: now)
        #expect(try links.send(message(), to: .inbox(replicas[0].endpoint)).endpoint == nil)
    }

    @Test func aNewReplicaIsFoundWithinASecond() throws {
        _ = try endpoints(3)
        let late = try bus.inbox("masker", "3")
        _ = links.tick(now: monotonicNanoseconds() + Links.registryInterval)
        #expect(links.replicas(of: "masker").count == 4)
        #expect(try links.waitWritable(endpoint: late.endpoint, milliseconds: 10_000))
        #expect(try endpoints(1) == [late.endpoint])
    }

    @Test func namesWithADotAreNoReplicas() throws {
        #expect(FileManager.default.createFile(atPath: "\(bus.directory)/masker/0.metrics", contents: nil))
        #expect(links.replicas(of: "masker").count == 3)
        #expect(try links.send(message(), to: .inbox(bus.endpoint("masker", "0.metrics"))).endpoint == nil)
    }

    @Test func aReplyLinkToAnInboxThatIsGoneIsClosed() throws {
        let now = monotonicNanoseconds()
        let (gone, alive) = (try bus.inbox("ingress", "0"), try bus.inbox("ingress", "1"))
        _ = links.tick(now: now)
        for inbox in [gone, alive] {
            #expect(try links.waitWritable(endpoint: inbox.endpoint, milliseconds: 10_000))
            #expect(try links.send(message(), to: .inbox(inbox.endpoint)).endpoint == inbox.endpoint)
        }
        try FileManager.default.removeItem(atPath: String(gone.endpoint.dropFirst("ipc://".count)))
        // Its process may still drain, and gets its answers.
        _ = links.tick(now: now + Links.replyIdle - 1)
        #expect(links.openReplyLinks == 2)
        _ = links.tick(now: now + Links.replyIdle + Links.registryInterval)
        #expect(links.openReplyLinks == 1)
        #expect(try links.send(message(), to: .inbox(alive.endpoint)).endpoint == alive.endpoint)
    }

    @Test func theReplyLinkThatIsLongestUnusedIsClosed() throws {
        let favourite = try bus.inbox("ingress", "favourite")
        let names = (0..<Links.maximumReplyLinks).map { "\($0)" }
        let others = try names.map { try bus.inbox("other", $0) }
        #expect(try links.waitWritable(endpoint: favourite.endpoint, milliseconds: 10_000))
        for inbox in others {
            #expect(try links.waitWritable(endpoint: inbox.endpoint, milliseconds: 10_000))
            // Used between all others, it stays connected, so that a message finds room at once.
            #expect(try links.send(message(), to: .inbox(favourite.endpoint)).endpoint != nil)
        }
        #expect(links.openReplyLinks == Links.maximumReplyLinks)
        // Nor was a replica's link closed for them.
        #expect(try endpoints(9).count == 3)
    }
}
