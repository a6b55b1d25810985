import StrictYAML

/// Sluice's own stages, in the order they start: each finds the ones it sends to already there.
public enum BuiltInStage: String, Sendable, CaseIterable {
    case recorder, approver, classifier, masker, ingress

    /// Why there can be only one, or nil when it may be replicated.
    public var soleReason: String? {
        switch self {
        case .approver: "it alone owns the approvals"
        case .ingress: "it alone owns the listeners"
        case .recorder, .classifier, .masker: nil
        }
    }
}

/// A lane that a custom stage can have a place in.
public enum StageLane: String, Sendable, CaseIterable {
    case request, response
}

/// Which messages a custom stage sees: commands, replies, or both with one process.
public enum StageLanes: String, Sendable, CaseIterable {
    case request, response, both

    public var all: [StageLane] {
        switch self {
        case .request: [.request]
        case .response: [.response]
        case .both: [.request, .response]
        }
    }
}

/// What happens to a message whose stage fails. A stage that could be skipped would be no safeguard.
public enum FailureRule: String, Sendable, CaseIterable {
    case refuse
}

/// A stage that the operator adds.
public struct CustomStage: Sendable, Equatable {
    public let name: String
    public let lane: StageLanes
    /// The stage before it in each of its lanes; `ingress` puts it first.
    public let after: [StageLane: String]
    /// Program and arguments; starts in the configuration file's folder.
    public let command: [String]
    public let replicas: Int
    /// How long it may take for one message, in seconds.
    public let timeoutSeconds: Int
    public let onFailure: FailureRule

    static let defaultTimeoutSeconds = 2
    static let maximumArguments = 256

    init(name: String, node: StrictNode) throws(ConfigurationError) {
        guard Self.isName(name) else {
            throw node.error(
                "“\(name)” is no name for a stage: use 1 to 32 small letters, digits and “-”, a letter first, "
                    + "and none of \(Self.reservedNames.joined(separator: ", "))")
        }
        var keys = try node.mapping()
        let lane = try keys.required("lane")
        let after = keys.optional("after")
        let command = try keys.required("command")
        let replicas = keys.optional("replicas")
        let timeout = keys.optional("timeout")
        let onFailure = keys.optional("on_failure")
        try keys.finish()

        self.name = name
        self.lane = try lane.choice(of: StageLanes.self)
        self.after = try Self.places(after, in: self.lane)
        guard command.isSequence else {
            throw command.error("expected a list: program and arguments, as in [python3, check.py]")
        }
        self.command = try command.strings()
        guard let program = self.command.first, !program.isEmpty, self.command.count <= Self.maximumArguments,
            !self.command.contains(where: { $0.utf8.contains(0) })
        else { throw command.error("expected a program and at most \(Self.maximumArguments - 1) arguments") }
        if let replicas {
            self.replicas = try replicas.int(in: 1...StageTable.maximumReplicas)
        } else {
            self.replicas = 1
        }
        if let timeout {
            timeoutSeconds = try timeout.seconds(in: 1...300)
        } else {
            timeoutSeconds = Self.defaultTimeoutSeconds
        }
        if let onFailure {
            guard FailureRule(rawValue: try onFailure.string()) != nil else {
                throw onFailure.error(
                    "only “refuse” is possible: a failed stage that were skipped would let commands through unjudged")
            }
        }
        self.onFailure = .refuse
    }

    /// `after`: a stage's name, or one for each lane. What is not said is the lane's built-in stage.
    private static func places(_ node: StrictNode?, in lanes: StageLanes) throws(ConfigurationError) -> [StageLane:
        String]
    {
        var places: [StageLane: String] = [:]
        for lane in lanes.all { places[lane] = StageTable.builtIn(in: lane) }
        guard let node else { return places }
        if let only = lanes.all.first, lanes.all.count == 1, !node.isMapping {
            places[only] = try node.string()
            return places
        }
        guard node.isMapping else {
            throw node.error("a stage of both lanes has a place in each: after: {request: …, response: …}")
        }
        var keys = try node.mapping()
        for lane in lanes.all {
            if let place = keys.optional(lane.rawValue) { places[lane] = try place.string() }
        }
        try keys.finish()
        return places
    }

    /// Names of keys and files that stand beside those of the stages.
    private static let reservedNames = ["recording", "masking", "supervisor", "console"]

    private static func isName(_ text: String) -> Bool {
        guard (1...32).contains(text.utf8.count), let first = text.utf8.first, (0x61...0x7a).contains(first) else {
            return false
        }
        return !reservedNames.contains(text)
            && text.utf8.allSatisfy { (0x61...0x7a).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2d }
    }
}

/// The stages that run, and the way that messages take through them.
public struct StageTable: Sendable, Equatable {
    private let builtInReplicas: [BuiltInStage: Int]
    /// Stages that listen for other hosts, or run there.
    public let network: [BuiltInStage: StageNetwork]
    /// In file order.
    public let custom: [CustomStage]
    private let requestOrder: [String]
    private let responseOrder: [String]

    public static let maximumReplicas = 64
    /// Highest number that names a replica: while one is replaced, the old and the new one stand side by side.
    public static let maximumReplicaNumber = 127
    static let maximumCustomStages = 32

