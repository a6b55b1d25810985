import Contract
import Glibc
import SwiftProtobuf
import Telemetry

/// One sender's sockets: one `PUSH` per replica of each stage it talks to. Owned by one thread or event loop.
///
/// The file system is the registry: replica `r` of stage `s` binds `<bus>/s/r`. Replicas are pinged over the same
/// sockets (``Presence``); a sender without an inbox of its own does not ping, and takes all for live.
public final class Links {
    /// Reply endpoints kept open; the longest unused is closed beyond this.
    static let maximumReplyLinks = 64
    /// How often the registry is read again, nanoseconds.
    static let registryInterval: UInt64 = 250_000_000
    /// How long a link to a replica that left the registry stays open for what is outstanding there, nanoseconds.
    static let retirement: UInt64 = 2_000_000_000
    /// How long a reply link stays open unused once its inbox is gone, or at all to another host, nanoseconds: who lives
    /// pings, and gets pongs.
    static let replyIdle: UInt64 = 10_000_000_000

    /// What tells how much a replica has to do.
    public enum LoadMeasure: Sendable {
        /// What was sent to it and is not settled: for who gets the answers.
        case settled
        /// What its pongs say, and what was sent since: for who passes messages on.
        case told
    }

    private struct Known {
        /// In the registry now, in the order of their names; then those on other hosts.
        var peers: [Peer] = []
        var readAt: UInt64 = 0
        /// Those that get work, as of this membership.
        var preferred: (peers: [Peer], membership: UInt64)?
    }

    private let context: BusContext
    /// The bus directory, an absolute path.
    public let directory: String
    /// The inbox that pongs come to; nil for none.
    private let replyTo: ReplyAddress?
    private var pings: QuestionNumbers
    /// Nil when all stages are on this host.
    private let network: Network?
    private let load: LoadMeasure
    private var stages: [String: Known] = [:]
    private var peers: [String: Peer] = [:]
    private var numbers: [UInt32: Peer] = [:]
    private var pinged: [UInt64: Peer] = [:]
    /// `use` orders them by their last use, whose time is `at`.
    private var replyLinks: [String: (link: Link, use: UInt64, at: UInt64)] = [:]
    private var replyUses: UInt64 = 0
    private var repliesReadAt: UInt64 = 0
    /// When ``tick(now:)`` was called last.
    private var tickedAt: UInt64 = 0
    private var presence = Presence()
    private var lastNumber: UInt32 = 0
    private var turn = 0
    /// Grows whenever a replica comes, goes, or changes its state.
    public private(set) var membership: UInt64 = 0

    public init(
        context: BusContext, directory: String, replyTo: ReplyAddress? = nil, loop: UInt8 = 0,
        network: Network? = nil, load: LoadMeasure = .settled
    ) {
        self.network = network
        self.load = load
        self.context = context
        self.directory = directory
        self.replyTo = replyTo
        pings = QuestionNumbers(loop: loop)
    }

    // MARK: - Sending

    /// Queues `message` without waiting. It counts as outstanding until ``settled(endpoint:)``. The replica `avoiding`
    /// gets it only when no other can.
    public func send(
        _ message: BusMessage, to destination: Destination, avoiding former: String? = nil
    ) throws(BusError) -> SendResult {
        let header = try message.encodedHeader()
        switch destination {
        case .inbox(let endpoint):
            guard let link = try link(toInbox: endpoint) else { return .noInbox }
            guard try link.send(header: header, body: message.body, payload: message.payload) else {
                return .unavailable
            }
            if let peer = peers[endpoint] { count(peer) }
            return .queued(endpoint: endpoint)
        case .anyReplica(let stage):
            let all = preferred(of: stage)
            if all.count == 1 {
                return try send(message, header: header, to: all[0])
                    ? .queued(endpoint: all[0].endpoint) : .unavailable
            }
            for peer in byLoad(all, avoiding: former)
            where try send(message, header: header, to: peer) {
                return .queued(endpoint: peer.endpoint)
            }
            return .unavailable
        }
    }

    private func send(_ message: BusMessage, header: [UInt8], to peer: Peer) throws(BusError) -> Bool {
        guard try peer.link.send(header: header, body: message.body, payload: message.payload) else { return false }
        count(peer)
        return true
    }

    private func count(_ peer: Peer) {
        switch load {
        case .settled: peer.outstanding += 1
        case .told: peer.sent += 1
        }
    }

    private func load(of peer: Peer) -> Int {
        switch load {
        case .settled: peer.outstanding
        case .told: peer.queued + peer.sent
        }
    }

