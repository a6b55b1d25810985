import Contract
import StrictYAML

/// `style` of a mask: a word, or a mapping of one word to what the style is told.
struct ParsedStyle {
    private(set) var style: MaskStyle
    private(set) var parameters = StyleParameters()

    static let redact = ParsedStyle(style: .redact)

    private init(style: MaskStyle) { self.style = style }

    func apply(to mask: inout some StyledMask) {
        mask.style = style
        if parameters != StyleParameters() { mask.parameters = parameters }
    }

    init(_ map: inout StrictMapping, ofColumns: Bool) throws(ConfigurationError) {
        // Unquoted, the style's name is YAML's own null.
        if let (text, node) = map.null("style") {
            guard text == "null" else {
                throw node.error("“style” is empty: name one, such as redact, or null, which leaves NULL")
            }
            self.init(style: .null)
        } else {
            try self.init(map.required("style"), ofColumns)
        }
    }

    private init(_ node: StrictNode, _ ofColumns: Bool) throws(ConfigurationError) {
        guard node.isMapping else {
            let word = try node.choice(of: Word.self)
            guard word != .drop || ofColumns else {
                throw node.error("“drop” is for masks of columns: a finding has none, use null or redact")
            }
            guard word != .bucket else { throw node.error("a bucket needs its size: \(Word.bucketForms)") }
            self.init(style: word.contract)
            return
        }
        var map = try node.mapping()
        guard let key = map.keys.first, map.keys.count == 1 else {
            throw node.error("expected one style, such as redact or {partial: {last: 4}}")
        }
        guard let word = Word(rawValue: key) else {
            throw node.unknown(key, among: Word.allCases.map(\.rawValue))
        }
        self.init(style: word.contract)
        let told = try map.nonEmpty(key)
        switch word {
        case .partial: try readPartial(told)
        case .shift: try readShift(told)
        case .bucket: try readBucket(told)
        case .redact, .hash, .null, .drop, .tokenize: throw node.error("“\(key)” is told nothing: write style: \(key)")
        }
    }

    private mutating func readPartial(_ node: StrictNode?) throws(ConfigurationError) {
        guard var map = try node?.mapping() else { return }
        var mistakes = Mistakes()
        let shown = 0...Int(StyleParameters.maximumShown)
        let first = mistakes.attempt(try map.nonEmpty("first")?.int(in: shown)) ?? nil
        let last = mistakes.attempt(try map.nonEmpty("last")?.int(in: shown)) ?? nil
        let domain = mistakes.attempt(try map.nonEmpty("keep_domain")?.bool()) ?? nil
        mistakes.attempt(try map.finish())
        try mistakes.finish()
        parameters.first = UInt32(first ?? 0)
        parameters.last = UInt32(last ?? 0)
        parameters.keepDomain = domain ?? false
        guard parameters != StyleParameters() else {
            throw map.error("shows nothing: give first, last or keep_domain, or use redact")
        }
    }

    private mutating func readShift(_ node: StrictNode?) throws(ConfigurationError) {
        guard var map = try node?.mapping() else { return }
        var mistakes = Mistakes()
        let days = mistakes.attempt(try map.required("days").int(in: 1...Int(StyleParameters.maximumDays)))
        mistakes.attempt(try map.finish())
        try mistakes.finish()
        parameters.days = UInt32(days ?? 0)
    }

    private mutating func readBucket(_ node: StrictNode?) throws(ConfigurationError) {
        guard var map = try node?.mapping() else { return }
        var mistakes = Mistakes()
        let width = mistakes.attempt(try map.nonEmpty("width").map(Self.width)) ?? nil
        let unit = mistakes.attempt(try map.nonEmpty("unit")?.choice(of: Unit.self)) ?? nil
        mistakes.attempt(try map.finish())
        try mistakes.finish()
        parameters.widthBillionths = width ?? 0
        parameters.unit = unit?.contract ?? .unspecified
        guard parameters != StyleParameters() else { throw map.error("a bucket needs its size: \(Word.bucketForms)") }
    }

    /// A decimal number in billionths.
    private static func width(_ node: StrictNode) throws(ConfigurationError) -> UInt64 {
        let parts = try node.string().split(separator: ".", omittingEmptySubsequences: false)
        let decimals = parts.count == 2 ? parts[1] : ""
        let isDecimal = parts.count <= 2 && parts.allSatisfy { !$0.isEmpty && $0.utf8.allSatisfy { $0 &- 0x30 < 10 } }
        guard isDecimal, decimals.utf8.count <= 9, let whole = UInt64(parts[0]),
            let rest = UInt64(decimals + String(repeating: "0", count: 9 - decimals.utf8.count))
        else { throw node.error("expected a number such as 10 or 0.5, with at most nine decimals") }
        let (billionths, overflows) = whole.multipliedReportingOverflow(by: StyleParameters.billion)
        let (width, overflowsToo) = billionths.addingReportingOverflow(rest)
        guard !overflows, !overflowsToo, (1...StyleParameters.maximumWidthBillionths).contains(width) else {
            throw node.error("a width is out of range: use 0.000000001 to 1000000000")
        }
        return width
    }

    private enum Word: String, CaseIterable {
        case redact, partial, hash, null, drop, tokenize, shift, bucket

        static let bucketForms = "{bucket: {width: 10}} for numbers, {bucket: {unit: year}} for dates"

        var contract: MaskStyle {
            switch self {
            case .redact: .redact
            case .partial: .partial
            case .hash: .hash
            case .null: .null
            case .drop: .drop
            case .tokenize: .tokenize
            case .shift: .shift
            case .bucket: .bucket
            }
        }
    }

    private enum Unit: String, CaseIterable {
        case year, month, day

        var contract: BucketUnit {
            switch self {
            case .year: .year
            case .month: .month
            case .day: .day
            }
        }
    }
}
