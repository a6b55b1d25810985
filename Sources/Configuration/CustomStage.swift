import StrictYAML

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
        var mistakes = Mistakes()
        self.name = name
        let lane = mistakes.attempt(try keys.required("lane").choice(of: StageLanes.self))
        let after = keys.optional("after")
        command = mistakes.attempt(try Self.command(keys.required("command"))) ?? []
        replicas = mistakes.attempt(try keys.optional("replicas")?.int(in: 1...StageTable.maximumReplicas)) ?? 1
        timeoutSeconds =
            mistakes.attempt(try keys.optional("timeout")?.seconds(in: 1...300)) ?? Self.defaultTimeoutSeconds
        onFailure = .refuse
        if let rule = keys.optional("on_failure") { mistakes.attempt(try Self.check(rule)) }
        var places: [StageLane: String]?
        if let lane { places = mistakes.attempt(try Self.places(after, in: lane)) }
        mistakes.attempt(try keys.finish())
        try mistakes.finish()
        guard let lane, let places else { preconditionFailure("what is missing was a mistake") }
        self.lane = lane
        self.after = places
    }

    static func command(_ node: StrictNode) throws(ConfigurationError) -> [String] {
        guard node.isSequence else {
            throw node.error("expected a list: program and arguments, as in [python3, check.py]")
        }
        let command = try node.strings()
        guard let program = command.first, !program.isEmpty, command.count <= maximumArguments,
            !command.contains(where: { $0.utf8.contains(0) })
        else { throw node.error("expected a program and at most \(maximumArguments - 1) arguments") }
        return command
    }

    private static func check(_ onFailure: StrictNode) throws(ConfigurationError) {
        guard FailureRule(rawValue: try onFailure.string()) != nil else {
            throw onFailure.error(
                "only “refuse” is possible: a failed stage that were skipped would let commands through unjudged")
        }
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
        var mistakes = Mistakes()
        for lane in lanes.all {
            if let place = mistakes.attempt(try keys.optional(lane.rawValue)?.string()) { places[lane] = place }
        }
        mistakes.attempt(try keys.finish())
        try mistakes.finish()
        return places
    }

    /// Names of keys and files that stand beside those of the stages.
    private static let reservedNames =
        ["recording", "masking", "supervisor", "console"] + AuxiliaryProcess.allCases.map(\.rawValue)

    private static func isName(_ text: String) -> Bool {
        guard (1...32).contains(text.utf8.count), let first = text.utf8.first, (0x61...0x7a).contains(first) else {
            return false
        }
        return !reservedNames.contains(text)
            && text.utf8.allSatisfy { (0x61...0x7a).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2d }
    }
}
