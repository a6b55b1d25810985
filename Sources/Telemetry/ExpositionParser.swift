/// A strict reader of Prometheus's text format: what another process says is checked before it is passed on.
///
/// It takes what ``Exposition`` writes and what the format demands: HELP and TYPE once and before the samples, all
/// samples of a family together, no sample twice, histograms with rising buckets up to `+Inf` that agree with `_count`.
public struct ExpositionParser {
    /// Why a text is not valid, with the line's number from 1.
    public struct Failure: Error, Equatable, CustomStringConvertible {
        public let line: Int
        public let reason: String
        public var description: String { "line \(line): \(reason)" }
    }

    private var families: [MetricFamily] = []
    private var known: Set<String> = []
    private var samples: Set<String> = []
    private var help: (name: String, text: String)?
    private var line = 0

    public static func parse(_ text: String) throws(Failure) -> [MetricFamily] {
        var parser = ExpositionParser()
        guard !text.isEmpty else { return [] }
        guard text.utf8.last == UInt8(ascii: "\n") else {
            throw Failure(line: 0, reason: "the last line does not end")
        }
        for line in text.dropLast().split(separator: "\n", omittingEmptySubsequences: false) {
            parser.line += 1
            try parser.read(line)
        }
        try parser.checkHistogram()
        guard parser.help == nil else { throw parser.failure("HELP without a TYPE") }
        return parser.families
    }

    private func failure(_ reason: String) -> Failure { Failure(line: line, reason: reason) }

    private mutating func read(_ text: Substring) throws(Failure) {
        if text.hasPrefix("# HELP ") {
            guard help == nil else { throw failure("HELP without a TYPE") }
            let parts = text.dropFirst(7).split(separator: " ", maxSplits: 1)
            guard parts.count == 2, Self.isName(parts[0]) else { throw failure("HELP without a name or a text") }
            help = (String(parts[0]), try unescape(parts[1], quotes: false))
        } else if text.hasPrefix("# TYPE ") {
            try readType(text.dropFirst(7))
        } else if text.hasPrefix("#") {
            throw failure("a comment that is neither HELP nor TYPE")
        } else {
            try readSample(text)
        }
    }

    private mutating func readType(_ text: Substring) throws(Failure) {
        let parts = text.split(separator: " ", omittingEmptySubsequences: false)
        guard parts.count == 2, let kind = MetricFamily.Kind(rawValue: String(parts[1])) else {
            throw failure("an unknown TYPE")
        }
        guard let help, help.name == parts[0] else { throw failure("TYPE does not follow its HELP") }
        guard known.insert(help.name).inserted else { throw failure("\(help.name) comes twice") }
        guard kind == .counter || !help.name.hasSuffix("_total") else { throw failure("_total is for counters") }
        guard kind != .counter || help.name.hasSuffix("_total") else { throw failure("a counter ends in _total") }
        try checkHistogram()
        families.append(MetricFamily(help.name, help: help.text, kind: kind))
        self.help = nil
    }

    private mutating func readSample(_ text: Substring) throws(Failure) {
        guard help == nil, let family = families.last else { throw failure("a sample without its TYPE") }
        let name = text.prefix { $0 != "{" && $0 != " " }
        guard Self.isName(name), name.hasPrefix(family.name) else { throw failure("a sample of another family") }
        let suffix = String(name.dropFirst(family.name.count))
        let allowed = family.kind == .histogram ? ["_bucket", "_sum", "_count"] : [""]
        guard allowed.contains(suffix) else { throw failure("“\(name)” is no sample of \(family.name)") }
        var rest = text[name.endIndex...]
        let labels = rest.first == "{" ? try readLabels(&rest) : []
        guard rest.first == " ", let value = Self.value(rest.dropFirst()) else { throw failure("no value") }
        let key = "\(name) " + labels.map { "\($0.name)=\($0.value)" }.sorted().joined(separator: "\u{1f}")
        guard samples.insert(key).inserted else { throw failure("a sample comes twice") }
        guard family.kind == .gauge || Self.double(value) >= 0 else { throw failure("a count below 0") }
        families[families.count - 1].samples.append(.init(suffix: suffix, labels: labels, value))
    }

