import Contract

extension MaskStyle {
    /// As policy files write it.
    public var word: String {
        switch self {
        case .unspecified, .UNRECOGNIZED: "redact"
        case .drop: "drop"
        case .null: "null"
        case .redact: "redact"
        case .hash: "hash"
        case .tokenize: "tokenize"
        case .shift: "shift"
        case .bucket: "bucket"
        case .partial: "partial"
        }
    }
}

extension StyledMask {
    /// The style and what it is told, for people and tests: `partial first=2 last=4`.
    public var styleWords: String {
        ([style.word] + parameters.told.map { "\($0.key)=\($0.value)" }).joined(separator: " ")
    }
}

extension ColumnMask {
    /// The columns, and the places within their values: `public.events.payload $.user.email`.
    public var placeWords: String { ([pattern] + paths).joined(separator: " ") }
}

extension OutputMask {
    /// The output's number from 1, and the places within its values.
    public var placeWords: String { ([String(index + 1)] + paths).joined(separator: " ") }
}

extension StyleParameters {
    /// What is given, as policy files write it.
    var told: [(key: String, value: String)] {
        var told: [(key: String, value: String)] = []
        if first > 0 { told.append(("first", String(first))) }
        if last > 0 { told.append(("last", String(last))) }
        if keepDomain { told.append(("keep_domain", "true")) }
        if days > 0 { told.append(("days", String(days))) }
        if widthBillionths > 0 { told.append(("width", Self.decimal(widthBillionths))) }
        switch unit {
        case .unspecified, .UNRECOGNIZED: break
        case .year: told.append(("unit", "year"))
        case .month: told.append(("unit", "month"))
        case .day: told.append(("unit", "day"))
        }
        return told
    }

    private static func decimal(_ billionths: UInt64) -> String {
        let (whole, rest) = billionths.quotientAndRemainder(dividingBy: billion)
        guard rest > 0 else { return String(whole) }
        var digits = String(String(rest + billion).dropFirst())
        while digits.hasSuffix("0") { digits.removeLast() }
        return "\(whole).\(digits)"
    }
}
