import Detection

extension MaskEngine {
    /// What becomes of a stretch of JSON text, whose tokens are `items`: text inside a string literal is replaced where
    /// it stands, any other token by null, and what a rule is about as a whole.
    ///
    /// The detectors read the stretch as the text it is, which shows them what stands around a value, and each string
    /// that has escapes, or whose key says something, by itself.
    /// - Parameter isQuiet: a scan found no trigger in the stretch.
    mutating func jsonEdits(
        _ items: [JSONWalk.Item], in bytes: UnsafeRawBufferPointer, _ stretch: Range<Int>, near: FieldContext,
        rules: [ValueRule], isQuiet: Bool = false
    ) -> EditList {
        var list = EditList()
        let raw = find(in: bytes, scope: stretch, candidates: isQuiet ? [] : nil, near: near)
        list.isBlind = !raw.isEmpty
        let isUnsearched = raw.contains { $0.entity == .unsearched }
        if isUnsearched {
            count(raw)
            list.mark(raw[0], at: stretch)
            list.asksForNull = true
        }
        var next = 0
        for item in items {
            while next < raw.count, raw[next].range.upperBound <= item.range.lowerBound { next += 1 }
            if case .hidden(let begins) = item.kind {
                hide(item, begins: begins, rules, &list)
                continue
            }
            if case .dropped(let begins) = item.kind {
                if begins, let rule = item.rule { count(rule: rules[rule].counter) }
                list.replace(item.range, with: [])
                continue
            }
            if let rule = item.rule {
                count(rule: rules[rule].counter)
                list.replace(item.range, with: whole(item, bytes, rules[rule], near: near))
                continue
            }
            if isUnsearched {
                list.replace(item.range, with: item.withheld)
                continue
            }
            // What began before the token has taken the bytes of a quote for its own: the token is read by itself.
            var isCrossed = false
            var inside: [Finding] = []
            var index = next
            while index < raw.count, raw[index].range.lowerBound < item.range.upperBound {
                if raw[index].range.lowerBound < item.range.lowerBound { isCrossed = true }
                let range = raw[index].range.clamped(to: item.content)
                if !range.isEmpty, raw[index].range.lowerBound >= item.range.lowerBound {
                    inside.append(raw[index].with(range))
                }
                index += 1
            }
            let isRead = isCrossed || !item.context.isEmpty || detection?.looksAtEveryValue == true
            switch item.kind {
            case .hidden, .dropped: break
            case .scalar: scalar(item, bytes, inside, isRead: isRead, &list)
            case .key, .string: string(item, bytes, inside, isRead: isRead, near: near, &list)
            }
        }
        return list
    }

    private mutating func hide(_ item: JSONWalk.Item, begins: Bool, _ rules: [ValueRule], _ list: inout EditList) {
        guard begins, let rule = item.rule else { return list.replace(item.range, with: []) }
        count(rule: rules[rule].counter)
        switch rules[rule].style {
        case .null, .drop: list.replace(item.range, with: JSONText.null)
        case .partial, .bucket, .shift, .tokenize, .hash, .redact: list.replace(item.range, with: JSONText.redacted)
        }
    }

    /// What stands for a string or a number under a rule.
    private mutating func whole(
        _ item: JSONWalk.Item, _ bytes: UnsafeRawBufferPointer, _ rule: ValueRule, near: FieldContext
    ) -> [UInt8] {
        if case .scalar = item.kind {
            return number(bytes.part(item.range), rule.styles.merged(on: .jsonNumber) ?? .null)
        }
        let style = rule.style
        guard case .string = item.kind, style < .null else { return JSONText.null }
        guard let decoded = ValueEncoding.json.decode(bytes.part(item.content)) else { return JSONText.redacted }
        var text: [UInt8] = []
        decoded.bytes.withUnsafeBytes { appendWhole(style, $0, near: item.context.union(near), to: &text) }
        return [0x22] + ValueEncoding.json.encode(text) + [0x22]
    }

    /// What stands for a number, or another token.
    private func number(_ text: UnsafeRawBufferPointer, _ style: Style) -> [UInt8] {
        substitutes.jsonNumber(style, text) ?? JSONText.null
    }

    private mutating func scalar(
        _ item: JSONWalk.Item, _ bytes: UnsafeRawBufferPointer, _ inside: [Finding], isRead: Bool,
        _ list: inout EditList
    ) {
        var findings = inside
        // Else it is true, false, null.
        if findings.isEmpty, bytes[item.range.lowerBound] < 0x41 {
            let text = String(decoding: bytes[item.range], as: UTF8.self)
            if isRead, let number = UInt64(text) {
                findings = find(in: NumberText.padded(number, near: item.context), near: item.context)
            } else if text.utf8.contains(where: { $0 | 0x20 == 0x65 }), let number = Double(text),
                let digits = NumberText.digits(number, near: item.context)
            {
                findings = find(in: digits, near: item.context)
            } else if isRead {
                findings = find(in: bytes, scope: item.range, candidates: nil, near: item.context)
            }
        }
        guard let first = findings.first else { return }
        count(findings)
        if findings.contains(where: { style(of: $0) == .null }) { list.asksForNull = true }
        list.mark(first, at: item.range)
        let merged = styles.style(of: findings, on: .jsonNumber) ?? .null
        list.replace(item.range, with: number(bytes.part(item.range), merged))
    }

