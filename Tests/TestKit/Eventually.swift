/// Re-checks `condition` until it holds.
///
/// - Parameter deadline: how long to try; the last try is made after it has passed.
/// - Throws: `TestKitError` naming `what` when the deadline passes, or what `condition` threw.
public func eventually(
    _ what: String, deadline: Duration = .seconds(30), _ condition: () async throws -> Bool
) async throws {
    let _: Bool = try await eventually(what, deadline: deadline) { try await condition() ? true : nil }
}

/// Re-asks `value` until it is not nil, and returns it.
public func eventually<Value>(
    _ what: String, deadline: Duration = .seconds(30), _ value: () async throws -> Value?
) async throws -> Value {
    let clock = ContinuousClock()
    let end = clock.now + deadline
    while true {
        let last = clock.now >= end
        if let found = try await value() { return found }
        if last { throw TestKitError("not within \(deadline): \(what)") }
        try await Task.sleep(for: .milliseconds(10))
    }
}