    /// One stage and how many processes of it run.
    public struct Entry: Sendable, Equatable {
        public let name: String
        public let replicas: Int
        /// Nil for Sluice's own stages.
        public let custom: CustomStage?
        /// How many may run here: none only when it also runs elsewhere, no more than it has ports for other hosts.
        public let bounds: ClosedRange<Int>

        init(_ name: String, replicas: Int, custom: CustomStage? = nil, network: StageNetwork? = nil) {
            self.name = name
            self.replicas = replicas
            self.custom = custom
            let fewest = network?.at.isEmpty == false ? 0 : 1
            bounds = fewest...(network?.listen?.ports.count ?? StageTable.maximumReplicas)
        }
    }

    init(_ node: StrictNode?) throws(ConfigurationError) {
        var replicas: [BuiltInStage: Int] = [:]
        var network: [BuiltInStage: StageNetwork] = [:]
        var custom: [CustomStage] = []
        var nodes: [String: StrictNode] = [:]
        if let node {
            var keys = try node.mapping()
            for name in keys.keys {
                guard let value = keys.optional(name) else { throw node.error("stage “\(name)” is empty") }
                nodes[name] = value
                if let stage = BuiltInStage(rawValue: name) {
                    let entry = try Self.builtIn(stage, value)
                    replicas[stage] = entry.replicas
                    network[stage] = entry.network
                } else {
                    custom.append(try CustomStage(name: name, node: value))
                }
            }
            guard custom.count <= Self.maximumCustomStages else {
                throw node.error("more than \(Self.maximumCustomStages) custom stages")
            }
        }
        builtInReplicas = replicas
        self.network = network
        self.custom = custom
        requestOrder = Self.order(of: .request, custom)
        responseOrder = Self.order(of: .response, custom)
        let isReachable = network[.classifier]?.at.isEmpty ?? true && replicas[.approver] != 0
        for stage in custom {
            if !isReachable, replicas[.ingress] != 0, stage.lane.all.contains(.request), let place = nodes[stage.name] {
                throw place.error(
                    "stage “\(stage.name)” talks over this host's sockets only: with a custom request stage, classifier has "
                        + "no at:, and approver a replica here")
            }
            for lane in stage.lane.all where !order(of: lane).contains(stage.name) {
                let message =
                    "stage “\(stage.name)” has no place: after: “\(stage.after[lane] ?? "")” must be ingress (first in "
                    + "the lane), \(Self.builtIn(in: lane)), or a custom \(lane.rawValue) stage that has a place itself"
                if let place = nodes[stage.name] ?? node { throw place.error(message) }
            }
        }
    }

    private func order(of lane: StageLane) -> [String] {
        switch lane {
        case .request: requestOrder
        case .response: responseOrder
        }
    }

    private static func builtIn(
        _ stage: BuiltInStage, _ node: StrictNode
    ) throws(ConfigurationError) -> (replicas: Int, network: StageNetwork?) {
        var keys = try node.mapping()
        let replicas = keys.optional("replicas")
        let listen = keys.optional("listen")
        let advertise = keys.optional("advertise")
        let at = keys.optional("at")
        try keys.finish()
        let count: Int
        if let replicas { count = try replicas.int(in: 0...maximumReplicas) } else { count = 1 }
        if count == 0, at == nil, let replicas {
            throw replicas.error(
                "\(stage.rawValue) has to run somewhere: say where with at:, or give it a replica here")
        }
        if let reason = stage.soleReason, count > 1, let replicas {
            throw replicas.error("\(stage.rawValue) runs exactly once: \(reason)")
        }
        guard listen != nil || at != nil || advertise != nil else { return (count, nil) }
        let network = try StageNetwork(listen: listen, advertise: advertise, at: at, replicas: count)
        if stage == .approver, let reason = stage.soleReason, network.at.count > 1, let at {
            throw at.error("\(stage.rawValue) runs exactly once, at one place: \(reason)")
        }
        return (count, network)
    }

    /// The built-in stage of a lane.
    static func builtIn(in lane: StageLane) -> String {
        switch lane {
        case .request: BuiltInStage.classifier.rawValue
        case .response: BuiltInStage.masker.rawValue
        }
    }

    /// Stages that follow one stage come in file order, each with its own followers behind it.
    private static func order(of lane: StageLane, _ custom: [CustomStage]) -> [String] {
        var result: [String] = []
        func followers(of name: String) {
            for stage in custom where stage.after[lane] == name && stage.name != name {
                result.append(stage.name)
                followers(of: stage.name)
            }
        }
        followers(of: BuiltInStage.ingress.rawValue)
        result.append(builtIn(in: lane))
        followers(of: builtIn(in: lane))
        return result
    }

    /// Stages that every command visits, in order. Ingress adds the approver when one of them says hold.
    public func requestRoute() -> [String] { requestOrder }

    /// Stages that reply data visits, in order.
    public func responseRoute() -> [String] { responseOrder }

    public func replicas(of stage: BuiltInStage) -> Int { builtInReplicas[stage] ?? 1 }

    /// All stages in the order they start: recorder, approver, classifier, masker, custom ones, ingress last.
    public var startOrder: [Entry] {
        var result: [Entry] = []
        for stage in BuiltInStage.allCases {
            if stage == .ingress {
                result += custom.map { Entry($0.name, replicas: $0.replicas, custom: $0) }
            }
            result.append(Entry(stage.rawValue, replicas: replicas(of: stage), network: network[stage]))
        }
        return result
    }
}
