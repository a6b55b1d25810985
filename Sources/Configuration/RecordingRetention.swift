import StrictYAML

/// How long sessions are kept: `recording.retention`.
public struct RecordingRetention: Sendable, Equatable {
    /// Sessions that are kept for another time than the others. Of several that are about a session the longest counts.
    public struct Exception: Sendable, Equatable {
        /// A policy rule that decided in them; nil: whichever.
        public let rule: String?
        /// The resource they are on; nil: whichever.
        public let resource: String?
        public let keepSeconds: Int
    }

    /// Of sessions that no exception is about; nil: for ever.
    public let keepSeconds: Int?
    public let exceptions: [Exception]
    /// Between two looks at what is past its time.
    public let everySeconds: Int

    /// Age at which a segment is sealed, whatever its size: a tenth of the shortest time that sessions are kept, a minute to a day.
    public var segmentSeconds: Int? {
        (exceptions.map(\.keepSeconds) + [keepSeconds].compactMap { $0 }).min().map { min(86_400, max(60, $0 / 10)) }
    }

    static let maximumExceptions = 1000
    static let everyRange = 1...604_800
    static let defaultEvery = 3600

    init(_ node: StrictNode) throws(ConfigurationError) {
        var keys = try node.mapping()
        var mistakes = Mistakes()
        keepSeconds = mistakes.attempt(try keys.optional("keep")?.seconds())
        everySeconds =
            mistakes.attempt(try keys.optional("every")?.seconds(in: Self.everyRange)) ?? Self.defaultEvery
        let list = keys.optional("exceptions")
        let nodes = mistakes.attempt(try list?.sequence()) ?? []
        var exceptions: [Exception] = []
        for node in nodes {
            if let exception = mistakes.attempt(try Self.exception(node)) { exceptions.append(exception) }
        }
        if let list, nodes.count > Self.maximumExceptions {
            mistakes.add(list.error("more than \(Self.maximumExceptions) exceptions"))
        }
        mistakes.attempt(try keys.finish())
        try mistakes.finish()
        self.exceptions = exceptions
    }

    private static func exception(_ node: StrictNode) throws(ConfigurationError) -> Exception {
        var keys = try node.mapping()
        var mistakes = Mistakes()
        let rule = mistakes.attempt(try keys.optional("rule")?.string())
        let resource = mistakes.attempt(try keys.optional("resource")?.string())
        let keep = mistakes.attempt(try keys.required("keep").seconds())
        mistakes.attempt(try keys.finish())
        if rule == nil, resource == nil, mistakes.isEmpty {
            mistakes.add(node.error("an exception is about a rule, a resource, or a rule on a resource"))
        }
        try mistakes.finish()
        return Exception(rule: rule, resource: resource, keepSeconds: keep ?? 0)
    }

    /// How long a session on `resource` in which `rules` decided is kept, seconds; nil: for ever.
    ///
    /// - Parameter isPartlyKnown: whether the session may have more rules, and a resource where that is empty: then the longest of all
    ///   times counts.
    public func seconds(resource: String, rules: Set<String>, isPartlyKnown: Bool = false) -> Int? {
        if isPartlyKnown || resource.isEmpty {
            return keepSeconds.flatMap { keep in (exceptions.map(\.keepSeconds) + [keep]).max() }
        }
        let about = exceptions.filter { exception in
            (exception.resource.map { $0 == resource } ?? true) && (exception.rule.map(rules.contains) ?? true)
        }
        return about.map(\.keepSeconds).max() ?? keepSeconds
    }
}
