import Synchronization

/// A count that only grows, for any thread. Adding takes one relaxed atomic addition.
public final class Counter: Sendable {
    private let cell = Atomic<UInt64>(0)

    public init() {}

    public var value: UInt64 { cell.load(ordering: .relaxed) }

    public func add(_ count: UInt64 = 1) { cell.wrappingAdd(count, ordering: .relaxed) }
    /// `count` must not be negative.
    public func add(_ count: Int) { add(UInt64(count)) }
}

/// A number that goes up and down, for any thread.
public final class Gauge: Sendable {
    private let cell = Atomic<Int64>(0)

    public init() {}

    public var value: Int64 { cell.load(ordering: .relaxed) }

    public func set(_ value: Int) { cell.store(Int64(value), ordering: .relaxed) }
    public func add(_ difference: Int) { cell.wrappingAdd(Int64(difference), ordering: .relaxed) }
}

/// One counter for each case of `Label`: the label's values are the cases' raw values, so there are only so many.
public final class Counters<Label: CaseIterable & Hashable & Sendable & RawRepresentable<String>>: Sendable {
    private let cells: [Counter]
    private let indices: [Label: Int]
    let labels: [Label]

    public init() {
        labels = Array(Label.allCases)
        cells = labels.map { _ in Counter() }
        indices = Dictionary(uniqueKeysWithValues: labels.enumerated().map { ($1, $0) })
    }

    public subscript(label: Label) -> Counter {
        guard let index = indices[label] else { preconditionFailure("a case that allCases does not name") }
        return cells[index]
    }
}
