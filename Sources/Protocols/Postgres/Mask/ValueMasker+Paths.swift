import Detection
import Masking

extension ValueMasker {
    /// A longer value is not read.
    static let maximumDocumentBytes = 1 << 20

    /// Masks what paths name in a value, and in the rest what the detectors find. What cannot be read becomes NULL.
    mutating func maskPlaces(
        _ paths: ColumnPaths, near: FieldContext, in bytes: UnsafeRawBufferPointer, to out: inout [UInt8]
    ) -> Outcome {
        found.removeAll(keepingCapacity: true)
        let withheld = engine.counts.withheld
        defer { if engine.counts.withheld > withheld { isUnreadable = true } }
        return maskPlaces(paths.kind, PathPass(names: paths.names, near: near), bytes, to: &out)
    }

    private struct PathPass {
        let names: NameTable
        let near: FieldContext
    }

    private mutating func maskPlaces(
        _ kind: DocumentKind, _ pass: PathPass, _ bytes: UnsafeRawBufferPointer, to out: inout [UInt8]
    ) -> Outcome {
        guard bytes.count <= ValueMasker.maximumDocumentBytes else { return withheld() }
        switch kind {
        case .none: return withheld()
        case .json:
            return outcome(engine.maskJSON(bytes, near: pass.near, names: pass.names, isQuiet: false, to: &out))
        case .text: return JSONText.beginsDocument(bytes) ? maskPlaces(.json, pass, bytes, to: &out) : withheld()
        case .xml: return outcome(engine.maskXML(bytes, near: pass.near, names: pass.names, to: &out))
        case .jsonb:
            guard bytes.first == 1 else { return withheld() }
            let start = out.count
            out.append(1)
            let outcome = maskPlaces(.json, pass, bytes.part(1..<bytes.count), to: &out)
            if case .replaced = outcome { return outcome }
            out.removeSubrange(start...)
            return outcome
        case .unknownText:
            if let hstore = HstoreText(text: bytes) { return mask(hstore, pass, bytes, HstoreText.written, to: &out) }
            return maskPlaces(.arrayText(.unknownText, delimiter: 0x2c), pass, bytes, to: &out)
        case .unknownBinary:
            var reader = ValueReader(bytes)
            let isArray = PostgresText.arrayShape(&reader) != nil
            switch (HstoreText(binary: bytes), isArray) {
            case (let hstore?, false): return mask(hstore, pass, bytes, HstoreText.counted, to: &out)
            case (nil, true): return maskPlaces(.arrayBinary, pass, bytes, to: &out)
            // What can be read in two ways is read in none.
            case (_, _): return withheld()
            }
        case .arrayText(let element, let delimiter):
            return maskElements(ofText: bytes, delimiter: delimiter, to: &out) { masker, value, edited in
                masker.maskElement(element, pass, value, to: &edited)
            }
        case .arrayBinary:
            return maskElements(ofBinary: bytes, to: &out) { masker, type, value, edited in
                masker.maskElement(DocumentKind(ValueType(type), binary: true), pass, value, to: &edited)
            } ?? withheld()
        case .any(let isBinary): return maskAny(isBinary, pass, bytes, to: &out)
        }
    }

    /// A value of a type that is not told.
    private mutating func maskAny(
        _ isBinary: Bool, _ pass: PathPass, _ bytes: UnsafeRawBufferPointer, to out: inout [UInt8]
    ) -> Outcome {
        let kind = ValueMasker.kind(of: bytes, isBinary)
        guard kind == .text, !isBinary else { return maskPlaces(kind, pass, bytes, to: &out) }
        // An array's text begins as JSON does, and is none.
        switch engine.maskJSON(bytes, near: pass.near, names: pass.names, isQuiet: false, to: &out) {
        case .unchanged: return .keep
        case .null: return .null
        case .replaced: return .replaced
        case .invalid: return maskPlaces(.arrayText(.any(binary: false), delimiter: 0x2c), pass, bytes, to: &out)
        }
    }

    /// Arrays hold no arrays: their dimensions are all in one.
    private mutating func maskElement(
        _ kind: DocumentKind, _ pass: PathPass, _ bytes: UnsafeRawBufferPointer, to out: inout [UInt8]
    ) -> Outcome {
        switch kind {
        case .json, .jsonb, .xml, .text: return maskPlaces(kind, pass, bytes, to: &out)
        case .unknownText:
            guard let hstore = HstoreText(text: bytes) else { return withheld() }
            return mask(hstore, pass, bytes, HstoreText.written, to: &out)
        case .unknownBinary:
            guard let hstore = HstoreText(binary: bytes) else { return withheld() }
            return mask(hstore, pass, bytes, HstoreText.counted, to: &out)
        case .any(let isBinary): return maskElement(ValueMasker.kind(of: bytes, isBinary), pass, bytes, to: &out)
        case .arrayText, .arrayBinary, .none: return withheld()
        }
    }

    /// What a value can be whose type is not told: no two kinds begin alike.
    private static func kind(of bytes: UnsafeRawBufferPointer, _ isBinary: Bool) -> DocumentKind {
        switch bytes.first(where: { $0 != 0x20 && $0 != 0x09 && $0 != 0x0a && $0 != 0x0d }) {
        case 0x3c: .xml
        case 0x01 where isBinary: .jsonb
        case 0x7b, 0x5b: .text
        case _: isBinary ? .unknownBinary : .unknownText
        }
    }

    private mutating func outcome(_ outcome: JSONOutcome) -> Outcome {
        switch outcome {
        case .unchanged: .keep
        case .null: .null
        case .replaced: .replaced
        case .invalid: withheld()
        }
    }

    /// - Parameter write: how a value is written, nil for NULL.
    private mutating func mask(
        _ hstore: HstoreText, _ pass: PathPass, _ bytes: UnsafeRawBufferPointer, _ write: ([UInt8]?) -> [UInt8],
        to out: inout [UInt8]
    ) -> Outcome {
        let start = out.count
        var copied = 0
        // All that no path names, as text shows it.
        var rest: [UInt8] = []
        for pair in hstore.pairs {
            rest += HstoreText.written(pair.key) + Array("=>".utf8)
            guard let value = pair.value, let rule = pass.names.rule(ofMember: pair.key) else {
                rest += HstoreText.written(pair.value) + [0x2c, 0x20]
                continue
            }
            rest += [0x2c, 0x20]
            engine.count(rule: rule.counter)
            var text: [UInt8]?
            if rule.style < .null {
                var new: [UInt8] = []
                let near = pass.names.context(ofMember: pair.key).union(pass.near)
                value.withUnsafeBytes { engine.appendWhole(rule.style, $0, near: near, to: &new) }
                text = new
            }
            out.append(contentsOf: bytes.part(copied..<pair.range.lowerBound))
            out.append(contentsOf: write(text))
            copied = pair.range.upperBound
        }
        let outcome =
            plan.engine == nil
            ? Outcome.keep
            : rest.withUnsafeBytes {
                detectNested($0, scope: 0..<$0.count, candidates: nil, near: pass.near, depth: 0)
            }
        if case .null = outcome {
            out.removeSubrange(start...)
            return .null
        }
        guard copied > 0 else { return .keep }
        out.append(contentsOf: bytes.part(copied..<bytes.count))
        return .replaced
    }
}
