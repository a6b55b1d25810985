import StrictYAML

/// Bounds an operator may set.
public struct Limits: Sendable, Equatable {
    /// Client connections at once over all listeners.
    public let maxConnections: Int
    /// How long the connections of a replaced ingress may go on, in seconds.
    public let drainSeconds: Int
    /// Bytes of replies that ingress keeps over all sessions, waiting for maskers and clients.
    public let replyMemory: Int
    /// Bytes of records that ingress keeps over all sessions until a recorder acknowledges them.
    public let recordMemory: Int

    static let defaultMaxConnections = 1000
    static let defaultReplyMemory = 512 << 20
    static let defaultRecordMemory = 256 << 20
    static let memoryRange = (16 << 20)...(1 << 40)
    static let defaultDrainSeconds = 300
    static let drainRange = 1...86_400

    public init(
        maxConnections: Int? = nil, drainSeconds: Int? = nil, replyMemory: Int? = nil, recordMemory: Int? = nil
    ) {
        self.maxConnections = maxConnections ?? Self.defaultMaxConnections
        self.drainSeconds = drainSeconds ?? Self.defaultDrainSeconds
        self.replyMemory = replyMemory ?? Self.defaultReplyMemory
        self.recordMemory = recordMemory ?? Self.defaultRecordMemory
    }

    init(_ node: StrictNode?) throws(ConfigurationError) {
        guard let node else {
            self.init()
            return
        }
        var keys = try node.mapping()
        var mistakes = Mistakes()
        let connections = mistakes.attempt(try keys.optional("max_connections")?.int(in: 1...100_000))
        let drain = mistakes.attempt(try keys.optional("drain")?.seconds(in: Self.drainRange))
        let replies = mistakes.attempt(try keys.optional("reply_memory")?.bytes(in: Self.memoryRange))
        let records = mistakes.attempt(try keys.optional("record_memory")?.bytes(in: Self.memoryRange))
        mistakes.attempt(try keys.finish())
        try mistakes.finish()
        self.init(maxConnections: connections, drainSeconds: drain, replyMemory: replies, recordMemory: records)
    }
}
