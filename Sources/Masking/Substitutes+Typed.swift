/// What a value's text has to stay for its type to take it.
public enum ShownType: Hashable, Sendable {
    case integer(bits: Int)
    case decimal, real
    case date, timestamp, timestampWithZone
    case uuid
}

extension Substitutes {
    /// What stands for a value of a type, as text; nil: NULL, since the type holds nothing that the style could show.
    public func typed(_ style: Style, _ type: ShownType, _ text: UnsafeRawBufferPointer) -> [UInt8]? {
        switch (style, type) {
        case (.tokenize, .integer(let bits)): return integer(keys?.tokenizer?.tokenOfForm(of: text), bits)
        case (.tokenize, .decimal), (.tokenize, .uuid):
            guard let token = keys?.tokenizer?.tokenOfForm(of: text) else { return nil }
            return token.withUnsafeBytes { isOfType(type, $0) } ? token : nil
        case (.bucket(let bucket), .integer(let bits)): return integer(number(bucket, text, keepsScale: false), bits)
        case (.bucket(let bucket), .decimal): return number(bucket, text, keepsScale: true)
        case (.bucket(let bucket), .real): return number(bucket, text, keepsScale: false)
        case (.shift, .date), (.shift, .timestamp), (.shift, .timestampWithZone), (.bucket, .date),
            (.bucket, .timestamp),
            (.bucket, .timestampWithZone):
            if Substitutes.infinities.contains(where: { text.elementsEqual($0) }) { return Array(text) }
            guard let date = DateText(text), date.tail == type.tail else { return nil }
            return self.date(style, date)
        case (.tokenize, _), (.bucket, _), (.shift, _), (.partial, _), (.hash, _), (.redact, _), (.null, _),
            (.drop, _):
            return nil
        }
    }

    /// What stands for a number in JSON; nil: null.
    func jsonNumber(_ style: Style, _ text: UnsafeRawBufferPointer) -> [UInt8]? {
        switch style {
        case .tokenize:
            // Other numbers are written in more than one way.
            let isWhole = text.dropFirst(text.first == 0x2d ? 1 : 0).allSatisfy { $0 &- 0x30 < 10 }
            return isWhole ? keys?.tokenizer?.tokenOfForm(of: text) : nil
        case .bucket(let bucket): return number(bucket, text, keepsScale: false)
        case .partial, .shift, .hash, .redact, .null, .drop: return nil
        }
    }

    /// PostgreSQL's (manual, section 8.5.1.4): they are no dates, and say as little as NULL does.
    private static let infinities = [Array("infinity".utf8), Array("-infinity".utf8)]

    /// What stands for a text as a whole, where the style makes something of it.
    func styled(_ style: Style, _ bytes: UnsafeRawBufferPointer) -> [UInt8]? {
        switch style {
        case .tokenize: return keys?.tokenizer?.token(of: bytes)
        case .shift, .bucket:
            let text = bytes.part(0..<(bytes.lastIndex { $0 != 0x20 }.map { $0 + 1 } ?? 0))
            if let date = DateText(text) { return self.date(style, date) }
            guard case .bucket(let bucket) = style else { return nil }
            return number(bucket, text, keepsScale: true)
        case .partial, .hash, .redact, .null, .drop: return nil
        }
    }

    /// A whole JSON or XML text in one that needs no escapes.
    public func token(ofDocument text: UnsafeRawBufferPointer) -> [UInt8]? { keys?.tokenizer?.sealed(text) }

    private func date(_ style: Style, _ date: DateText) -> [UInt8]? {
        switch style {
        case .shift(let days):
            guard let moved = keys?.shift?.moved(date.day, by: days) else { return nil }
            return date.moved(by: moved - date.day)
        case .bucket(let bucket):
            // A day's begin is all that a date without a time says.
            guard DateShift.days.contains(date.day), bucket.unit != .day || date.tail != .nothing,
                let start = bucket.start(of: date.day), DateShift.days.contains(start)
            else { return nil }
            return date.start(of: start)
        case .partial, .tokenize, .hash, .redact, .null, .drop: return nil
        }
    }

    private func number(_ bucket: Bucket, _ text: UnsafeRawBufferPointer, keepsScale: Bool) -> [UInt8]? {
        guard bucket.width > 0, let number = DecimalText(text),
            number.isHidden(by: bucket.width, keepsScale: keepsScale)
        else { return nil }
        return number.floored(to: bucket.width, keepsScale: keepsScale)
    }

    private func integer(_ text: [UInt8]?, _ bits: Int) -> [UInt8]? {
        guard let text, let value = Int64(String(decoding: text, as: UTF8.self)),
            value >> (bits - 1) == 0 || value >> (bits - 1) == -1
        else { return nil }
        return text
    }

    private func isOfType(_ type: ShownType, _ text: UnsafeRawBufferPointer) -> Bool {
        switch type {
        case .decimal: DecimalText(text) != nil
        case .uuid: TokenForm(text) == .uuid
        case .integer, .real, .date, .timestamp, .timestampWithZone: false
        }
    }
}

extension ShownType {
    fileprivate var tail: DateText.Tail? {
        switch self {
        case .date: .nothing
        case .timestamp: .time
        case .timestampWithZone: .timeAndZone
        case .integer, .decimal, .real, .uuid: nil
        }
    }
}
