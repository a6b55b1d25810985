import StrictYAML

/// How everything is recorded: `recording` of the configuration.
public struct RecordingSettings: Sendable, Equatable {
    /// A segment file that has reached this many bytes is sealed.
    public let segmentBytes: Int
    public let search: Search

    static let defaultSegmentBytes = 64 << 20
    static let segmentRange = (1 << 20)...(4 << 30)

    init(_ node: StrictNode?, folder: String) throws(ConfigurationError) {
        guard let node else {
            segmentBytes = Self.defaultSegmentBytes
            search = .commands
            return
        }
        var keys = try node.mapping()
        var mistakes = Mistakes()
        segmentBytes =
            mistakes.attempt(try keys.optional("segment")?.bytes(in: Self.segmentRange)) ?? Self.defaultSegmentBytes
        search = mistakes.attempt(try keys.optional("search")?.choice(of: Search.self)) ?? .commands
        mistakes.attempt(try keys.finish())
        try mistakes.finish()
    }
}
