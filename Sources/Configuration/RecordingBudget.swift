import StrictYAML

/// How much of the data that commands read and send is recorded: `recording.budget` of the configuration. Beyond it the record
/// says how much there was, and its digest. Texts, bind values and decisions have no budget: they are always recorded.
public struct RecordingBudget: Sendable, Equatable {
    /// Bytes of one command.
    public let perCommand: Int
    /// Bytes of all commands of one session.
    public let perSession: Int

    /// The keys, as records name the one that was used up.
    public static let perCommandKey = "per_command"
    public static let perSessionKey = "per_session"

    static let defaultPerCommand = 4 << 20
    static let defaultPerSession = 1 << 30
    static let perCommandRange = 0...(1 << 40)
    static let perSessionRange = 0...(1 << 44)

    public init(perCommand: Int? = nil, perSession: Int? = nil) {
        self.perCommand = perCommand ?? Self.defaultPerCommand
        self.perSession = perSession ?? Self.defaultPerSession
    }

    init(_ node: StrictNode?) throws(ConfigurationError) {
        guard let node else {
            self.init()
            return
        }
        var keys = try node.mapping()
        var mistakes = Mistakes()
        let command = mistakes.attempt(try keys.optional(Self.perCommandKey)?.bytes(in: Self.perCommandRange))
        let session = mistakes.attempt(try keys.optional(Self.perSessionKey)?.bytes(in: Self.perSessionRange))
        mistakes.attempt(try keys.finish())
        try mistakes.finish()
        self.init(perCommand: command, perSession: session)
    }
}
