import Foundation

/// SASLprep (RFC 4013) as PostgreSQL applies it to passwords: a password that it prohibits is used as it is.
///
/// The check of right-to-left text (RFC 3454 section 6) is left out; it matters only where such a password is also
/// changed by normalisation.
enum SASLprep {
    static func prepare(_ password: String) -> [UInt8] {
        let raw = Array(password.utf8)
        if raw.allSatisfy({ $0 < 0x80 }) { return raw }

        var mapped = String.UnicodeScalarView()
        for scalar in password.unicodeScalars where !isMappedToNothing(scalar) {
            mapped.append(isNonASCIISpace(scalar) ? " " : scalar)
        }
        let normalised = String(mapped).precomposedStringWithCompatibilityMapping
        if normalised.isEmpty || normalised.unicodeScalars.contains(where: isProhibited) { return raw }
        return Array(normalised.utf8)
    }

    /// RFC 3454 table C.1.2.
    private static func isNonASCIISpace(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0xA0, 0x1680, 0x2000...0x200B, 0x202F, 0x205F, 0x3000: true
        default: false
        }
    }

    /// RFC 3454 table B.1. U+200B is in table C.1.2 too, which RFC 4013 applies first.
    private static func isMappedToNothing(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0xAD, 0x34F, 0x1806, 0x180B...0x180D, 0x200C, 0x200D, 0x2060, 0xFE00...0xFE0F, 0xFEFF: true
        default: false
        }
    }

    /// RFC 4013 sections 2.3 and 2.5: controls, private use, non-characters, and what Unicode 3.2 left unassigned.
    private static func isProhibited(_ scalar: Unicode.Scalar) -> Bool {
        guard let age = scalar.properties.age, (age.major, age.minor) <= (3, 2) else { return true }
        switch scalar.value {
        case 0x340, 0x341, 0x6DD, 0x70F, 0x180E, 0x200E, 0x200F, 0x2028...0x202E, 0x2061...0x2063, 0x206A...0x206F,
            0x2FF0...0x2FFB, 0xFFF9...0xFFFD, 0xE0001, 0xE0020...0xE007F:
            return true
        default:
            let category = scalar.properties.generalCategory
            return category == .control || category == .privateUse || scalar.properties.isNoncharacterCodePoint
        }
    }
}
