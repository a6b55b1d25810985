import Contract
import Detection
import Masking

extension ValueMasker {
    /// Runs the detectors on one value. Candidates are those of a scan over `bytes`; nil when there was none.
    mutating func detect(
        _ kind: ValueKind, in bytes: UnsafeRawBufferPointer, scope: Range<Int>, candidates: ArraySlice<Candidate>?,
        near: FieldContext,
        depth: Int = 0,
        to out: inout [UInt8]
    ) -> Outcome {
        guard plan.engine != nil else { return .keep }
        switch kind {
        case .skip: return .keep
        case .text:
            return replace(
                engine.find(in: bytes, scope: scope, candidates: candidates, near: near), in: bytes, scope: scope,
                to: &out)
        case .xml:
            let isQuiet = candidates?.isEmpty ?? false
            if isQuiet, near.isEmpty, !looksAtEveryValue, !bytes[scope].contains(0x26) { return .keep }
            switch engine.maskXML(bytes.part(scope), near: near, to: &out) {
            case .unchanged: return .keep
            case .null: return .null
            case .replaced: return .replaced
            case .invalid: return withheld()
            }
        case .json:
            return maskJSON(bytes.part(scope), near: near, isQuiet: candidates?.isEmpty ?? false, to: &out)
        case .jsonb:
            guard !scope.isEmpty, bytes[scope.lowerBound] == 1 else { return withheld() }
            let text = scope.lowerBound + 1..<scope.upperBound
            let start = out.count
            out.append(1)
            let outcome = maskJSON(bytes.part(text), near: near, isQuiet: candidates?.isEmpty ?? false, to: &out)
            if case .replaced = outcome { return .replaced }
            out.removeSubrange(start...)
            return outcome
        case .shown: return detectShown(bytes, scope, candidates, near: near)
        case .decimal, .floats, .money, .moment, .lexemes:
            if kind != .money, kind != .lexemes,
                case .null = detectShown(bytes, scope, candidates, near: near)
            {
                readOn(kind, bytes.part(scope), near: near)
                return .null
            }
            return detectInside(kind, bytes.part(scope), isQuiet: candidates?.isEmpty ?? false, near: near)
        case .bytes:
            let found = detectShown(bytes, scope, candidates, near: near)
            guard case .keep = found, bytes[scope].contains(0) else { return found }
            return detectBytes(bytes[scope].filter { $0 != 0 }, near: near)
        case .byteaText:
            guard let decoded = PostgresText.bytea(bytes.part(scope)) else { return withheld() }
            return detectBytes(decoded, near: near)
        case .anyText:
            let found = engine.find(in: bytes, scope: scope, candidates: candidates, near: near)
            if !found.isEmpty { return replace(found, in: bytes, scope: scope, to: &out) }
            return detectInside(bytes.part(scope), near: near, depth: depth)
        case .nested: return detectNested(bytes, scope: scope, candidates: candidates, near: near, depth: depth)
        case .arrayText(let element, let delimiter):
            return maskArrayText(
                bytes.part(scope), candidates: candidates, element: element, delimiter: delimiter, near: near, to: &out)
        case .arrayBinary:
            return maskBinaryArray(bytes.part(scope), near: near, to: &out) ?? withheld()
        case .rendered(let type, let kind):
            let part = bytes.part(scope)
            if isShortNumber(type, part, near: near) { return .keep }
            guard let text = PostgresText.rendered(type, part) else { return withheld() }
            let outcome = text.withUnsafeBytes {
                detect(kind, in: $0, scope: 0..<text.count, candidates: nil, near: near, depth: depth, to: &out)
            }
            if case .keep = outcome { return .keep }
            return .null
        case .unknown:
            let part = bytes.part(scope)
            if PostgresText.isPlainText(part) {
                return detectNested(bytes, scope: scope, candidates: candidates, near: near, depth: depth)
            }
            guard let text = PostgresText.rendered(.unknown, part) else {
                // Text in it is named when it is found; numbers hold bytes that text never holds.
                if case .null = detectShown(bytes, scope, candidates, near: near) { return .null }
                return withheld()
            }
            return text.withUnsafeBytes {
                detectNested($0, scope: 0..<text.count, candidates: nil, near: near, depth: depth)
            }
        }
    }

    mutating func withheld() -> Outcome {
        engine.countWithheld()
        isUnreadable = true
        found.append(Finding(entity: .unsearched, range: 0..<0))
        return .null
    }

    /// What was found in a value as it stands may show something of all of it: so nothing that it holds besides may want a
    /// stricter style. What is the same finding is not counted again.
    private mutating func readOn(_ kind: ValueKind, _ text: UnsafeRawBufferPointer, near: FieldContext) {
        guard let style = strictestFound, style < .redact else { return }
        let counts = engine.counts
        guard case .null = detectInside(kind, text, isQuiet: false, near: near) else { return }
        if strictestFound == style { engine.restore(counts) }
    }

    private var strictestFound: Style? { found.map { engine.style(of: $0) }.max() }

    private mutating func detectShown(
        _ bytes: UnsafeRawBufferPointer, _ scope: Range<Int>, _ candidates: ArraySlice<Candidate>?, near: FieldContext
    ) -> Outcome {
        nullWhenFound(engine.find(in: bytes, scope: scope, candidates: candidates, near: near))
    }

    /// What the text as it stands does not show.
    private mutating func detectInside(
        _ kind: ValueKind, _ text: UnsafeRawBufferPointer, isQuiet: Bool, near: FieldContext
    ) -> Outcome {
        switch kind {
        case .decimal:
            isQuiet && near.isEmpty && text.count <= PostgresText.maximumNumberDigits
                ? .keep : detectNumber(text, near: near, isRead: true)
        case .floats:
            isQuiet && near.isEmpty && !text.contains(0x65) ? .keep : detectNumbers(text, near: near)
        case .money: detectMoney(text, near: near)
        case .moment: detectMoment(text, near: near)
        case .lexemes: detectLexemes(text, near: near)
        case .skip, .text, .xml, .json, .jsonb, .bytes, .byteaText, .shown, .nested, .anyText, .arrayText,
            .arrayBinary, .rendered, .unknown:
            .keep
        }
    }

    /// No entity has fewer than nine digits, unless something says that it is one.
    private func isShortNumber(_ type: ValueType, _ bytes: UnsafeRawBufferPointer, near: FieldContext) -> Bool {
        guard type == .scalar(.int8), near.isEmpty, !looksAtEveryValue, bytes.count == 8 else { return false }
        return Int64(bigEndian: bytes.loadUnaligned(as: Int64.self)).magnitude < 100_000_000
    }

    var looksAtEveryValue: Bool { engine.detection?.looksAtEveryValue ?? false }
}
