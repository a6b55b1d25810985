/// Prometheus's text format, version 0.0.4
/// (https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format).
public enum Exposition {
    public static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    /// `families` as text; `labels` stand first in every sample.
    public static func text(_ families: [MetricFamily], labels: [MetricFamily.Label] = []) -> String {
        var text = ""
        for family in families where !family.samples.isEmpty {
            text += "# HELP \(family.name) \(escape(family.help, quotes: false))\n"
            text += "# TYPE \(family.name) \(family.kind.rawValue)\n"
            for sample in family.samples {
                text += family.name + sample.suffix
                let all = labels + sample.labels
                if !all.isEmpty {
                    let pairs = all.map { "\($0.name)=\"\(escape($0.value, quotes: true))\"" }
                    text += "{\(pairs.joined(separator: ","))}"
                }
                switch sample.value {
                case .integer(let value): text += " \(value)\n"
                case .real(let value): text += " \(number(value))\n"
                }
            }
        }
        return text
    }

    /// A number as the format writes it.
    static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        if value == value.rounded(), abs(value) < 1e15 { return "\(Int64(value))" }
        return "\(value)"
    }

    private static func escape(_ text: String, quotes: Bool) -> String {
        var result = ""
        for character in text.unicodeScalars {
            switch character {
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\"" where quotes: result += "\\\""
            default: result.unicodeScalars.append(character)
            }
        }
        return result
    }
}
