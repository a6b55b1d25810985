import Synchronization

/// The metrics of one process. They are added at its start; reading them costs the threads that count nothing.
///
/// Labels must have a bounded number of values, known at the start: never an identity, a resource, a text.
public final class MetricsRegistry: Sendable {
    private struct Source: Sendable {
        let name: String
        let help: String
        let kind: MetricFamily.Kind
        let read: @Sendable () -> [MetricFamily.Sample]
    }

    private let sources = Mutex<[Source]>([])

    public init() {}

    /// Adds a counter; its name ends in `_total`.
    @discardableResult
    public func counter(_ name: String, help: String, labels: [MetricFamily.Label] = []) -> Counter {
        let counter = Counter()
        add(name, help, .counter) { [.init(labels: labels, .integer(counter.value))] }
        return counter
    }

    @discardableResult
    public func gauge(_ name: String, help: String, labels: [MetricFamily.Label] = []) -> Gauge {
        let gauge = Gauge()
        add(name, help, .gauge) { [.init(labels: labels, .real(Double(gauge.value)))] }
        return gauge
    }

    /// Adds a histogram of times; its name ends in `_seconds`.
    @discardableResult
    public func histogram(_ name: String, help: String, labels: [MetricFamily.Label] = []) -> Histogram {
        let histogram = Histogram()
        add(name, help, .histogram) { MetricFamily.Sample.histogram(histogram.snapshot(), labels: labels) }
        return histogram
    }

    /// Adds a metric whose samples are made when it is asked for. `read` runs on the metrics server's thread and
    /// must not wait for others.
    public func add(
        _ name: String, _ help: String, _ kind: MetricFamily.Kind,
        read: @escaping @Sendable () -> [MetricFamily.Sample]
    ) {
        sources.withLock { sources in
            precondition(
                sources.allSatisfy { $0.name != name || $0.kind == kind && $0.help == help },
                "metric \(name) is added twice with another meaning")
            sources.append(Source(name: name, help: help, kind: kind, read: read))
        }
    }

    /// Everything as it is now, in the order in which it was added.
    public func families() -> [MetricFamily] {
        var result: [MetricFamily] = []
        var places: [String: Int] = [:]
        for source in sources.withLock({ $0 }) {
            if let place = places[source.name] {
                result[place].samples += source.read()
            } else {
                places[source.name] = result.count
                result.append(
                    MetricFamily(source.name, help: source.help, kind: source.kind, samples: source.read()))
            }
        }
        return result
    }
}
