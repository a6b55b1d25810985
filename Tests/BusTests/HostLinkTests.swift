@testable import Bus
import CZeroMQ
import Contract
import Foundation
import Testing

/// Links between hosts, over loopback with real keys: who gets in, and what happens when keys change.
@Suite("Links between hosts", .serialized)
final class HostLinkTests {
    private let folder: TemporaryBus
    private let keys: LinkKeyFolder
    private let permitted = PermittedLinks(requestRoute: ["classifier"], responseRoute: ["masker"])
    /// Each process has a context of its own, with its authenticator.
    private var contexts: [BusContext] = []

    init() throws {
        folder = try TemporaryBus()
        keys = LinkKeyFolder(path: folder.directory + "/keys")
        for stage in StageName.builtIn { #expect(try keys.make(stage: stage)) }
    }

    private func plan(
        listen: NetworkPlan.Place? = nil, remote: [String: [NetworkPlan.Place]] = [:], keys: LinkKeyFolder? = nil
    ) -> NetworkPlan {
        NetworkPlan(
            keys: (keys ?? self.keys).path, listen: listen, advertise: nil, remote: remote, permitted: permitted)
    }

    private struct Server {
        let inbox: Inbox
        let network: Network
        let place: NetworkPlan.Place
    }

    /// An inbox of `stage` at a free port, as its process has it.
    private func server(_ stage: String, keys: LinkKeyFolder? = nil) throws -> Server {
        let context = try BusContext()
        contexts.append(context)
        let port = try freePort()
        let place = NetworkPlan.Place(host: "127.0.0.1", ports: port...port)
        let network = try Network(plan: plan(listen: place, keys: keys), stage: stage)
        let authenticator = try network.start(context: context)
        try FileManager.default.createDirectory(
            atPath: "\(folder.directory)/\(stage)", withIntermediateDirectories: true)
        let inbox = try Inbox(context: context, endpoint: folder.endpoint(stage, "\(port)"))
        try inbox.listen(on: place, advertise: nil, network: network, authenticator: authenticator)
        #expect(inbox.replyEndpoint == "tcp://127.0.0.1:\(port)")
        return Server(inbox: inbox, network: network, place: place)
    }

    /// The links of a process of `stage` on another host, where replicas of `target` are at `places`.
    private func client(
        _ stage: String, to target: String, at places: [NetworkPlan.Place], keys: LinkKeyFolder? = nil
    ) throws -> (links: Links, network: Network) {
        let context = try BusContext()
        contexts.append(context)
        let network = try Network(plan: plan(remote: [target: places], keys: keys), stage: stage)
        return (Links(context: context, directory: folder.directory + "/elsewhere", network: network), network)
    }

    /// A plain socket's, which is free again as soon as it is closed; ZeroMQ closes one of its own later.
    private func freePort() throws -> Int {
        let probe = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        try #require(probe >= 0)
        defer { close(probe) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = in_addr_t(INADDR_LOOPBACK).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(probe, $0, length) == 0 && getsockname(probe, $0, &length) == 0
            }
        }
        try #require(isBound)
        return Int(UInt16(bigEndian: address.sin_port))
    }

    /// Sends until one arrives, ticking as a process does; the number of tries is bounded.
    private func arrives(_ links: Links, _ stage: String, _ server: Server, tries: Int = 400) throws -> Bool {
        let session = UUID().uuidString
        for _ in 0..<tries {
            server.inbox.tend()
            _ = links.tick(now: monotonicNanoseconds())
            _ = try links.send(message(session: session), to: .anyReplica(of: stage))
            while server.inbox.wait(milliseconds: 20) {
                // What an earlier call sent comes first.
                if try server.inbox.receive()?.header.session == session { return true }
            }
        }
        return false
    }

    /// A copy of the keys, as another host has it.
    private func copy() throws -> LinkKeyFolder {
        let path = folder.directory + "/keys-\(UUID().uuidString.prefix(4))"
        try FileManager.default.copyItem(atPath: keys.path, toPath: path)
        return LinkKeyFolder(path: path)
    }

    @Test func aPermittedStageGetsIn() throws {
        let masker = try server("masker")
        let (links, _) = try client("ingress", to: "masker", at: [masker.place])
        #expect(try arrives(links, "masker", masker))
        #expect(links.replicas(of: "masker").map(\.endpoint) == [masker.inbox.replyEndpoint])
    }