    /// The live ones; without any, those that drain; without these, all.
    private func preferred(of stage: String) -> [Peer] {
        let all = replicas(in: stage)
        guard all.count > 1 else { return all }
        if let known = stages[stage]?.preferred, known.membership == membership { return known.peers }
        let present = all.filter { $0.link.isConnected && !isAlias($0, among: all) }
        var chosen = present.isEmpty ? all : present
        for wanted in [Presence.State.live, .draining] {
            let some = present.filter { presence.state(of: $0.number) == wanted }
            if !some.isEmpty {
                chosen = some
                break
            }
        }
        stages[stage]?.preferred = (chosen, membership)
        return chosen
    }

    /// Whether the same process is known by another endpoint already: this host's before another host's.
    private func isAlias(_ peer: Peer, among all: [Peer]) -> Bool {
        guard peer.link.keys != nil, let incarnation = presence.incarnation(of: peer.number) else { return false }
        return all.prefix { $0 !== peer }.contains {
            $0.name == peer.name && presence.incarnation(of: $0.number) == incarnation
        }
    }

    /// The one with the least to do first; equals take turns.
    private func byLoad(_ all: [Peer], avoiding former: String?) -> [Peer] {
        turn &+= 1
        let rotated = all.indices.map { all[($0 &+ turn) % all.count] }
        return rotated.sorted {
            ($0.endpoint == former ? 1 : 0, load(of: $0)) < ($1.endpoint == former ? 1 : 0, load(of: $1))
        }
    }

    /// Tells that a message queued to `endpoint` was answered or given up.
    public func settled(endpoint: String) {
        guard let peer = peers[endpoint] else { return }
        peer.outstanding = max(0, peer.outstanding - 1)
    }

    /// Messages that were queued to `endpoint` and are not settled.
    func outstanding(at endpoint: String) -> Int { peers[endpoint]?.outstanding ?? 0 }

    // MARK: - Replicas

    /// Opens links to every replica of `stage` ahead of the first message.
    public func prepare(stage: String) { _ = replicas(in: stage) }

    /// The replicas of `stage`: in the registry, in the order of their endpoints, and those that are connected on other
    /// hosts.
    public func replicas(of stage: String) -> [Replica] {
        let all = replicas(in: stage)
        return all.filter { $0.link.isConnected && !isAlias($0, among: all) }.map { peer in
            let state: Replica.State =
                switch presence.state(of: peer.number) {
                case .live: .live
                case .suspect: .suspect
                case .draining: .draining
                }
            return Replica(
                endpoint: peer.endpoint, name: peer.name, state: state,
                incarnation: presence.incarnation(of: peer.number))
        }
    }

    /// Pings what is due, reads the registry again, and closes what has retired. Call about every 10 to 100 ms. Returns
    /// what has to be sent again at once.
    public func tick(now: UInt64) -> [LostWork] {
        // What was used before the first tick begins to be idle with it.
        if tickedAt == 0 { for endpoint in replyLinks.keys { replyLinks[endpoint]?.at = now } }
        tickedAt = now
        for stage in stages.keys { _ = replicas(in: stage, now: now) }
        lookAtReplyLinks()
        closeReplyLinks(now: now)
        for peer in peers.values {
            guard let retiredAt = peer.retiredAt else { continue }
            if peer.outstanding == 0 || retiredAt + Self.retirement <= now { close(peer) }
        }
        var lost: [LostWork] = []
        if network != nil { for peer in peers.values { lost += look(at: peer) } }
        return replyTo == nil ? lost : lost + perform(presence.tick(now: now))
    }

    private func look(at peer: Peer) -> [LostWork] {
        switch peer.link.look() {
        case nil: return []
        case .connected:
            membership += 1
            return []
        case .refused:
            membership += 1
            if let link = otherKeys(peer.link, stage: peer.stage) { peer.link = link }
            return []
        case .disconnected:
            membership += 1
            peer.outstanding = 0
            return [LostWork(stage: peer.stage, endpoint: peer.endpoint, isReplaced: true)]
        }
    }

    /// The link opened again with the keys as they are now, when they are others than those that did not fit: each
    /// side may have a new key that the other does not know yet.
    private func otherKeys(_ link: Link, stage: String) -> Link? {
        guard let network, let former = link.keys else { return nil }
        let known = network.keys
        let candidates = known.serverKeys(of: stage)
        guard !candidates.isEmpty else { return nil }
        let place = candidates.firstIndex(of: former.server).map { ($0 + 1) % candidates.count } ?? 0
        let keys = Link.Keys(server: candidates[place], own: known.publicKey, secret: known.secretKey)
        guard keys != former else { return nil }
        do {
            return try Link(context: context, endpoint: link.endpoint, keys: keys)
        } catch {
            StageLog.error("cannot connect to \(stage): \(error)")
            return nil
        }
    }

