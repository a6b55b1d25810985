import Yams

/// A mistake in a configuration file, placed so that an editor can jump to it.
public struct ConfigurationError: Error, CustomStringConvertible, Sendable, Equatable {
    public let file: String
    /// From 1; nil when the mistake has no place (a missing file).
    public let line: Int?
    /// From 1.
    public let column: Int?
    public let message: String

    public init(file: String, line: Int? = nil, column: Int? = nil, message: String) {
        self.file = file
        self.line = line
        self.column = column
        self.message = message
    }

    /// `file:line:column: message`
    public var description: String {
        guard let line, let column else { return "\(file): \(message)" }
        return "\(file):\(line):\(column): \(message)"
    }
}

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
        var result: [String] = []
        for node in try sequence() { result.append(try node.string()) }
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
        var message = "“\(text)” is not known here"
        if let near = nearest(to: text, among: known) { message += "; did you mean “\(near)”?" }
        if known.isEmpty { return error(message) }
        guard known.count <= Self.maximumListed else { return error(message) }
        let all = known.joined(separator: ", ")
        return error(message.hasSuffix("?") ? "\(message) Use one of \(all)" : "\(message): use one of \(all)")
    }

    private static let maximumListed = 64
}

/// A mapping whose every key must be asked for: ``finish()`` throws on one that nobody asked for.
public struct StrictMapping {
    let node: StrictNode
    let pairs: [(key: String, keyNode: StrictNode, node: StrictNode)]
    private var asked: [String] = []

    init(node: StrictNode, pairs: [(key: String, keyNode: StrictNode, node: StrictNode)]) {
        self.node = node
        self.pairs = pairs
    }

    /// All keys in file order, for mappings whose keys are names chosen by the user.
    public var keys: [String] { pairs.map(\.key) }

    public mutating func optional(_ key: String) -> StrictNode? {
        asked.append(key)
        guard let found = pairs.first(where: { $0.key == key })?.node, !found.isNull else { return nil }
        return found
    }

    public mutating func required(_ key: String) throws(ConfigurationError) -> StrictNode {
        if let found = optional(key) { return found }
        // Written wrong, it is there under a name that nobody asks for.
        let typo = min(mostTypos, key.utf8.count / 3)
        if let wrong = pairs.first(where: { !asked.contains($0.key) && editDistance($0.key, key) <= typo }) {
            throw wrong.keyNode.error("unknown key “\(wrong.key)”; did you mean “\(key)”?")
        }
        throw node.error("missing key “\(key)”")
    }

    public func error(_ message: String) -> ConfigurationError { node.error(message) }

    /// Throws when the file has a key that was never asked for, with the nearest known one.
    public func finish() throws(ConfigurationError) {
        for pair in pairs where !asked.contains(pair.key) {
            let advice =
                nearest(to: pair.key, among: asked).map { "; did you mean “\($0)”?" }
                ?? "; known keys: \(asked.joined(separator: ", "))"
            throw pair.keyNode.error("unknown key “\(pair.key)”\(advice)")
        }
    }
}

/// Letters that a mistyped word differs by at most.
private let mostTypos = 2

/// The one of `known` that `text` may be a slip of.
private func nearest(to text: String, among known: [String]) -> String? {
    known.map { ($0, editDistance($0, text)) }.filter { $0.1 <= mostTypos }.min { $0.1 < $1.1 }?.0
}

func editDistance(_ a: String, _ b: String) -> Int {
    let a = Array(a.utf8)
    let b = Array(b.utf8)
    var row = Array(0...b.count)
    for i in 0..<a.count {
        var diagonal = row[0]
        row[0] = i + 1
        for j in 0..<b.count {
            let substitution = diagonal + (a[i] == b[j] ? 0 : 1)
            diagonal = row[j + 1]
            row[j + 1] = min(substitution, row[j] + 1, row[j + 1] + 1)
        }
    }
    return row[b.count]
}