    @Test(arguments: ["classifier", "approver", "recorder", "masker"])
    func aStageOnALinkThatIsNotPermittedStaysOutside(_ stage: String) throws {
        let masker = try server("masker")
        let (links, _) = try client(stage, to: "masker", at: [masker.place])
        #expect(try !arrives(links, "masker", masker, tries: 40))
        #expect(links.replicas(of: "masker").isEmpty)
    }

    @Test func anUnknownKeyStaysOutside() throws {
        let masker = try server("masker")
        let strange = try copy()
        try strange.rotate(stage: "ingress")
        let (links, _) = try client("ingress", to: "masker", at: [masker.place], keys: strange)
        #expect(try !arrives(links, "masker", masker, tries: 40))
    }

    @Test func aServerWithAnotherKeyGetsNothing() throws {
        let strange = try copy()
        try strange.rotate(stage: "masker")
        try FileManager.default.removeItem(atPath: strange.path + "/masker.previous.public")
        let impostor = try server("masker", keys: strange)
        let (links, _) = try client("ingress", to: "masker", at: [impostor.place])
        #expect(try !arrives(links, "masker", impostor, tries: 40))
    }

    /// Plain TCP: neither is it connected to, nor does it get in.
    @Test func thereIsNoLinkWithoutKeys() throws {
        let masker = try server("masker")
        #expect(failureCode { _ = try Link(context: folder.context, endpoint: masker.inbox.replyEndpoint) } == .socket)
        let plain = try #require(zmq_socket(folder.context.raw, ZMQ_PUSH))
        defer { zmq_close(plain) }
        try setOption(plain, ZMQ_LINGER, 0)
        try setOption(plain, ZMQ_IMMEDIATE, 1)
        #expect(zmq_connect(plain, masker.inbox.replyEndpoint) == 0)
        var item = zmq_pollitem_t(socket: plain, fd: 0, events: Int16(ZMQ_POLLOUT), revents: 0)
        #expect(zmq_poll(&item, 1, 500) == 0)
        #expect(!masker.inbox.wait(milliseconds: 100))
    }

    @Test func aRotatedServerIsFoundAgain() throws {
        let masker = try server("masker")
        let (links, network) = try client("ingress", to: "masker", at: [masker.place])
        #expect(try arrives(links, "masker", masker))
        for _ in 0..<2 {
            try keys.rotate(stage: "masker")
            masker.network.readKeys()
            network.readKeys()
            #expect(try arrives(links, "masker", masker))
        }
    }

    @Test func aRotatedClientGetsIn() throws {
        let masker = try server("masker")
        let (links, network) = try client("ingress", to: "masker", at: [masker.place])
        #expect(try arrives(links, "masker", masker))
        try keys.rotate(stage: "ingress")
        network.readKeys()
        masker.network.readKeys()
        let (fresh, _) = try client("ingress", to: "masker", at: [masker.place])
        #expect(try arrives(fresh, "masker", masker))
        #expect(try arrives(links, "masker", masker))
    }

    /// The senders' host has the new public key, the server still has its former secret one; then it gets the new one.
    @Test func hostsThatGetTheFilesAtDifferentTimesKeepTalking() throws {
        let theirs = try copy()
        let masker = try server("masker", keys: theirs)
        try keys.rotate(stage: "masker")
        let (links, _) = try client("ingress", to: "masker", at: [masker.place])
        #expect(try arrives(links, "masker", masker))
        for file in ["masker.public", "masker.secret", "masker.previous.public"] {
            let target = theirs.path + "/" + file
            if FileManager.default.fileExists(atPath: target) { try FileManager.default.removeItem(atPath: target) }
            try FileManager.default.copyItem(atPath: keys.path + "/" + file, toPath: target)
        }
        masker.network.readKeys()
        #expect(try arrives(links, "masker", masker))
    }

    @Test func aFormerKeyIsAdmittedForADay() throws {
        let former = try copy()
        try keys.rotate(stage: "ingress")
        let masker = try server("masker")
        let (links, _) = try client("ingress", to: "masker", at: [masker.place], keys: former)
        #expect(try arrives(links, "masker", masker))
        let past = Date().addingTimeInterval(-LinkKeyFolder.grace - 1)
        try writeFormer(former, rotated: past)
        masker.network.readKeys()
        let (late, _) = try client("ingress", to: "masker", at: [masker.place], keys: former)
        #expect(try !arrives(late, "masker", masker, tries: 40))
    }

