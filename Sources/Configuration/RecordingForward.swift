import StrictYAML

/// Where events go: `recording.forward` of the configuration.
public struct RecordingForward: Sendable, Equatable {
    /// Absolute path of the key that opens encrypted recordings; nil: they are read as they are.
    public let decryptionKey: String?
    /// In file order, names are unique.
    public let sinks: [ForwardSink]

    static let maximumSinks = 16

    /// Environment variables with secrets of sinks.
    public var secretNames: Set<String> { Set(sinks.compactMap(\.secret?.environmentName)) }

    init(_ node: StrictNode, folder: String) throws(ConfigurationError) {
        var keys = try node.mapping()
        var mistakes = Mistakes()
        let key = mistakes.attempt(try keys.optional("decryption_key")?.path())
        var sinks: [ForwardSink] = []
        if let list = mistakes.attempt(try keys.required("sinks")), var named = mistakes.attempt(try list.mapping()) {
            for (name, keyNode, node) in named.all() {
                guard let sink = mistakes.attempt(try ForwardSink(name, keyNode, node, folder: folder)) else {
                    continue
                }
                sinks.append(sink)
            }
            if !(1...Self.maximumSinks).contains(sinks.count), mistakes.isEmpty {
                mistakes.add(list.error("expected 1 to \(Self.maximumSinks) sinks"))
            }
        }
        mistakes.attempt(try keys.finish())
        try mistakes.finish()
        decryptionKey = key.map { Path.absolute($0, in: folder) }
        self.sinks = sinks
    }
}

/// What happened, as `events` of a sink names it. Every event has one of these names.
public enum ForwardedEventName: String, Sendable, CaseIterable {
    /// Sessions.
    case started, ended, killed
    /// Commands that are over, by the decision about them.
    case allowed, refused
    /// A command waits for reviewers; what came of that.
    case held, reviewed
}

/// What a sink gets of a command.
public enum ForwardLevel: String, Sendable, CaseIterable {
    /// Neither its text nor the text of its error.
    case metadata
    case commands
}

/// Where a sink without a cursor begins.
public enum ForwardStart: String, Sendable, CaseIterable {
    case start, now
}

/// One receiver of events.
public struct ForwardSink: Sendable, Equatable {
    public enum Kind: Sendable, Equatable {
        case syslog(SyslogSettings)
        case webhook(WebhookSettings)
        case command(CommandSinkSettings)
    }

    public let name: String
    public let kind: Kind
    public let events: Set<ForwardedEventName>
    public let level: ForwardLevel
    public let from: ForwardStart

    init(_ name: String, _ keyNode: StrictNode, _ node: StrictNode, folder: String) throws(ConfigurationError) {
        var keys = try node.mapping()
        var mistakes = Mistakes()
        if !Self.isName(name) {
            mistakes.add(keyNode.error("a sink's name has 1 to 32 small letters, digits and “-”, a letter first"))
        }
        let syslog = keys.optional("syslog")
        let webhook = keys.optional("webhook")
        let command = keys.optional("command")
        let timeout = keys.optional("timeout")
        let events = mistakes.attempt(try keys.optional("events").map(Self.events))
        level = mistakes.attempt(try keys.optional("level")?.choice(of: ForwardLevel.self)) ?? .commands
        from = mistakes.attempt(try keys.optional("from")?.choice(of: ForwardStart.self)) ?? .now
        var kind: Kind?
        switch (syslog, webhook, command) {
        case (let node?, nil, nil): kind = mistakes.attempt(.syslog(try SyslogSettings(node, folder: folder)))
        case (nil, let node?, nil): kind = mistakes.attempt(.webhook(try WebhookSettings(node, folder: folder)))
        case (nil, nil, let node?):
            kind = mistakes.attempt(.command(try CommandSinkSettings(node, timeout: timeout)))
        case (_, _, _): mistakes.add(node.error("a sink is one of syslog, webhook and command"))
        }
        if command == nil, let timeout { mistakes.add(timeout.error("timeout is of a command; a webhook has its own")) }
        mistakes.attempt(try keys.finish())
        try mistakes.finish()
        guard let kind else { preconditionFailure("what is missing was a mistake") }
        self.name = name
        self.kind = kind
        self.events = events ?? Set(ForwardedEventName.allCases)
    }

    var secret: SecretSource? {
        switch kind {
        case .webhook(let settings): settings.secret
        case .syslog, .command: nil
        }
    }

    private static func events(_ node: StrictNode) throws(ConfigurationError) -> Set<ForwardedEventName> {
        var mistakes = Mistakes()
        var found: Set<ForwardedEventName> = []
        for item in try node.sequence() {
            if let name = mistakes.attempt(try item.choice(of: ForwardedEventName.self)) { found.insert(name) }
        }
        try mistakes.finish()
        guard !found.isEmpty else { throw node.error("no events: the sink would get nothing") }
        return found
    }

    private static func isName(_ text: String) -> Bool {
        guard (1...32).contains(text.utf8.count), let first = text.utf8.first, (0x61...0x7a).contains(first) else {
            return false
        }
        return text.utf8.allSatisfy { (0x61...0x7a).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2d }
    }
}

/// A program that takes events as lines on its standard input.
public struct CommandSinkSettings: Sendable, Equatable {
    /// Program and arguments; starts in the configuration file's folder.
    public let command: [String]
    /// How long it may take to accept a batch, in seconds.
    public let timeoutSeconds: Int

    static let defaultTimeoutSeconds = 30

    init(_ node: StrictNode, timeout: StrictNode?) throws(ConfigurationError) {
        command = try CustomStage.command(node)
        timeoutSeconds = try timeout?.seconds(in: 1...600) ?? Self.defaultTimeoutSeconds
    }
}
