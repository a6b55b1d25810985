/// Texts that Sluice puts into statements of its own.
public enum SQLText {
    /// A string literal; `E''` so that backslashes mean the same under every setting. A zero byte, which no text has, is left
    /// out.
    public static func literal(_ text: String) -> String {
        "E'"
            + text.replacingScalars { scalar in
                switch scalar {
                case "\\": "\\\\"
                case "'": "''"
                case "\0": ""
                default: nil
                }
            } + "'"
    }

    /// A quoted identifier.
    public static func identifier(_ name: String) -> String { "\"" + name.doubling("\"") + "\"" }
}

extension String {
    /// With each of these doubled, whatever stands beside it.
    public func doubling(_ scalar: Unicode.Scalar) -> String {
        replacingScalars { $0 == scalar ? String(scalar) + String(scalar) : nil }
    }

    /// By scalars: characters as people see them are no measure for what another program reads, since a quotation mark with a
    /// combining mark behind it, or certain others before it, is one character with these.
    /// - Parameter replacement: nil: it stays.
    public func replacingScalars(_ replacement: (Unicode.Scalar) -> String?) -> String {
        var result = String.UnicodeScalarView()
        result.reserveCapacity(utf8.count)
        for scalar in unicodeScalars {
            if let text = replacement(scalar) {
                result.append(contentsOf: text.unicodeScalars)
            } else {
                result.append(scalar)
            }
        }
        return String(result)
    }
}