    /// `ingress.previous.public` with the key in `former`, of a rotation at that time.
    private func writeFormer(_ former: LinkKeyFolder, rotated: Date) throws {
        let key = try #require(try former.describe(stage: "ingress")).publicKey
        let text = "\(key)\n\nrotated \(Int(rotated.timeIntervalSince1970))\n"
        try Data(text.utf8).write(to: URL(fileURLWithPath: keys.path + "/ingress.previous.public"))
    }

    /// A copy has its own time; it does not make a former key younger.
    @Test func theDayBeginsWithTheRotation() throws {
        let former = try copy()
        let grace = LinkKeyFolder.grace
        for (age, isAdmitted) in [(-600, false), (-100, true), (0, true), (grace - 100, true), (grace + 1, false)] {
            try writeFormer(former, rotated: Date().addingTimeInterval(-age))
            #expect((try keys.describe(stage: "ingress")?.previous != nil) == isAdmitted, "\(age)")
        }
        try keys.rotate(stage: "ingress")
        #expect(try keys.describe(stage: "ingress")?.previous == former.describe(stage: "ingress")?.publicKey)
        let file = keys.path + "/ingress.previous.public"
        try Data("\(String(repeating: "a", count: 40))\n\nsome day\n".utf8).write(to: URL(fileURLWithPath: file))
        #expect(failureCode { _ = try keys.describe(stage: "ingress") } == .environment)
    }

    /// As earlier versions wrote it: the file's own time counts.
    @Test func aFormerKeyWithoutATimeIsAsOldAsItsFile() throws {
        let key = try #require(try keys.describe(stage: "ingress")).publicKey
        let file = keys.path + "/ingress.previous.public"
        try Data("\(key)\n".utf8).write(to: URL(fileURLWithPath: file))
        #expect(try keys.describe(stage: "ingress")?.previous == key)
        let past = Date().addingTimeInterval(-LinkKeyFolder.grace - 1)
        try FileManager.default.setAttributes([.modificationDate: past], ofItemAtPath: file)
        #expect(try keys.describe(stage: "ingress")?.previous == nil)
    }

    @Test func repliesGoToKnownPlacesOnly() throws {
        let ingress = try server("ingress")
        let (links, network) = try client("masker", to: "ingress", at: [ingress.place])
        #expect(try links.waitWritable(endpoint: ingress.inbox.replyEndpoint, milliseconds: 10_000))
        #expect(try links.send(message(), to: .inbox(ingress.inbox.replyEndpoint)).endpoint != nil)
        #expect(ingress.inbox.wait(milliseconds: 10_000))
        for endpoint in ["tcp://127.0.0.1:1", "tcp://10.0.0.1:7400", "tcp://ingress:7400", "tcp://"] {
            #expect(network.stage(at: endpoint) == nil)
            #expect(try links.send(message(), to: .inbox(endpoint)).endpoint == nil)
        }
    }

