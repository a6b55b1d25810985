@testable import Bus
import Contract
import Foundation
import Testing

@Suite("Links")
struct LinksTests {
    @Test func carriesWholeMessages() throws {
        let bus = try TemporaryBus()
        let inbox = try bus.inbox("masker")
        let links = try bus.links(to: inbox)
        let payload = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0) }
        var sent = message(.mask, session: "abc", sequence: 3, payload: payload)
        sent.body = [1, 2]
        #expect(try links.send(sent, to: .anyReplica(of: "masker")).endpoint == inbox.endpoint)
        let got = try inbox.next()
        #expect(got.header == sent.header)
        #expect(got.body == [1, 2])
        #expect(got.payload == payload)
        #expect(try inbox.receive() == nil)
    }

    @Test func spreadsOverReplicasByOutstandingWork() throws {
        let bus = try TemporaryBus()
        let inboxes = try (0..<3).map { try bus.inbox("classifier", "\($0)") }
        let links = try bus.links(to: inboxes[0], inboxes[1], inboxes[2])
        var counts: [String: Int] = [:]
        for _ in 0..<30 {
            let endpoint = try #require(try links.send(message(), to: .anyReplica(of: "classifier")).endpoint)
            counts[endpoint, default: 0] += 1
        }
        #expect(counts == Dictionary(uniqueKeysWithValues: inboxes.map { ($0.endpoint, 10) }))
        let idle = inboxes[1].endpoint
        for _ in 0..<5 { links.settled(endpoint: idle) }
        for _ in 0..<5 {
            #expect(try links.send(message(), to: .anyReplica(of: "classifier")).endpoint == idle)
        }
        // More settled than sent: counted as nothing outstanding, not less.
        for _ in 0..<100 { links.settled(endpoint: idle) }
        for _ in 0..<10 {
            #expect(try links.send(message(), to: .anyReplica(of: "classifier")).endpoint == idle)
        }
    }

    /// Rendezvous hashing: only the keys of the replica that went move, and they spread.
    @Test func onlyTheKeysOfALostReplicaMove() {
        let replicas = (0..<4).map { "ipc:///run/bus/recorder/\($0)" }
        func owner(_ key: String, among replicas: [String]) -> String? {
            replicas.max { Links.weight($0, key) < Links.weight($1, key) }
        }
        var counts: [String: Int] = [:]
        var heirs: Set<String> = []
        for key in (0..<4000).map({ "session-\($0)" }) {
            let before = owner(key, among: replicas)
            counts[before ?? "", default: 0] += 1
            let after = owner(key, among: Array(replicas.dropLast()))
            if before != replicas[3] { #expect(after == before) } else { heirs.insert(after ?? "") }
        }
        #expect(counts.count == 4)
        #expect(counts.values.allSatisfy { $0 > 700 && $0 < 1300 }, "\(counts)")
        #expect(heirs.count == 3)
    }

    @Test func aDeadReplicaGetsNothing() throws {
        let bus = try TemporaryBus()
        let live = try bus.inbox("classifier", "0")
        // A socket whose process was killed leaves its name behind.
        #expect(FileManager.default.createFile(atPath: "\(bus.directory)/classifier/1", contents: nil))
        let links = try bus.links(to: live)
        for _ in 0..<10 {
            #expect(try links.send(message(), to: .anyReplica(of: "classifier")).endpoint == live.endpoint)
        }
        for _ in 0..<10 { _ = try live.next() }
    }

    @Test func nothingIsQueuedForAStageThatIsAway() throws {
        let bus = try TemporaryBus()
        let links = bus.links()
        #expect(try links.send(message(), to: .anyReplica(of: "ghost")).endpoint == nil)
        try FileManager.default.createDirectory(atPath: bus.directory + "/empty", withIntermediateDirectories: false)
        #expect(try links.send(message(), to: .anyReplica(of: "empty")).endpoint == nil)
    }

    @Test func hiddenFilesAreNoReplicas() throws {
        let bus = try TemporaryBus()
        let inbox = try bus.inbox("classifier")
        #expect(FileManager.default.createFile(atPath: "\(bus.directory)/classifier/.lock", contents: nil))
        #expect(directoryEntries(bus.directory + "/classifier") == ["0"])
        #expect(directoryEntries(bus.directory + "/nowhere") == [])
        withExtendedLifetime(inbox) {}
    }

    @Test func aFullPeerPushesBackAndTakesMessagesAgain() throws {
        let bus = try TemporaryBus()
        let inbox = try bus.inbox("masker")
        let links = try bus.links(to: inbox)
        let payload = [UInt8](repeating: 7, count: 256 << 10)
        var queued = 0
        let bound = Int(Inbox.highWaterMark + Link.highWaterMark) * 2
        while queued < bound {
            if try links.send(message(payload: payload), to: .anyReplica(of: "masker")).endpoint != nil {
                queued += 1
            } else if try !links.waitWritable(endpoint: inbox.endpoint, milliseconds: 300) {
                break
            }
        }
        #expect(queued < bound)
        #expect(queued >= Int(Link.highWaterMark))
        #expect(try links.send(message(payload: payload), to: .anyReplica(of: "masker")).endpoint == nil)
        for _ in 0..<queued { _ = try inbox.next() }
        #expect(try links.waitWritable(endpoint: inbox.endpoint, milliseconds: 10_000))
        #expect(try links.send(message(), to: .anyReplica(of: "masker")).endpoint == inbox.endpoint)
        #expect(try inbox.next().payload.isEmpty)
    }

    @Test func repliesGoToInboxesOfThisBusOnly() throws {
        let bus = try TemporaryBus()
        let other = try TemporaryBus()
        let victim = try other.inbox("ingress")
        let own = try bus.inbox("ingress")
        let links = try bus.links(to: own)
        let name = URL(fileURLWithPath: other.directory).lastPathComponent
        let elsewhere = [
            victim.endpoint,
            "ipc://\(bus.directory)/../\(name)/ingress/0",
            "ipc://\(bus.directory)/ingress/../../\(name)/ingress/0",
            "ipc://\(bus.directory)",
            "ipc://\(bus.directory)/",
            "ipc://\(bus.directory)/ingress",
            "ipc://\(bus.directory)/ingress/",
            "ipc://\(bus.directory)/ingress/.hidden",
            "ipc://\(bus.directory)x/ingress/0",
            "tcp://127.0.0.1:9", "inproc://ingress", "/ingress/0", "", "ipc://",
        ]
        for endpoint in elsewhere {
            for _ in 0..<3 {
                #expect(try links.send(message(), to: .inbox(endpoint)).endpoint == nil, "\(endpoint)")
                #expect(!victim.wait(milliseconds: 10), "\(endpoint)")
            }
        }
        #expect(try links.send(message(), to: .inbox(own.endpoint)).endpoint == own.endpoint)
    }

    @Test func aMalformedMessageIsGoneAndTheNextOneComes() throws {
        let bus = try TemporaryBus()
        let inbox = try bus.inbox("masker")
        let link = try Link(context: bus.context, endpoint: inbox.endpoint)
        #expect(link.waitWritable(milliseconds: 10_000))
        #expect(try link.send(header: [0xff, 0xff], body: [], payload: []))
        #expect(try link.send(header: message(session: "good").encodedHeader(), body: [], payload: []))
        #expect(inbox.wait(milliseconds: 10_000))
        #expect(failureCode { _ = try inbox.receive() } == .malformed)
        #expect(try inbox.next().header.session == "good")
    }

    @Test func aRestartedReplicaIsFoundAgain() throws {
        let bus = try TemporaryBus()
        let links = bus.links()
        for round in 0..<3 { try serve(round, bus, links) }
    }

    private func serve(_ round: Int, _ bus: TemporaryBus, _ links: Links) throws {
        let inbox = try bus.inbox("classifier")
        // What was queued towards the former one is lost with it: senders send again.
        for _ in 0..<500 {
            _ = try links.send(message(session: "\(round)"), to: .inbox(inbox.endpoint))
            if inbox.wait(milliseconds: 20) { break }
        }
        #expect(try inbox.next().header.session == "\(round)")
    }
}
