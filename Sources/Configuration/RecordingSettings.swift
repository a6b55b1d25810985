import StrictYAML

/// How everything is recorded: `recording` of the configuration.
public struct RecordingSettings: Sendable, Equatable {
    /// A segment file that has reached this many bytes is sealed.
    public let segmentBytes: Int
    /// Nil: records are not encrypted.
    public let encryption: RecordingEncryption?

    /// Nil: recordings stay here.
    public let archive: ArchiveSettings?
    public let budget: RecordingBudget
    /// Nil: nothing expires.
    public let retention: RecordingRetention?
    /// Nil: no event leaves.
    public let forward: RecordingForward?
    public let search: Search
    /// Nil: the list of sessions is a file beside the recordings.
    public let index: IndexServer?

    static let defaultSegmentBytes = 64 << 20
    static let segmentRange = (1 << 20)...(4 << 30)

    init(_ node: StrictNode?, folder: String) throws(ConfigurationError) {
        guard let node else {
            segmentBytes = Self.defaultSegmentBytes
            encryption = nil
            archive = nil
            budget = RecordingBudget()
            retention = nil
            forward = nil
            search = .commands
            index = nil
            return
        }
        var keys = try node.mapping()
        var mistakes = Mistakes()
        segmentBytes =
            mistakes.attempt(try keys.optional("segment")?.bytes(in: Self.segmentRange)) ?? Self.defaultSegmentBytes
        encryption = mistakes.attempt(
            try keys.optional("encryption").map { node throws(ConfigurationError) in
                try RecordingEncryption(node, folder: folder)
            })
        archive = mistakes.attempt(
            try keys.optional("archive").map { node throws(ConfigurationError) in
                try ArchiveSettings(node, folder: folder)
            })
        retention = mistakes.attempt(try keys.optional("retention").map(RecordingRetention.init))
        budget = mistakes.attempt(try RecordingBudget(keys.optional("budget"))) ?? RecordingBudget()
        forward = mistakes.attempt(
            try keys.optional("forward").map { node throws(ConfigurationError) in
                try RecordingForward(node, folder: folder)
            })
        search = mistakes.attempt(try keys.optional("search")?.choice(of: Search.self)) ?? .commands
        index = mistakes.attempt(
            try keys.optional("index").map { node throws(ConfigurationError) in try IndexServer(node, folder: folder) })
        mistakes.attempt(try keys.finish())
        try mistakes.finish()
    }
}