    /// Something that takes every connection and closes it needs no key: what ZeroMQ tells of that is read though nothing is
    /// sent there, or its thread would wait for us in the end.
    @Test func whatHappensToAReplyLinkIsRead() throws {
        let closing = try ClosingListener()
        let place = NetworkPlan.Place(host: "127.0.0.1", ports: closing.port...closing.port)
        let (links, _) = try client("masker", to: "ingress", at: [place])
        _ = links.tick(now: monotonicNanoseconds())
        #expect(try links.send(message(), to: .inbox("tcp://127.0.0.1:\(closing.port)")).endpoint == nil)
        #expect(links.openReplyLinks == 1)
        for _ in 0..<3 { closing.closeNext() }
        #expect(eventually { links.hasUnreadEvents })
        closing.end()
        #expect(
            eventually {
                _ = links.tick(now: monotonicNanoseconds())
                return !links.hasUnreadEvents
            })
    }

    @Test func anIdleReplyLinkToAnotherHostIsClosed() throws {
        let ingress = try server("ingress")
        let (links, _) = try client("masker", to: "ingress", at: [ingress.place])
        #expect(try links.waitWritable(endpoint: ingress.inbox.replyEndpoint, milliseconds: 10_000))
        let now = monotonicNanoseconds()
        _ = links.tick(now: now)
        #expect(links.openReplyLinks == 1)
        _ = links.tick(now: now + Links.replyIdle - 1)
        #expect(links.openReplyLinks == 1)
        _ = links.tick(now: now + Links.replyIdle + Links.registryInterval)
        #expect(links.openReplyLinks == 0)
        // Who comes back is answered as before.
        #expect(try links.waitWritable(endpoint: ingress.inbox.replyEndpoint, milliseconds: 10_000))
        #expect(try links.send(message(), to: .inbox(ingress.inbox.replyEndpoint)).endpoint != nil)
    }

    /// A name service that does not answer keeps nobody from new keys.
    @Test func newKeysDoNotWaitForNames() throws {
        let context = try BusContext()
        contexts.append(context)
        let (asked, answer) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        defer { answer.signal() }
        let place = NetworkPlan.Place(host: "masker.internal", ports: 7401...7401)
        let network = try Network(plan: plan(remote: ["masker": [place]]), stage: "ingress") { _ in
            asked.signal()
            answer.wait()
            return .unknownName
        }
        _ = try network.start(context: context)
        #expect(asked.wait(timeout: .now() + 10) == .success)
        let former = network.keys
        try keys.rotate(stage: "masker")
        #expect(eventually { network.keys != former })
    }

    @Test func replicasAreWhereTheNameSaysNow() throws {
        let place = NetworkPlan.Place(host: "masker.internal", ports: 7401...7402)
        let (links, network) = try client("ingress", to: "masker", at: [place])
        #expect(network.endpoints(of: "masker").isEmpty)
        network.update(addresses: ["masker.internal": ["127.0.0.2", "::1"]])
        let expected = ["tcp://127.0.0.2:7401", "tcp://127.0.0.2:7402", "tcp://[::1]:7401", "tcp://[::1]:7402"]
        #expect(network.endpoints(of: "masker") == expected)
        #expect(expected.allSatisfy { network.stage(at: $0) == "masker" })
        #expect(network.stage(at: "tcp://masker.internal:7402") == "masker")
        links.prepare(stage: "masker")
        network.update(addresses: ["masker.internal": []])
        #expect(network.endpoints(of: "masker").isEmpty)
        #expect(network.stage(at: expected[0]) == nil)
    }

    @Test func placesOfOneStageAreBounded() throws {
        let places = (1...3).map { NetworkPlan.Place(host: "127.0.0.\($0)", ports: 7000...7039) }
        let (_, network) = try client("ingress", to: "masker", at: places)
        #expect(network.endpoints(of: "masker").count == Network.maximumEndpoints)
    }

    @Test func anInboxTakesTheFirstFreePort() throws {
        let first = try server("masker")
        let port = first.place.ports.lowerBound
        let context = try BusContext()
        contexts.append(context)
        let network = try Network(plan: plan(), stage: "masker")
        let authenticator = try network.start(context: context)
        let second = try Inbox(context: context, endpoint: folder.endpoint("masker", "second"))
        let range = NetworkPlan.Place(host: "127.0.0.1", ports: port...min(port + 20, 65_535))
        try second.listen(
            on: range, advertise: "masker.example", network: network, authenticator: authenticator)
        #expect(second.replyEndpoint.hasPrefix("tcp://masker.example:"))
        #expect(second.replyEndpoint != "tcp://masker.example:\(port)")
        let third = try Inbox(context: context, endpoint: folder.endpoint("masker", "third"))
        #expect(
            failureCode {
                try third.listen(on: first.place, advertise: nil, network: network, authenticator: authenticator)
            } == .socket)
    }

    @Test func keysAreMadeOnceAndKeptApart() throws {
        #expect(try !keys.make(stage: "masker"))
        let made = try #require(try keys.describe(stage: "masker"))
        #expect(made.hasSecret && made.previous == nil)
        try keys.rotate(stage: "masker")
        let rotated = try #require(try keys.describe(stage: "masker"))
        #expect(rotated.publicKey != made.publicKey)
        #expect(rotated.previous == made.publicKey)
        #expect(try keys.describe(stage: "stranger") == nil)
        for (name, mode) in [("masker.secret", 0o600), ("masker.public", 0o644)] {
            let attributes = try FileManager.default.attributesOfItem(atPath: keys.path + "/" + name)
            #expect(attributes[.posixPermissions] as? Int == mode)
        }
        try Data("short".utf8).write(to: URL(fileURLWithPath: keys.path + "/masker.public"))
        #expect(failureCode { _ = try keys.describe(stage: "masker") } == .environment)
        try FileManager.default.removeItem(atPath: keys.path + "/ingress.secret")
        #expect(failureCode { _ = try Network(plan: plan(), stage: "ingress") } == .environment)
    }
}

extension Inbox {
    fileprivate var replyEndpoint: String { replyAddress.acrossHosts ?? replyAddress.local }
}