    private func open(_ endpoint: String, stage: String?) throws(BusError) -> Link {
        guard endpoint.hasPrefix("tcp://") else { return try Link(context: context, endpoint: endpoint) }
        guard let stage, let known = network?.keys, let server = known.current[stage] else {
            throw BusError(.environment, "no public key of \(stage ?? "the stage at \(endpoint)"): see `sluice keys`")
        }
        return try Link(
            context: context, endpoint: endpoint,
            keys: Link.Keys(server: server, own: known.publicKey, secret: known.secretKey))
    }

    /// Takes a pong. Returns what has to be sent again at once.
    public func receive(_ message: BusMessage) -> [LostWork] {
        guard message.header.kind == .pong, let peer = pinged[message.header.sequence] else { return [] }
        let pong: Pong
        do {
            pong = try message.body(as: Pong.self)
        } catch {
            StageLog.error("pong dropped: \(error)")
            return []
        }
        guard pong.stage == peer.stage, pong.replica.utf8.count <= RemarkBounds.nameBytes else { return [] }
        peer.name = pong.replica
        peer.queued = Int(pong.queued)
        // What came before the ping is in its answer.
        peer.sent -= peer.sentAtPing
        peer.sentAtPing = 0
        // Where one process of a stage answers pings, all do.
        for other in stages[peer.stage]?.peers ?? [] where canPing(other.link) { presence.mustAnswer(other.number) }
        return perform(presence.ponged(peer.number, incarnation: pong.incarnation, draining: pong.draining))
    }

    private func perform(_ answers: [Presence.Answer]) -> [LostWork] {
        var lost: [LostWork] = []
        for answer in answers {
            switch answer {
            case .ping(let number):
                if let peer = numbers[number] { ping(peer) }
            case .suspected(let number):
                membership += 1
                guard let peer = numbers[number] else { continue }
                PeerMetrics.of(peer.stage).suspicions.add()
                StageLog.error("\(peer.endpoint) does not answer")
                let others = stages[peer.stage]?.peers ?? []
                // With nobody better it stays where it is.
                if others.contains(where: { $0.link.isConnected && presence.state(of: $0.number) != .suspect }) {
                    lost.append(LostWork(stage: peer.stage, endpoint: peer.endpoint, isReplaced: false))
                }
            case .changed(let number):
                membership += 1
                guard let peer = numbers[number] else { continue }
                // What waited at silent ones for want of a better one has one now.
                for other in stages[peer.stage]?.peers ?? [] where presence.state(of: other.number) == .suspect {
                    lost.append(LostWork(stage: other.stage, endpoint: other.endpoint, isReplaced: false))
                }
            case .restarted(let number):
                membership += 1
                guard let peer = numbers[number] else { continue }
                peer.outstanding = 0
                lost.append(LostWork(stage: peer.stage, endpoint: peer.endpoint, isReplaced: true))
            }
        }
        return lost
    }

    private func ping(_ peer: Peer) {
        // One that tells nothing is measured by what it got since the last ping.
        if presence.incarnation(of: peer.number) == nil { peer.sent -= peer.sentAtPing }
        peer.sentAtPing = peer.sent
        guard let replyTo, canPing(peer.link) else { return }
        var header = Header()
        header.kind = .ping
        header.lane = .presence
        header.sequence = peer.pingSequence
        replyTo.write(to: &header)
        let message = BusMessage(header: header)
        do {
            // One that finds no room is as good as unanswered.
            _ = try peer.link.send(header: try message.encodedHeader(), body: [], payload: [])
        } catch {
            StageLog.error("cannot ping \(peer.endpoint): \(error)")
        }
    }

    /// A pong from another host needs an inbox that it can reach.
    private func canPing(_ link: Link) -> Bool { replyTo != nil && (link.keys == nil || replyTo?.acrossHosts != nil) }

    private func replicas(in stage: String) -> [Peer] { replicas(in: stage, now: monotonicNanoseconds()) }

    private func replicas(in stage: String, now: UInt64) -> [Peer] {
        if let known = stages[stage], now < known.readAt + Self.registryInterval { return known.peers }
        let folder = "\(directory)/\(stage)"
        let endpoints =
            directoryEntries(folder).sorted().map { "ipc://\(folder)/\($0)" } + (network?.endpoints(of: stage) ?? [])
        let former = stages[stage]?.peers ?? []
        var current: [Peer] = []
        for endpoint in endpoints {
            do {
                current.append(try peer(stage: stage, endpoint: endpoint))
            } catch {
                StageLog.error("cannot connect to \(stage): \(error)")
            }
        }
        for peer in former where !endpoints.contains(peer.endpoint) {
            peer.retiredAt = now
            presence.vanished(peer.number)
            membership += 1
        }
        stages[stage] = Known(peers: current, readAt: now, preferred: stages[stage]?.preferred)
        return current
    }

