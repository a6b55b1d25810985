import CZeroMQ
import Foundation
import Glibc
import Synchronization

/// What one process knows of the bus beyond its host, kept up to date by two threads: the keys, read again each second,
/// and the addresses of names, asked for every five seconds.
public final class Network: Sendable {
    static let keysInterval: UInt32 = 1
    /// Seconds between two questions for a name's addresses.
    static let namesInterval: UInt64 = 5
    /// Most endpoints of one stage on other hosts.
    static let maximumEndpoints = 64

    private struct Known {
        var keys: LinkKeys
        var endpoints: [String: [String]] = [:]
        /// Whose inbox an endpoint is.
        var stages: [String: String] = [:]
        var addresses: [String: [String]] = [:]
        var isAsking = false
    }

    let plan: NetworkPlan
    let stage: String
    private let folder: LinkKeyFolder
    /// Asks the name service, and waits for it.
    private let lookup: @Sendable (String) -> NameLookup.Answer
    private let known: Mutex<Known>

    /// Reads the keys. Throws ``BusError`` when this stage's own are not there, or libzmq has no CURVE.
    public convenience init(plan: NetworkPlan, stage: String) throws(BusError) {
        try self.init(plan: plan, stage: stage, lookup: NameLookup.addresses)
    }

    init(
        plan: NetworkPlan, stage: String, lookup: @escaping @Sendable (String) -> NameLookup.Answer
    ) throws(BusError) {
        guard zmq_has("curve") == 1 else {
            throw BusError(.environment, "libzmq has no CURVE: there are no links between hosts without it")
        }
        self.plan = plan
        self.stage = stage
        let folder = LinkKeyFolder(path: plan.keys)
        let keys = try folder.read(stage: stage, stages: Self.stages(plan))
        self.folder = folder
        self.lookup = lookup
        known = Mutex(Known(keys: keys))
        update(addresses: [:])
    }

    /// Takes a process to the bus between hosts as its environment says; nil when that does not.
    public static func start(
        _ environment: StageEnvironment, inbox: Inbox, context: BusContext
    ) throws(BusError) -> Network? {
        guard let plan = environment.network else { return nil }
        let network = try Network(plan: plan, stage: environment.stage)
        let authenticator = try network.start(context: context)
        if let place = plan.listen {
            try inbox.listen(on: place, advertise: plan.advertise, network: network, authenticator: authenticator)
        }
        return network
    }

    /// Begins to watch keys and names, and to admit peers, for as long as the process lives.
    func start(context: BusContext) throws(BusError) -> Authenticator {
        let authenticator = try Authenticator(network: self, context: context)
        authenticator.start()
        Thread.detachNewThread { [self] in
            while true {
                sleep(Self.keysInterval)
                readKeys()
            }
        }
        // A thread of its own: a name service may take long to answer, and new keys must not wait for it.
        Thread.detachNewThread { [self] in
            var second: UInt64 = 0
            while true {
                let isAsked = known.withLock { known in
                    defer { known.isAsking = false }
                    return known.isAsking
                }
                if isAsked || second % Self.namesInterval == 0 { askNames() }
                second += 1
                sleep(1)
            }
        }
        return authenticator
    }

    private static func stages(_ plan: NetworkPlan) -> [String] {
        Set(plan.remote.keys).union(StageName.builtIn).union(plan.permitted.senders(to: StageName.ingress)).sorted()
    }

    // MARK: - Keys

    var keys: LinkKeys { known.withLock { $0.keys } }

    /// While the folder cannot be read the former keys hold.
    func readKeys() {
        do {
            let keys = try folder.read(stage: stage, stages: Self.stages(plan))
            known.withLock { $0.keys = keys }
        } catch {
            StageLog.error("cannot read the keys again; the former ones hold: \(error)")
        }
    }

    /// The stage whose key this is, when it may send to `receiver`.
    func sender(_ key: LinkKey, to receiver: String) -> (stage: String?, isPermitted: Bool) {
        guard let sender = keys.owner(of: key) else { return (nil, false) }
        return (sender, plan.permitted.allow(from: sender, to: receiver))
    }

    // MARK: - Places

    /// Inboxes of `stage` on other hosts.
    func endpoints(of stage: String) -> [String] { known.withLock { $0.endpoints[stage] ?? [] } }

    /// The stage that listens at `endpoint`; nil when that is no inbox of this bus. Then names are asked for again soon:
    /// it may be new.
    func stage(at endpoint: String) -> String? {
        known.withLock { known in
            if let stage = known.stages[endpoint] { return stage }
            known.isAsking = true
            return nil
        }
    }

    private func askNames() {
        let hosts = Set(plan.remote.values.flatMap { $0 }.map(\.host)).filter { !NameLookup.isAddress($0) }
        guard !hosts.isEmpty else { return }
        var addresses: [String: [String]] = [:]
        for host in hosts {
            switch lookup(host) {
            case .found(let found): addresses[host] = found
            case .unknownName: addresses[host] = []
            case .failed(let reason):
                StageLog.error("cannot look up \(host), its former addresses hold: \(reason)")
                addresses[host] = known.withLock { $0.addresses[host] }
            }
        }
        update(addresses: addresses)
    }

    /// Takes the addresses of names.
    func update(addresses: [String: [String]]) {
        var endpoints: [String: [String]] = [:]
        var stages: [String: String] = [:]
        for (stage, places) in plan.inboxes {
            for place in places {
                for port in place.ports { stages[NetworkPlan.endpoint(host: place.host, port: port)] = stage }
            }
        }
        for (stage, places) in plan.remote {
            var all: [String] = []
            for place in places {
                let hosts = NameLookup.isAddress(place.host) ? [place.host] : addresses[place.host] ?? []
                for port in place.ports {
                    // Under its name too: that may be what it advertises.
                    stages[NetworkPlan.endpoint(host: place.host, port: port)] = stage
                    all += hosts.map { NetworkPlan.endpoint(host: $0, port: port) }
                }
            }
            let bounded = Array(Set(all).sorted().prefix(Self.maximumEndpoints))
            if bounded.count < Set(all).count {
                StageLog.error("\(stage) has more than \(Self.maximumEndpoints) places; the others get nothing")
            }
            for endpoint in bounded { stages[endpoint] = stage }
            endpoints[stage] = bounded
        }
        known.withLock {
            $0.addresses = addresses
            $0.endpoints = endpoints
            $0.stages = stages
        }
    }
}
