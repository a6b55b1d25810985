import Bus
import Foundation

extension Configuration {
    /// Names a host under which others reach the process, before `advertise` in the file: a pod's own address.
    static let advertiseVariable = "SLUICE_ADVERTISE"

    /// How `stage` takes part in a bus that spans hosts; nil when no stage listens or is elsewhere. Throws
    /// ``BusError`` when others could not reach it.
    public func networkPlan(
        for stage: String, environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws(BusError) -> NetworkPlan? {
        guard !stages.network.isEmpty else { return nil }
        func place(_ place: BusPlace) -> NetworkPlan.Place { NetworkPlan.Place(host: place.host, ports: place.ports) }
        var remote: [String: [NetworkPlan.Place]] = [:]
        var inboxes: [String: [NetworkPlan.Place]] = [:]
        for (name, network) in stages.network {
            if !network.at.isEmpty { remote[name.rawValue] = network.at.map(place) }
            guard let listen = network.listen else { continue }
            inboxes[name.rawValue] = [network.advertise ?? listen.host].map {
                NetworkPlan.Place(host: $0, ports: listen.ports)
            }
        }
        let own = BuiltInStage(rawValue: stage).flatMap { stages.network[$0] }
        let advertise = environment[Self.advertiseVariable].flatMap { $0.isEmpty ? nil : $0 } ?? own?.advertise
        if let listen = own?.listen, listen.isEveryAddress, advertise == nil, stage == StageName.ingress {
            throw BusError(
                .environment,
                "ingress listens on every address: say under which others reach it (advertise: tcp://host)")
        }
        return NetworkPlan(
            keys: state.linkKeys, listen: own?.listen.map(place), advertise: advertise, remote: remote,
            inboxes: inboxes,
            permitted: PermittedLinks(requestRoute: stages.requestRoute(), responseRoute: stages.responseRoute()))
    }
}
