/// Text from a client as a reviewer may see it on a terminal: nothing in it can move the cursor, colour, hide or
/// reorder what stands there.
public enum VisibleText {
    /// Line feeds stay. A tab becomes `\t`; any other control, format or unassigned character and any space but the
    /// ASCII one becomes `\u{…}`; a byte that is not UTF-8 becomes `\x…`.
    public static func escape(_ bytes: [UInt8]) -> String {
        var output = String.UnicodeScalarView()
        var decoder = UTF8()
        var iterator = bytes[...].makeIterator()
        var offset = 0
        while true {
            switch decoder.decode(&iterator) {
            case .scalarValue(let scalar):
                append(scalar, to: &output)
                offset += UTF8.width(scalar)
            case .emptyInput:
                return String(output)
            case .error:
                output.append(contentsOf: "\\x\(hexadecimal(UInt32(bytes[offset]), width: 2))".unicodeScalars)
                offset += 1
                decoder = UTF8()
                iterator = bytes[offset...].makeIterator()
            }
        }
    }

    /// As ``escape(_:)`` for bytes, with line feeds escaped too: for values that stand within one line.
    public static func line(_ text: String) -> String {
        escape(Array(text.utf8)).split(separator: "\n", omittingEmptySubsequences: false).joined(separator: "\\n")
    }

    private static func append(_ scalar: Unicode.Scalar, to output: inout String.UnicodeScalarView) {
        switch scalar {
        case "\n", " ": output.append(scalar)
        case "\t": output.append(contentsOf: "\\t".unicodeScalars)
        default:
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .spaceSeparator, .privateUse, .surrogate,
                .unassigned:
                output.append(contentsOf: "\\u{\(hexadecimal(scalar.value, width: 1))}".unicodeScalars)
            case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .nonspacingMark,
                .spacingMark, .enclosingMark, .decimalNumber, .letterNumber, .otherNumber, .connectorPunctuation,
                .dashPunctuation, .openPunctuation, .closePunctuation, .initialPunctuation, .finalPunctuation,
                .otherPunctuation, .mathSymbol, .currencySymbol, .modifierSymbol, .otherSymbol:
                output.append(scalar)
            @unknown default:
                output.append(contentsOf: "\\u{\(hexadecimal(scalar.value, width: 1))}".unicodeScalars)
            }
        }
    }

    private static func hexadecimal(_ value: UInt32, width: Int) -> String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}
