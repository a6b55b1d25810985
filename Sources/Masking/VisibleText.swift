/// Which characters of a text are seen: white space, what is not shown, and marks, which belong to the character before them,
/// are none of their own.
struct VisibleText {
    private(set) var count = 0
    /// Where the first of them stand, with their marks.
    private(set) var first: [Range<Int>] = []
    /// Where the last of them stand, likewise; some more than were asked for.
    private(set) var last: [Range<Int>] = []
    private let kept: Int
    /// Marks that come next belong to a character that is seen.
    private var takesMarks = false

    /// - Parameter kept: how many of the first and of the last to tell of.
    /// - Returns: nil for bytes that are no UTF-8.
    init?(_ bytes: UnsafeRawBufferPointer, kept: Int) {
        self.kept = max(1, kept)
        if bytes.allSatisfy({ $0 < 0x80 }) {
            for index in bytes.indices where bytes[index] &- 0x21 < 0x5e { add(index..<index + 1) }
            return
        }
        guard let text = String(validating: bytes, as: UTF8.self) else { return nil }
        var start = 0
        for scalar in text.unicodeScalars {
            let end = start + UTF8.width(scalar)
            read(scalar, start..<end)
            start = end
        }
    }

    private mutating func read(_ scalar: Unicode.Scalar, _ range: Range<Int>) {
        switch VisibleText.kind(of: scalar) {
        case .seen:
            add(range)
            takesMarks = true
        case .mark:
            guard takesMarks else { return }
            extendLast(to: range.upperBound)
        case .unseen: takesMarks = false
        }
    }

    private mutating func add(_ range: Range<Int>) {
        count += 1
        if first.count < kept { first.append(range) }
        last.append(range)
        if last.count > 2 * kept { last.removeFirst(kept) }
    }

    private mutating func extendLast(to end: Int) {
        if count == first.count { first[count - 1] = first[count - 1].lowerBound..<end }
        last[last.count - 1] = last[last.count - 1].lowerBound..<end
    }

    private enum Kind { case seen, mark, unseen }

    /// What no font shows for certain (U+2800 is Braille without dots) does not count.
    private static func kind(of scalar: Unicode.Scalar) -> Kind {
        let properties = scalar.properties
        if properties.isDefaultIgnorableCodePoint || properties.isWhitespace || scalar == "\u{2800}" { return .unseen }
        return switch properties.generalCategory {
        case .nonspacingMark, .spacingMark, .enclosingMark: .mark
        case .control, .format, .surrogate, .privateUse, .unassigned, .spaceSeparator, .lineSeparator,
            .paragraphSeparator:
            .unseen
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .decimalNumber,
            .letterNumber, .otherNumber, .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation,
            .initialPunctuation, .finalPunctuation, .otherPunctuation, .mathSymbol, .currencySymbol, .modifierSymbol,
            .otherSymbol:
            .seen
        @unknown default: .unseen
        }
    }
}
