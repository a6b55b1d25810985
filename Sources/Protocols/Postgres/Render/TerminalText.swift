/// Makes recorded text safe to print: nothing in it can move the cursor, change colours, reorder or hide text.
public enum TerminalText {
    /// Escapes control characters, bidirectional and invisible format characters, and bytes that are not UTF-8.
    ///
    /// - Parameter keepingNewlines: leaves line feeds alone; the caller must indent the lines after the first.
    public static func escape(_ bytes: some Sequence<UInt8>, keepingNewlines: Bool = false) -> String {
        let bytes = Array(bytes)
        if let text = String(validating: bytes, as: UTF8.self) {
            return escape(text, keepingNewlines: keepingNewlines)
        }
        var result = ""
        for byte in bytes {
            if byte < 0x80 {
                append(Unicode.Scalar(byte), &result, keepingNewlines)
            } else {
                result += "\\x" + hex(UInt32(byte), 2)
            }
        }
        return result
    }

    public static func escape(_ text: String, keepingNewlines: Bool = false) -> String {
        var result = ""
        for scalar in text.unicodeScalars { append(scalar, &result, keepingNewlines) }
        return result
    }

    private static func append(_ scalar: Unicode.Scalar, _ result: inout String, _ keepingNewlines: Bool) {
        switch scalar {
        case "\n": result += keepingNewlines ? "\n" : "\\n"
        case "\r": result += "\\r"
        case "\t": result += keepingNewlines ? "    " : "\\t"
        default:
            if isPrintable(scalar) {
                result.unicodeScalars.append(scalar)
            } else if scalar.value < 0x80 {
                result += "\\x" + hex(scalar.value, 2)
            } else {
                result += "\\u{" + hex(scalar.value, 4) + "}"
            }
        }
    }

    private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned: false
        default: true
        }
    }

    static func hex(_ value: UInt32, _ digits: Int) -> String {
        let text = String(value, radix: 16)
        return String(repeating: "0", count: max(0, digits - text.count)) + text
    }
}
