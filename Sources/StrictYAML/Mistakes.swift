/// Mistakes found while the rest of a file is read on: each part that makes sense by itself is tried by itself, so that
/// all can be put right at once.
public struct Mistakes: Sendable {
    /// Most that are kept; who has so many sees no end of them either way.
    public static let maximum = 1000

    private var found: [ConfigurationError] = []

    public init() {}

    public var isEmpty: Bool { found.isEmpty }

    /// Those of `error`, each once.
    public mutating func add(_ error: ConfigurationError) {
        for mistake in error.all where found.count < Self.maximum && !found.contains(mistake) { found.append(mistake) }
    }

    public mutating func add(_ other: Mistakes) {
        if let error = other.error { add(error) }
    }

    /// What `part` reads; nil, and its mistakes are kept, when it has any.
    @discardableResult
    public mutating func attempt<Value>(_ part: @autoclosure () throws(ConfigurationError) -> Value) -> Value? {
        attempt(try Optional(part()))
    }

    /// The same of what need not be there.
    @discardableResult
    public mutating func attempt<Value>(_ part: @autoclosure () throws(ConfigurationError) -> Value?) -> Value? {
        do throws(ConfigurationError) {
            return try part()
        } catch {
            add(error)
            return nil
        }
    }

    /// All that were found, as one error; nil when there are none.
    public var error: ConfigurationError? { found.isEmpty ? nil : ConfigurationError(all: found) }

    /// Throws what was found.
    public func finish() throws(ConfigurationError) {
        if let error { throw error }
    }
}
