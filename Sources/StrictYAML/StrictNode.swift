/// One YAML value with its place. Reading asks for a type and throws a ``ConfigurationError`` that names the place.
public struct StrictNode: Sendable {
    public let file: String
    let value: Value
    /// From 1.
    public let line: Int
    /// From 1.
    public let column: Int

    indirect enum Value: Sendable {
        case scalar(String, plain: Bool)
        case sequence([StrictNode])
        case mapping([(key: String, keyNode: StrictNode, node: StrictNode)])
    }

    public var isNull: Bool {
        if case .scalar(let text, plain: true) = value { return text.isEmpty || text == "~" || text == "null" }
        return false
    }
    public var isScalar: Bool { if case .scalar = value { true } else { false } }
    public var isSequence: Bool { if case .sequence = value { true } else { false } }
    public var isMapping: Bool { if case .mapping = value { true } else { false } }

    /// Whether it is a mapping with that key.
    public func hasKey(_ key: String) -> Bool {
        if case .mapping(let pairs) = value { return pairs.contains { $0.key == key } }
        return false
    }

    /// An error placed at this value.
    public func error(_ message: String) -> ConfigurationError {
        ConfigurationError(file: file, line: line, column: column, message: message)
    }

    public func string() throws(ConfigurationError) -> String {
        guard case .scalar(let text, _) = value, !isNull else { throw error("expected text") }
        return text
    }

    public func int(in range: ClosedRange<Int>) throws(ConfigurationError) -> Int {
        guard case .scalar(let text, _) = value, let number = Int(text) else { throw error("expected a whole number") }
        guard range.contains(number) else {
            throw error("\(number) is out of range: use \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    public func bool() throws(ConfigurationError) -> Bool {
        switch value {
        case .scalar("true", plain: true): return true
        case .scalar("false", plain: true): return false
        case .scalar, .sequence, .mapping: throw error("expected true or false")
        }
    }

    /// A duration such as `30s`, `15m`, `24h`, `7d`, in seconds.
    public func seconds(in range: ClosedRange<Int> = 1...315_360_000) throws(ConfigurationError) -> Int {
        guard let seconds = Self.seconds(parsing: try string()) else {
            throw error("expected a duration such as 30s, 15m, 24h or 7d")
        }
        guard range.contains(seconds) else {
            throw error("duration is out of range: use \(range.lowerBound)s to \(range.upperBound)s")
        }
        return seconds
    }

    /// `30s`, `15m`, `24h`, `7d` → seconds; nil when it is none.
    public static func seconds(parsing text: String) -> Int? {
        guard let unit = text.last, let number = Int(text.dropLast()), number >= 0 else { return nil }
        let factor: Int
        switch unit {
        case "s": factor = 1
        case "m": factor = 60
        case "h": factor = 3600
        case "d": factor = 86400
        default: return nil
        }
        let (result, overflow) = number.multipliedReportingOverflow(by: factor)
        return overflow ? nil : result
    }

    public func sequence() throws(ConfigurationError) -> [StrictNode] {
        guard case .sequence(let nodes) = value else { throw error("expected a list") }
        return nodes
    }

    /// A list of texts; a single text stands for a list of one.
    public func strings() throws(ConfigurationError) -> [String] {
        if isScalar { return [try string()] }
        var mistakes = Mistakes()
        var result: [String] = []
        for node in try sequence() {
            if let text = mistakes.attempt(try node.string()) { result.append(text) }
        }
        try mistakes.finish()
        return result
    }

    public func mapping() throws(ConfigurationError) -> StrictMapping {
        guard case .mapping(let pairs) = value else { throw error("expected keys and values") }
        return StrictMapping(node: self, pairs: pairs)
    }

    /// The one of `cases` whose raw value this text is; the error lists them all.
    public func choice<Choice: RawRepresentable & CaseIterable>(
        of type: Choice.Type
    ) throws(ConfigurationError) -> Choice where Choice.RawValue == String {
        let text = try string()
        if let choice = Choice(rawValue: text) { return choice }
        throw unknown(text, among: Choice.allCases.map(\.rawValue))
    }

    /// An error about `text`, which is none of `known`: the nearest of them when it is near, and all of them when they
    /// are not too many to read.
    public func unknown(_ text: String, among known: [String]) -> ConfigurationError {
        let message = "“\(text)” is not known here"
        let all = known.joined(separator: ", ")
        if let near = Self.nearest(to: text, among: known) {
            let advice = "\(message); did you mean “\(near)”?"
            return error(known.count <= Self.maximumBesideNearest ? "\(advice) Use one of \(all)" : advice)
        }
        return error(known.isEmpty || known.count > Self.maximumListed ? message : "\(message): use one of \(all)")
    }

    private static let maximumListed = 64
    private static let maximumBesideNearest = 10
}
