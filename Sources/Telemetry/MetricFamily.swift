/// One metric with all its samples, as Prometheus's text format groups them.
public struct MetricFamily: Sendable, Equatable {
    public enum Kind: String, Sendable, CaseIterable {
        case counter, gauge, histogram
    }

    public struct Label: Sendable, Hashable {
        public let name: String
        public let value: String

        public init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    public struct Sample: Sendable, Equatable {
        /// Behind the family's name: empty, or `_bucket`, `_sum`, `_count` of a histogram.
        public let suffix: String
        public let labels: [Label]
        public let value: Value

        public init(suffix: String = "", labels: [Label] = [], _ value: Value) {
            self.suffix = suffix
            self.labels = labels
            self.value = value
        }
    }

    public enum Value: Sendable, Equatable {
        case integer(UInt64)
        case real(Double)
    }

    public let name: String
    public let help: String
    public let kind: Kind
    public var samples: [Sample]

    public init(_ name: String, help: String, kind: Kind, samples: [Sample] = []) {
        self.name = name
        self.help = help
        self.kind = kind
        self.samples = samples
    }
}

extension MetricFamily.Sample {
    /// The samples of one histogram with `labels`: cumulative buckets, sum in seconds, count.
    static func histogram(_ snapshot: Histogram.Snapshot, labels: [MetricFamily.Label]) -> [Self] {
        var result: [Self] = []
        var total: UInt64 = 0
        var next = 0
        for index in Histogram.exposed {
            while next <= index {
                total += snapshot.counts[next]
                next += 1
            }
            let bound = Exposition.number(Double(Histogram.bounds[index]) / 1e9)
            result.append(Self(suffix: "_bucket", labels: labels + [.init("le", bound)], .integer(total)))
        }
        let count = snapshot.count
        result.append(Self(suffix: "_bucket", labels: labels + [.init("le", "+Inf")], .integer(count)))
        result.append(Self(suffix: "_sum", labels: labels, .real(Double(snapshot.sumNanoseconds) / 1e9)))
        result.append(Self(suffix: "_count", labels: labels, .integer(count)))
        return result
    }
}
