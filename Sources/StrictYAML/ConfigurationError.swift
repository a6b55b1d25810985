/// A mistake in a configuration file, placed so that an editor can jump to it, with those found beside it.
public struct ConfigurationError: Error, CustomStringConvertible, Sendable, Equatable {
    public let file: String
    /// From 1; nil when the mistake has no place (a missing file).
    public let line: Int?
    /// From 1.
    public let column: Int?
    public let message: String
    /// What else is wrong, each without others of its own.
    public private(set) var others: [ConfigurationError] = []

    public init(file: String, line: Int? = nil, column: Int? = nil, message: String) {
        self.file = file
        self.line = line
        self.column = column
        self.message = message
    }

    /// The first one in the order of ``sorted(_:)``, with all that follow it. `mistakes` is not empty, and none has others.
    init(all mistakes: [ConfigurationError]) {
        let sorted = Self.sorted(mistakes)
        self = sorted[0]
        others = Array(sorted.dropFirst())
    }

    /// This mistake and the others, in the order of ``sorted(_:)``.
    public var all: [ConfigurationError] {
        var first = self
        first.others = []
        return [first] + others
    }

    /// File by file in the order in which they come, each from its top.
    public static func sorted(_ found: [ConfigurationError]) -> [ConfigurationError] {
        var files: [String: Int] = [:]
        for mistake in found where files[mistake.file] == nil { files[mistake.file] = files.count }
        return found.enumerated().map { offset, mistake in
            (place: [files[mistake.file] ?? 0, mistake.line ?? 0, mistake.column ?? 0, offset], mistake: mistake)
        }.sorted { $0.place.lexicographicallyPrecedes($1.place) }.map(\.mistake)
    }

    /// `file:line:column: message` of the first one, and how many there are beside it.
    public var description: String {
        switch others.count {
        case 0: place + message
        case 1: place + message + " (and 1 more mistake)"
        default: place + message + " (and \(others.count) more mistakes)"
        }
    }

    /// `file:line:column: warning: message`, of what is no mistake for sure.
    public var warning: String { place + "warning: " + message }

    private var place: String {
        guard let line, let column else { return "\(file): " }
        return "\(file):\(line):\(column): "
    }
}