    private mutating func string(
        _ item: JSONWalk.Item, _ bytes: UnsafeRawBufferPointer, _ inside: [Finding], isRead: Bool, near: FieldContext,
        _ list: inout EditList
    ) {
        let content = item.content
        guard item.hasEscapes || isRead || !inside.isEmpty else { return }
        let encoding: ValueEncoding = item.hasEscapes ? .json : .plain
        guard let decoded = encoding.decode(bytes.part(content)) else { return }
        var findings: [Finding]
        if item.hasEscapes {
            findings = find(in: decoded.bytes, near: item.context.union(near))
            if findings.isEmpty, let around = inside.first { findings = [around.with(0..<decoded.bytes.count)] }
            findings = findings.map { finding in
                let range = decoded.encoded(finding.range)
                let written = range.lowerBound + content.lowerBound..<range.upperBound + content.lowerBound
                return inside.filter { $0.range.overlaps(written) }.reduce(finding.with(written)) { $0.among($1) }
                    .with(finding.range)
            }
        } else {
            findings = inside.map { $0.moved(by: -content.lowerBound) }
            if isRead { findings = find(in: decoded.bytes, near: item.context).joined(with: findings) }
        }
        guard !findings.isEmpty else { return }
        count(findings)
        for finding in findings {
            let range = decoded.encoded(finding.range)
            list.mark(finding, at: range.lowerBound + content.lowerBound..<range.upperBound + content.lowerBound)
        }
        if findings.contains(where: { style(of: $0) == .null }) {
            list.asksForNull = true
            if findings.contains(where: { $0.entity == .unsearched }) {
                return list.replace(item.range, with: item.withheld)
            }
            // A key cannot be null.
            if case .string = item.kind { return list.replace(item.range, with: JSONText.null) }
        }
        replace(findings, in: decoded, .json, at: content.lowerBound, to: &list)
    }
}

extension JSONWalk.Item {
    /// What stands between a string's quotes.
    var content: Range<Int> {
        switch kind {
        case .key, .string: range.lowerBound + 1..<range.upperBound - 1
        case .scalar, .hidden, .dropped: range
        }
    }

    /// What stands for it when nobody knows what it holds.
    fileprivate var withheld: [UInt8] {
        switch kind {
        case .key, .string: JSONText.redacted
        case .scalar, .hidden, .dropped: JSONText.null
        }
    }
}

extension JSONText {
    static let null = Array("null".utf8)
    static let redacted = Array("\"[redacted]\"".utf8)
}

/// What became of a JSON text that is all there.
public enum JSONOutcome {
    case unchanged
    /// A finding's style asks for NULL in place of the text.
    case null
    /// The new text was appended.
    case replaced
    /// The text is no JSON.
    case invalid
}

extension MaskEngine {
    /// Masks one JSON text.
    /// - Parameters:
    ///   - near: what the column that holds it says of its values.
    ///   - isQuiet: a scan found no trigger in it.
    public mutating func maskJSON(
        _ bytes: UnsafeRawBufferPointer, near: FieldContext, names: NameTable, isQuiet: Bool, to out: inout [UInt8]
    ) -> JSONOutcome {
        maskJSON(bytes, near: near, names: names, root: names.root, isQuiet: isQuiet, to: &out)
    }

    /// - Parameter root: where the text stands in what `names` are about.
    mutating func maskJSON(
        _ bytes: UnsafeRawBufferPointer, near: FieldContext, names: NameTable, root: Standing, isQuiet: Bool,
        to out: inout [UInt8]
    ) -> JSONOutcome {
        var walk = JSONWalk(names: names, root: root)
        var index = 0
        while index < bytes.count {
            switch walk.advance(bytes, from: &index, upTo: .max, isLast: true) {
            case .more, .full: continue
            case .invalid, .long: return .invalid
            }
        }
        guard walk.isBetweenTexts else { return .invalid }
        let list = jsonEdits(walk.items, in: bytes, 0..<bytes.count, near: near, rules: names.rules, isQuiet: isQuiet)
        if list.asksForNull { return .null }
        guard !list.edits.isEmpty else { return list.isBlind ? .invalid : .unchanged }
        list.apply(to: bytes, 0..<bytes.count, out: &out)
        return .replaced
    }
}
