import StrictYAML

/// `tcp://host:port` or `tcp://host:first-last`: a place on the bus between hosts.
public struct BusPlace: Sendable, Equatable {
    /// An address or a name, IPv6 without brackets.
    public let host: String
    public let ports: ClosedRange<Int>

    static let maximumPorts = StageTable.maximumReplicas

    init(_ node: StrictNode) throws(ConfigurationError) {
        let text = try node.string()
        let scheme = "tcp://"
        guard text.hasPrefix(scheme), let (host, ports) = Self.split(String(text.dropFirst(scheme.count))) else {
            throw node.error("expected tcp://host:port or tcp://host:first-last, such as tcp://10.0.0.3:7401-7404")
        }
        guard ports.count <= Self.maximumPorts else {
            throw node.error("more than \(Self.maximumPorts) ports, the most replicas that a stage can have")
        }
        self.host = host
        self.ports = ports
    }

    private static func split(_ text: String) -> (String, ClosedRange<Int>)? {
        guard let colon = text.lastIndex(of: ":"),
            let dash = text[colon...].firstIndex(of: "-")
        else { return Endpoint.hostAndPort(text).map { ($0.host, $0.port...$0.port) } }
        guard let (host, first) = Endpoint.hostAndPort(String(text[..<dash])),
            let last = Endpoint.port(text[text.index(after: dash)...]), first <= last
        else { return nil }
        return (host, first...last)
    }

    var isEveryAddress: Bool { host == "0.0.0.0" || host == "::" }
}

/// A stage's part in a bus that spans hosts.
public struct StageNetwork: Sendable, Equatable {
    /// Where replicas here listen for other hosts, each at the first free port.
    public let listen: BusPlace?
    /// The host under which others reach them, when they listen on every address.
    public let advertise: String?
    /// Where senders on other hosts find replicas.
    public let at: [BusPlace]

    static let maximumPlaces = 64

    init(
        listen: StrictNode?, advertise: StrictNode?, at: StrictNode?, replicas: Int
    ) throws(ConfigurationError) {
        var mistakes = Mistakes()
        self.listen = mistakes.attempt(
            try listen.map { node throws(ConfigurationError) in
                try Self.listen(node, replicas: replicas)
            })
        self.advertise = mistakes.attempt(
            try advertise.map { node throws(ConfigurationError) in
                guard listen != nil else { throw node.error("advertise needs listen") }
                return try Self.host(node)
            })
        self.at = mistakes.attempt(try at.map(Self.places)) ?? []
        try mistakes.finish()
    }

    private static func listen(_ node: StrictNode, replicas: Int) throws(ConfigurationError) -> BusPlace {
        let place = try BusPlace(node)
        guard place.ports.count >= replicas else {
            throw node.error("\(replicas) replicas need as many ports, and one more to restart one by one")
        }
        return place
    }

    private static func host(_ node: StrictNode) throws(ConfigurationError) -> String {
        let text = try node.string()
        let scheme = "tcp://"
        guard text.hasPrefix(scheme),
            let (host, _) = Endpoint.hostAndPort(String(text.dropFirst(scheme.count)) + ":1")
        else { throw node.error("expected tcp://host, the address or name under which others reach it") }
        return host
    }

    private static func places(_ node: StrictNode) throws(ConfigurationError) -> [BusPlace] {
        guard node.isSequence else { throw node.error("expected a list, as in [tcp://10.0.0.3:7401]") }
        var mistakes = Mistakes()
        var places: [BusPlace] = []
        for item in try node.sequence() {
            if let place = mistakes.attempt(try BusPlace(item)) { places.append(place) }
        }
        try mistakes.finish()
        guard (1...maximumPlaces).contains(places.count), !places.contains(where: \.isEveryAddress) else {
            throw node.error("expected 1 to \(maximumPlaces) places that can be reached")
        }
        return places
    }
}
