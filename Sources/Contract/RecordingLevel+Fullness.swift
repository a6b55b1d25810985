extension RecordingLevel {
    /// What it asks for. What is not said, or not known to this version, is everything: never less is recorded than was meant.
    public var meaning: RecordingLevel {
        switch self {
        case .metadata, .commands: self
        case .full, .unspecified, .UNRECOGNIZED: .full
        }
    }

    /// Less is recorded than at the other.
    public func isLess(than other: RecordingLevel) -> Bool { meaning.rawValue < other.meaning.rawValue }

    /// Texts and bind values are recorded.
    public var keepsTexts: Bool { meaning != .metadata }

    /// The data that commands read and send is recorded.
    public var keepsData: Bool { meaning == .full }

    /// As policies write it.
    public var word: String {
        switch meaning {
        case .metadata: "metadata"
        case .commands: "commands"
        case .full, .unspecified, .UNRECOGNIZED: "full"
        }
    }
}
