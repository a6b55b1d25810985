@testable import Bus
import Contract
import Foundation
import SwiftProtobuf
import Testing

/// What the conductor does about a replica that is silent or replaced. The time is the test's own.
@Suite("Bypass")
struct BypassTests {
    static let second: UInt64 = 1_000_000_000
    let bus: TemporaryBus
    let replicas: [Inbox]
    let links: Links
    let conductor: Conductor
    let ended = Box<UInt64>()

    init() throws {
        let bus = try TemporaryBus()
        self.bus = bus
        replicas = try (0..<2).map { try bus.inbox("classifier", "\($0)") }
        links = Links(
            context: bus.context, directory: bus.directory, replyTo: ReplyAddress(local: bus.endpoint("ingress", "0")))
        for inbox in replicas {
            #expect(try links.waitWritable(endpoint: inbox.endpoint, milliseconds: 10_000))
        }
        links.prepare(stage: "classifier")
        conductor = Conductor(links: links, replyTo: ReplyAddress(local: bus.endpoint("ingress", "0")), loop: 0)
    }

    private func begin(_ count: Int, route: [String] = ["classifier"], now: UInt64) -> [UInt64] {
        (0..<count).map { _ in
            let sequence = conductor.nextSequence()
            conductor.start(
                .judge, lane: .request, session: "s", sequence: sequence, route: route, body: [], payload: [],
                timeout: 30 * Self.second, now: now
            ) { [ended] _ in ended.values.append(sequence) }
            return sequence
        }
    }

    /// Everything that is at a replica: work by sequence and attempt, and the last ping.
    private func read(_ inbox: Inbox) throws -> (work: [UInt64], ping: BusMessage?) {
        var work: [UInt64] = []
        var ping: BusMessage?
        while inbox.wait(milliseconds: 50) {
            guard let message = try inbox.receive() else { break }
            if message.header.kind == .ping { ping = message } else { work.append(message.header.sequence) }
        }
        return (work, ping)
    }

    private func pong(_ ping: BusMessage?, incarnation: UInt64 = 1, now: UInt64) throws {
        let ping = try #require(ping)
        var pong = Pong()
        pong.stage = "classifier"
        pong.incarnation = incarnation
        conductor.receive(ping.reply(.pong, body: try pong.serializedBytes()), now: now)
    }

    @Test func whatASilentReplicaHasGoesToTheOtherAtOnce() throws {
        var now = monotonicNanoseconds()
        conductor.tick(now: now)
        for inbox in replicas { try pong(try read(inbox).ping, now: now) }
        // Asked long ago, so that their timers have become slow.
        let sequences = begin(6, now: now)
        let stuck = Set(try read(replicas[0]).work)
        let answering = Set(try read(replicas[1]).work)
        #expect(stuck.count == 3 && answering.count == 3)
        #expect(stuck.union(answering) == Set(sequences))
        for sequence in answering { conductor.receive(message(.judged, sequence: sequence), now: now) }
        var again: [UInt64] = []
        var bypassed = false
        while !bypassed {
            now += Presence.longestStep
            conductor.tick(now: now)
            let (work, ping) = try read(replicas[1])
            again += work
            if let ping { try pong(ping, now: now) }
            bypassed = links.replicas(of: "classifier")[0].state == .suspect
        }
        #expect(stuck.isSubset(of: again))
        #expect(again.count >= stuck.count)
        // New work goes past it.
        let later = begin(4, now: now)
        #expect(try Set(read(replicas[1]).work).isSuperset(of: later))
        #expect(try Set(read(replicas[0]).work).isDisjoint(with: later))
    }

    @Test func whatAReplacedProcessHadIsSentAgainAtOnce() throws {
        let now = monotonicNanoseconds()
        conductor.tick(now: now)
        let pings = try replicas.map { try read($0).ping }
        for ping in pings { try pong(ping, now: now) }
        let sequences = begin(4, now: now)
        let lost = try read(replicas[0]).work
        let kept = try read(replicas[1]).work
        #expect(lost.count == 2 && kept.count == 2)
        try pong(pings[0], incarnation: 2, now: now + 1)
        let again = try read(replicas[0]).work + read(replicas[1]).work
        #expect(again.sorted() == lost.sorted())
        // A second pong of the same process changes nothing.
        try pong(pings[0], incarnation: 2, now: now + 2)
        #expect(try read(replicas[0]).work + read(replicas[1]).work == [])
        for sequence in sequences { conductor.receive(message(.judged, sequence: sequence), now: now) }
        #expect(ended.values.sorted() == sequences.sorted())
        #expect(links.outstanding(at: replicas[0].endpoint) == 0)
        #expect(links.outstanding(at: replicas[1].endpoint) == 0)
    }

    @Test func aLaterStopThatIsLostIsAskedAgainSoon() throws {
        let now = monotonicNanoseconds()
        let later = try bus.inbox("custom")
        #expect(try links.waitWritable(endpoint: later.endpoint, milliseconds: 10_000))
        links.prepare(stage: "custom")
        let sequences = begin(1, route: ["classifier", "custom"], now: now)
        #expect(try read(replicas[0]).work + read(replicas[1]).work == sequences)
        conductor.tick(now: now)
        let ping = try #require(try read(later).ping)
        for incarnation in UInt64(1)...2 {
            var pong = Pong()
            pong.stage = "custom"
            pong.incarnation = incarnation
            conductor.receive(ping.reply(.pong, body: try pong.serializedBytes()), now: now)
        }
        #expect(try read(replicas[0]).work + read(replicas[1]).work == [])
        conductor.tick(now: now + 2 * Presence.pingInterval)
        #expect(try Set(read(replicas[0]).work + read(replicas[1]).work) == Set(sequences))
    }

    /// Resends prefer another replica, and work counts once at each that has it, until its exchange ends.
    @Test func outstandingWorkIsCountedOnceWhereItIs() throws {
        var now = monotonicNanoseconds()
        let sequence = begin(1, now: now)[0]
        func counts() -> [Int] { replicas.map { links.outstanding(at: $0.endpoint) } }
        #expect(counts().sorted() == [0, 1])
        for _ in 0..<6 {
            now += Conductor.resendMaximum
            conductor.tick(now: now)
            #expect(counts() == [1, 1])
        }
        conductor.cancel(sequence: sequence)
        #expect(counts() == [0, 0])
        // Nor does it go below zero.
        links.settled(endpoint: replicas[0].endpoint)
        #expect(counts() == [0, 0])
        #expect(try !read(replicas[0]).work.isEmpty)
        #expect(try !read(replicas[1]).work.isEmpty)
    }

    @Test func failedAndOverdueExchangesWeighNothing() throws {
        let now = monotonicNanoseconds()
        let sequences = begin(4, now: now)
        var failure = Failure()
        failure.stage = "classifier"
        for sequence in sequences[..<2] {
            conductor.receive(try reply(.failed, failure, sequence: sequence), now: now)
        }
        conductor.tick(now: now + 30 * Self.second)
        #expect(ended.values.count == 4)
        for inbox in replicas { #expect(links.outstanding(at: inbox.endpoint) == 0) }
    }
}
