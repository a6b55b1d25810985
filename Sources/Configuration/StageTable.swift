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
        /// Nil for stages.
        public let auxiliary: AuxiliaryProcess?
        /// How many may run here: none only when it also runs elsewhere, no more than it has ports for other hosts.
        public let bounds: ClosedRange<Int>

        init(_ name: String, replicas: Int, custom: CustomStage? = nil, network: StageNetwork? = nil) {
            self.name = name
            self.replicas = replicas
            self.custom = custom
            auxiliary = nil
            let fewest = network?.at.isEmpty == false ? 0 : 1
            bounds = fewest...(network?.listen?.ports.count ?? StageTable.maximumReplicas)
        }

        init(_ process: AuxiliaryProcess) {
            name = process.rawValue
            replicas = 1
            custom = nil
            auxiliary = process
            bounds = 1...1
        }

        /// Why there can be only one; nil when it may be replicated.
        public var soleReason: String? { auxiliary?.soleReason ?? BuiltInStage(rawValue: name)?.soleReason }
    }

    init(_ node: StrictNode?) throws(ConfigurationError) {
        var replicas: [BuiltInStage: Int] = [:]
        var network: [BuiltInStage: StageNetwork] = [:]
        var custom: [CustomStage] = []
        var nodes: [String: StrictNode] = [:]
        var mistakes = Mistakes()
        if let node {
            var keys = try node.mapping()
            for name in keys.keys {
                guard let value = keys.optional(name) else {
                    mistakes.add(node.error("stage “\(name)” is empty"))
                    continue
                }
                nodes[name] = value
                if let process = AuxiliaryProcess(rawValue: name) {
                    mistakes.add(
                        value.error(
                            "the \(name) runs once on each host where recording: \(process.setting): is, and has no other "
                                + "settings"))
                } else if let stage = BuiltInStage(rawValue: name) {
                    guard let entry = mistakes.attempt(try Self.builtIn(stage, value)) else { continue }
                    replicas[stage] = entry.replicas
                    network[stage] = entry.network
                } else if let known = Self.typo(name, value) {
                    mistakes.add(value.error("“\(name)” is no stage; did you mean “\(known)”?"))
                } else if let stage = mistakes.attempt(try CustomStage(name: name, node: value)) {
                    custom.append(stage)
                }
            }
            if custom.count > Self.maximumCustomStages {
                mistakes.add(node.error("more than \(Self.maximumCustomStages) custom stages"))
            }
        }
        builtInReplicas = replicas
        self.network = network
        self.custom = custom
        requestOrder = Self.order(of: .request, custom)
        responseOrder = Self.order(of: .response, custom)
        // Where a stage could not be read, the others' places are not known.
        try mistakes.finish()
        for stage in custom {
            if let place = nodes[stage.name] { mistakes.attempt(try check(stage, at: place)) }
        }
        try mistakes.finish()
    }

    /// The built-in stage that `name` was to be: a custom one would say its command.
    private static func typo(_ name: String, _ node: StrictNode) -> String? {
        if node.hasKey("command") { return nil }
        return StrictNode.nearest(to: name, among: BuiltInStage.allCases.map(\.rawValue))
    }

    private func check(_ stage: CustomStage, at place: StrictNode) throws(ConfigurationError) {
        var mistakes = Mistakes()
        let isReachable = network[.classifier]?.at.isEmpty ?? true && replicas(of: .approver) != 0
        if !isReachable, replicas(of: .ingress) != 0, stage.lane.all.contains(.request) {
            mistakes.add(
                place.error(
                    "stage “\(stage.name)” talks over this host's sockets only: with a custom request stage, classifier has "
                        + "no at:, and approver a replica here"))
        }
        for lane in stage.lane.all where !order(of: lane).contains(stage.name) {
            mistakes.add(
                place.error(
                    "stage “\(stage.name)” has no place: after: “\(stage.after[lane] ?? "")” must be ingress (first in "
                        + "the lane), \(Self.builtIn(in: lane)), or a custom \(lane.rawValue) stage that has a place itself"
                ))
        }
        try mistakes.finish()
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
        var mistakes = Mistakes()
        let replicas = keys.optional("replicas")
        let listen = keys.optional("listen")
        let advertise = keys.optional("advertise")
        let at = keys.optional("at")
        mistakes.attempt(try keys.finish())
        let count = mistakes.attempt(try replicas?.int(in: 0...maximumReplicas)) ?? 1
        if count == 0, at == nil, let replicas {
            mistakes.add(
                replicas.error("\(stage.rawValue) has to run somewhere: say where with at:, or give it a replica here"))
        }
        if let reason = stage.soleReason, count > 1, let replicas {
            mistakes.add(replicas.error("\(stage.rawValue) runs exactly once: \(reason)"))
        }
        var network: StageNetwork?
        if listen != nil || at != nil || advertise != nil {
            network = mistakes.attempt(
                try StageNetwork(listen: listen, advertise: advertise, at: at, replicas: count))
        }
        if stage == .approver, let reason = stage.soleReason, let network, network.at.count > 1, let at {
            mistakes.add(at.error("\(stage.rawValue) runs exactly once, at one place: \(reason)"))
        }
        try mistakes.finish()
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
