import Contract
import Detection
import Masking

extension ValueMasker {
    /// Text that may hold other values, in whatever way types write them: NULL when the detectors find something in any.
    mutating func detectNested(
        _ bytes: UnsafeRawBufferPointer, scope: Range<Int>, candidates: ArraySlice<Candidate>?, near: FieldContext,
        depth: Int
    ) -> Outcome {
        guard depth <= PostgresText.maximumDepth else { return withheld() }
        let raw = engine.find(in: bytes, scope: scope, candidates: candidates, near: near)
        if !raw.isEmpty { return nullWhenFound(raw) }
        return detectInside(bytes.part(scope), near: near, depth: depth)
    }

    /// What a text that was read as it stands holds besides.
    mutating func detectInside(_ text: UnsafeRawBufferPointer, near: FieldContext, depth: Int) -> Outcome {
        guard let first = text.first else { return .keep }
        if case .null = detectNumber(text, near: near, isRead: true) { return .null }
        if PostgresText.isAmount(text), case .null = detectMoney(text, near: near) { return .null }
        switch first {
        case 0x5c where text.count > 1 && text[1] == 0x78:
            if let bytes = PostgresText.bytea(text) { return detectBytes(bytes, near: near) }
        case 0x7b, 0x5b:
            switch maskJSON(text, near: near) {
            case .unchanged: return .keep
            case .null, .replaced: return .null
            case .invalid: break
            }
        case _: break
        }
        if let parts = NestedText.parts(text) {
            for part in parts {
                let outcome = part.withUnsafeBytes {
                    detectNested($0, scope: 0..<part.count, candidates: nil, near: near, depth: depth + 1)
                }
                if case .null = outcome { return .null }
            }
            return .keep
        }
        if text.contains(0x26) {
            var discarded: [UInt8] = []
            switch engine.maskXML(text, near: near, to: &discarded) {
            case .unchanged: break
            case .null, .replaced: return .null
            case .invalid: return withheld()
            }
        }
        guard let plain = NestedText.unescaped(text) else { return .keep }
        return nullWhenFound(engine.find(in: plain, near: near))
    }

    private mutating func maskJSON(_ text: UnsafeRawBufferPointer, near: FieldContext) -> JSONOutcome {
        var discarded: [UInt8] = []
        return engine.maskJSON(text, near: near, names: plan.names, isQuiet: false, to: &discarded)
    }

    /// A number has its digits read as they would stand without point and exponent; one of too many is withheld.
    /// - Parameter isRead: it was read as it stands.
    mutating func detectNumber(
        _ text: UnsafeRawBufferPointer, near: FieldContext, isRead: Bool = false
    ) -> Outcome {
        if PostgresText.isLongNumber(text) { return withheld() }
        guard var digits = PostgresText.wholeDigits(text) else { return .keep }
        if isRead, digits.count == text.count, digits.count >= near.digits { return .keep }
        if digits.count < near.digits { digits = Array(repeating: 0x30, count: near.digits - digits.count) + digits }
        return nullWhenFound(engine.find(in: digits, near: near))
    }

    /// Every number in a text, each by itself.
    mutating func detectNumbers(_ text: UnsafeRawBufferPointer, near: FieldContext) -> Outcome {
        func isPart(_ byte: UInt8) -> Bool {
            byte &- 0x30 < 10 || byte == 0x2e || byte == 0x2b || byte == 0x2d || byte == 0x65
        }
        var index = 0
        while index < text.count {
            let start = index
            while index < text.count, isPart(text[index]) { index += 1 }
            if index > start, case .null = detectNumber(text.part(start..<index), near: near) { return .null }
            index += 1
        }
        return .keep
    }

    /// Of an amount only the digits are the same in every locale: with and without those of cents.
    mutating func detectMoney(_ text: UnsafeRawBufferPointer, near: FieldContext) -> Outcome {
        let digits = text.filter { $0 &- 0x30 < 10 }
        for shown in [digits, digits.dropLast(2)] where !shown.isEmpty {
            let outcome = Array(shown).withUnsafeBytes { detectNumber($0, near: near) }
            if case .null = outcome { return .null }
        }
        return .keep
    }

    /// In the style `postgres` the time stands within the date: `Sat May 17 12:00:00 1980`.
    mutating func detectMoment(_ text: UnsafeRawBufferPointer, near: FieldContext) -> Outcome {
        guard let first = text.first, first | 0x20 >= 0x61 else { return .keep }
        let date = text.split(separator: 0x20).filter { !$0.contains(0x3a) }.dropFirst().joined(separator: [0x20])
        return nullWhenFound(engine.find(in: Array(date), near: near))
    }

    mutating func detectLexemes(_ text: UnsafeRawBufferPointer, near: FieldContext) -> Outcome {
        for word in PostgresText.lexemes(text) {
            if case .null = nullWhenFound(engine.find(in: word, near: near)) { return .null }
        }
        return .keep
    }

    /// Bytes may be text of any encoding: of UTF-16, text in Latin letters is found.
    mutating func detectBytes(_ bytes: [UInt8], near: FieldContext) -> Outcome {
        let found = nullWhenFound(engine.find(in: bytes, near: near))
        if case .null = found { return .null }
        guard bytes.contains(0) else { return .keep }
        return nullWhenFound(engine.find(in: bytes.filter { $0 != 0 }, near: near))
    }
}