    private func readLabels(_ rest: inout Substring) throws(Failure) -> [MetricFamily.Label] {
        var labels: [MetricFamily.Label] = []
        repeat {
            rest = rest.dropFirst()
            let name = rest.prefix { $0 != "=" }
            rest = rest[name.endIndex...]
            guard Self.isName(name), !name.contains(":"), rest.hasPrefix("=\"") else { throw failure("a broken label") }
            rest = rest.dropFirst(2)
            var raw = ""
            while let next = rest.first, next != "\"" {
                raw.append(next)
                rest = rest.dropFirst()
                if next == "\\", let escaped = rest.first {
                    raw.append(escaped)
                    rest = rest.dropFirst()
                }
            }
            guard rest.first == "\"" else { throw failure("a label's value does not end") }
            rest = rest.dropFirst()
            guard !labels.contains(where: { $0.name == name }) else { throw failure("label \(name) comes twice") }
            labels.append(.init(String(name), try unescape(raw[...], quotes: true)))
        } while rest.first == ","
        guard rest.first == "}" else { throw failure("the labels do not end") }
        rest = rest.dropFirst()
        return labels
    }

    private func unescape(_ text: Substring, quotes: Bool) throws(Failure) -> String {
        var result = ""
        var rest = text[...]
        while let next = rest.popFirst() {
            guard next == "\\" else {
                result.append(next)
                continue
            }
            switch rest.popFirst() {
            case "\\": result.append("\\")
            case "n": result.append("\n")
            case "\"" where quotes: result.append("\"")
            default: throw failure("an unknown escape")
            }
        }
        return result
    }

    /// The last family, when it is a histogram: each of its label sets is whole.
    private func checkHistogram() throws(Failure) {
        guard let family = families.last, family.kind == .histogram else { return }
        var buckets: [[MetricFamily.Label]: [(bound: Double, count: Double)]] = [:]
        var counts: [[MetricFamily.Label]: Double] = [:]
        var sums: Set<[MetricFamily.Label]> = []
        for sample in family.samples {
            switch sample.suffix {
            case "_bucket":
                guard let text = sample.labels.last, text.name == "le", let bound = Self.value(text.value[...]) else {
                    throw failure("a bucket of \(family.name) without le as its last label")
                }
                buckets[Array(sample.labels.dropLast()), default: []].append(
                    (Self.double(bound), Self.double(sample.value)))
            case "_count": counts[sample.labels] = Self.double(sample.value)
            default: sums.insert(sample.labels)
            }
        }
        guard Set(buckets.keys) == Set(counts.keys), sums == Set(counts.keys) else {
            throw failure("a histogram of \(family.name) has no buckets, sum or count")
        }
        for (labels, row) in buckets {
            let rises = zip(row, row.dropFirst()).allSatisfy { $0.bound < $1.bound && $0.count <= $1.count }
            guard rises, row.last?.bound == .infinity, row.last?.count == counts[labels] else {
                throw failure("the buckets of \(family.name) do not rise to its count")
            }
        }
    }

    private static func isName(_ text: Substring) -> Bool {
        guard let first = text.utf8.first, isNameByte(first), !(0x30...0x39).contains(first) else { return false }
        return text.utf8.allSatisfy(isNameByte)
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        (0x61...0x7a).contains(byte) || (0x41...0x5a).contains(byte) || (0x30...0x39).contains(byte) || byte == 0x5f
            || byte == 0x3a
    }

    private static func value(_ text: Substring) -> MetricFamily.Value? {
        switch text {
        case "+Inf": return .real(.infinity)
        case "-Inf": return .real(-.infinity)
        case "NaN": return .real(.nan)
        default:
            guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) || [0x2b, 0x2d, 0x2e, 0x45, 0x65].contains($0) })
            else { return nil }
            if let whole = UInt64(text) { return .integer(whole) }
            return Double(text).map { .real($0) }
        }
    }

    private static func double(_ value: MetricFamily.Value) -> Double {
        switch value {
        case .integer(let value): Double(value)
        case .real(let value): value
        }
    }
}