    private func peer(stage: String, endpoint: String) throws(BusError) -> Peer {
        if let known = peers[endpoint] {
            if known.retiredAt != nil {
                known.retiredAt = nil
                presence.appeared(known.number)
                expectAnswers(of: known)
                membership += 1
            }
            return known
        }
        let link: Link
        if let open = replyLinks.removeValue(forKey: endpoint) {
            link = open.link
        } else {
            link = try self.open(endpoint, stage: stage)
        }
        lastNumber &+= 1
        let sequence = pings.next { pinged[$0] == nil }
        let peer = Peer(stage: stage, endpoint: endpoint, number: lastNumber, pingSequence: sequence, link: link)
        peers[endpoint] = peer
        numbers[peer.number] = peer
        pinged[sequence] = peer
        presence.appeared(peer.number)
        expectAnswers(of: peer)
        membership += 1
        return peer
    }

    /// Sluice's own stages answer pings, and so does a custom one of which another process did.
    private func expectAnswers(of peer: Peer) {
        let others = stages[peer.stage]?.peers ?? []
        guard canPing(peer.link),
            StageName.builtIn.contains(peer.stage)
                || others.contains(where: { presence.incarnation(of: $0.number) != nil })
        else { return }
        presence.mustAnswer(peer.number)
    }

    private func close(_ peer: Peer) {
        peers[peer.endpoint] = nil
        numbers[peer.number] = nil
        pinged[peer.pingSequence] = nil
        // What it said last came before now.
        membership += 1
    }

    // MARK: - Replies

    var openReplyLinks: Int { replyLinks.count }

    /// Replies go to inboxes of this bus only, whatever a message asks for; nil for any other.
    func link(toInbox endpoint: String) throws(BusError) -> Link? {
        if let peer = peers[endpoint] { return peer.link }
        replyUses += 1
        if let known = replyLinks[endpoint] {
            replyLinks[endpoint] = (known.link, replyUses, tickedAt)
            return known.link
        }
        let stage = network?.stage(at: endpoint)
        guard stage != nil || isInbox(endpoint) && access(String(endpoint.dropFirst("ipc://".count)), F_OK) == 0 else {
            return nil
        }
        if replyLinks.count >= Self.maximumReplyLinks,
            let oldest = replyLinks.min(by: { $0.value.use < $1.value.use })?.key
        {
            replyLinks[oldest] = nil
        }
        let link = try open(endpoint, stage: stage)
        replyLinks[endpoint] = (link, replyUses, tickedAt)
        return link
    }

    /// Takes what happened to links between hosts, whether anything is sent there or not: ZeroMQ's thread waits for whoever
    /// does not, and every link with it (``LinkMonitor``).
    private func lookAtReplyLinks() {
        guard let network else { return }
        for (endpoint, reply) in replyLinks {
            switch reply.link.look() {
            case nil, .connected, .disconnected: break
            case .refused:
                guard let stage = network.stage(at: endpoint), let link = otherKeys(reply.link, stage: stage) else {
                    continue
                }
                replyLinks[endpoint]?.link = link
            }
        }
    }

    /// Closes what was open towards processes that have gone: on this host their numbers do not come again, and nobody
    /// tells of one on another host, to which ZeroMQ would connect for ever.
    private func closeReplyLinks(now: UInt64) {
        guard now >= repliesReadAt + Self.registryInterval else { return }
        repliesReadAt = now
        for (endpoint, reply) in replyLinks where reply.at + Self.replyIdle <= now {
            if !isInbox(endpoint) || access(String(endpoint.dropFirst("ipc://".count)), F_OK) != 0 {
                replyLinks[endpoint] = nil
            }
        }
    }

    /// Whether anything that happened to a reply link waits to be taken.
    var hasUnreadEvents: Bool { replyLinks.values.contains { $0.link.hasUnreadEvents } }

    /// Whether `endpoint` is `<bus>/stage/replica`, without a step out of the directory.
    private func isInbox(_ endpoint: String) -> Bool {
        let prefix = "ipc://\(directory)/"
        guard endpoint.hasPrefix(prefix) else { return false }
        let parts = endpoint.dropFirst(prefix.count).split(separator: "/", omittingEmptySubsequences: false)
        return parts.count == 2 && parts.allSatisfy { !$0.isEmpty && !$0.contains(".") }
    }

    /// For rendezvous hashing: a key stays with the endpoint of the greatest weight as long as that is there. FNV-1a over
    /// endpoint and key, finished with an avalanche: the same on every process and run.
    static func weight(_ endpoint: String, _ key: String) -> UInt64 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in endpoint.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        for byte in key.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        hash ^= hash >> 33
        hash = hash &* 0xff51_afd7_ed55_8ccd
        return hash ^ (hash >> 33)
    }
}
