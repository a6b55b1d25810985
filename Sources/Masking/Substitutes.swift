import Detection

/// What stands for a finding in text, and for a whole value under a column rule.
public struct Substitutes {
    private static let hashPrefix = Array("h:".utf8)
    public static let redacted = Array("[redacted]".utf8)

    private let redactions: [[UInt8]]
    let keys: MaskingKeys?

    /// - Parameter keys: without them the styles that need a key redact.
    public init(engine: DetectionEngine?, keys: MaskingKeys?) {
        var redactions = Entity.all.map { Array("[redacted:\($0.name)]".utf8) }
        for entity in engine?.entities ?? [] where entity.index >= redactions.count {
            redactions += Array(repeating: Substitutes.redacted, count: entity.index + 1 - redactions.count)
            redactions[entity.index] = Array("[redacted:\(engine?.name(of: entity) ?? entity.name)]".utf8)
        }
        self.redactions = redactions
        self.keys = keys
    }

    /// What stands for one entity inside text: letters, digits and punctuation that JSON strings need not escape,
    /// besides bytes of the entity itself.
    public func append(_ style: Style, for entity: Entity, _ bytes: UnsafeRawBufferPointer, to out: inout [UInt8]) {
        switch style {
        case .redact, .null, .drop: out.append(contentsOf: redaction(of: entity))
        case .hash:
            if !appendHash(bytes, to: &out) { out.append(contentsOf: redaction(of: entity)) }
        case .tokenize, .shift, .bucket:
            out.append(contentsOf: styled(style, bytes) ?? redaction(of: entity))
        case .partial(let part):
            if part.isAutomatic { appendPartial(entity, bytes, to: &out) } else { part.append(bytes, to: &out) }
        }
    }

    private func redaction(of entity: Entity) -> [UInt8] {
        entity == .unsearched ? Substitutes.redacted : redactions[entity.index]
    }

    /// What stands for the whole of a text; there is no NULL here, that style redacts.
    public func appendWhole(_ style: Style, _ bytes: UnsafeRawBufferPointer, to out: inout [UInt8]) {
        switch style {
        case .redact, .null, .drop: out.append(contentsOf: Substitutes.redacted)
        case .hash:
            if !appendHash(bytes, to: &out) { out.append(contentsOf: Substitutes.redacted) }
        case .tokenize, .shift, .bucket: out.append(contentsOf: styled(style, bytes) ?? Substitutes.redacted)
        case .partial(let part):
            if part.isAutomatic { appendPartialWhole(bytes, to: &out) } else { part.append(bytes, to: &out) }
        }
    }

    private func appendPartial(_ entity: Entity, _ bytes: UnsafeRawBufferPointer, to out: inout [UInt8]) {
        switch entity {
        case .email:
            let at = bytes.firstIndex(of: 0x40) ?? bytes.count
            let first = firstCharacter(bytes)
            if first < at { out.append(contentsOf: bytes.part(0..<first)) }
            out.append(contentsOf: "***".utf8)
            out.append(contentsOf: bytes.part(at..<bytes.count))
        case .creditCard, .usSSN, .usITIN, .iban, .phone:
            out.append(contentsOf: "****".utf8)
            var last: [UInt8] = []
            for byte in bytes.reversed() where last.count < 4 && byte &- 0x30 < 10 { last.append(byte) }
            out.append(contentsOf: last.reversed())
        case _:
            // The first four bytes of a long token tell its kind (AKIA, ghp_); of a short one they tell the secret.
            if Entity.secrets.contains(entity), bytes.count >= 20,
                bytes[..<4].allSatisfy({ $0 < 0x80 && $0 > 0x20 && $0 != 0x22 && $0 != 0x5c })
            {
                out.append(contentsOf: bytes.part(0..<4))
            }
            out.append(contentsOf: "***".utf8)
        }
    }

    /// Bytes of the first UTF-8 character, one for invalid UTF-8.
    private func firstCharacter(_ bytes: UnsafeRawBufferPointer) -> Int {
        guard !bytes.isEmpty else { return 0 }
        var end = 1
        if bytes[0] >= 0xc0 { while end < bytes.count, end < 4, bytes[end] & 0xc0 == 0x80 { end += 1 } }
        return end
    }

    private func appendHash(_ bytes: UnsafeRawBufferPointer, to out: inout [UInt8]) -> Bool {
        guard let hash = keys?.hash else { return false }
        out.append(contentsOf: Substitutes.hashPrefix)
        hash.append(bytes, to: &out)
        return true
    }

    private func appendPartialWhole(_ bytes: UnsafeRawBufferPointer, to out: inout [UInt8]) {
        let value = unpadded(bytes)
        if let entity = DetectionEngine.entity(ofWhole: value) { return appendPartial(entity, value, to: &out) }
        let text = VisibleText(value, kept: 1)
        if let text, text.count > 3 { out.append(contentsOf: value.part(text.first[0])) }
        let characters = text?.count ?? value.count(where: { $0 & 0xc0 != 0x80 })
        out.append(contentsOf: repeatElement(0x2a, count: min(3, characters)))
    }

    /// `char(n)` pads with spaces.
    private func unpadded(_ bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        bytes.part(0..<(bytes.lastIndex { $0 != 0x20 }.map { $0 + 1 } ?? 0))
    }

    /// Where the whole of a text shows through under a style, at most.
    func shown(_ style: Style, _ bytes: UnsafeRawBufferPointer) -> [Range<Int>] {
        switch style {
        case .partial(let part) where part.isAutomatic:
            let value = unpadded(bytes)
            if DetectionEngine.entity(ofWhole: value) != nil { return [0..<value.count] }
            return VisibleText(value, kept: 1).map { $0.count > 3 ? [$0.first[0]] : [] } ?? []
        case .partial(let part):
            let shown = part.ranges(of: bytes)
            return [shown.head, shown.tail, shown.domain].filter { !$0.isEmpty }
        // A number or a date as a whole.
        case .bucket, .shift: return []
        case .tokenize, .hash, .redact, .null, .drop: return []
        }
    }
}
