/// What a column rule can show of a value, by what holds it.
public enum ShownKind: Hashable, Sendable {
    case text
    /// A JSON or XML text as a whole.
    case document
    case typed(ShownType)
    /// A number within JSON.
    case jsonNumber
    /// Only NULL.
    case nothing
}

extension Style {
    /// The style of a value that two are about: the stricter one, and of one style what both of them show.
    public func merged(with other: Style) -> Style {
        switch (self, other) {
        case (.partial(let left), .partial(let right)): .partial(left.merged(with: right))
        case (.bucket(let left), .bucket(let right)): .bucket(left.merged(with: right))
        case (.shift(let left), .shift(let right)): .shift(days: max(left, right))
        case (.partial, _), (.bucket, _), (.shift, _), (.tokenize, _), (.hash, _), (.redact, _), (.null, _),
            (.drop, _):
            max(self, other)
        }
    }

    /// What it comes to for one of several parts, each of which would show something of what they are together.
    var ofPart: Style {
        switch self {
        case .partial: .partial(.nothing)
        case .bucket, .shift: .redact
        case .tokenize, .hash, .redact, .null, .drop: self
        }
    }

    /// What the style comes to for a kind of value: one that it shows nothing of is as strict as the style that says so.
    public func effective(on kind: ShownKind) -> Style {
        if self == .drop { return self }
        switch kind {
        case .text: return self
        case .typed(let type): return shows(type) ? self : .null
        case .nothing: return .null
        case .document:
            switch self {
            case .partial, .bucket, .shift: return .redact
            case .tokenize, .hash, .redact, .null, .drop: return self
            }
        case .jsonNumber:
            switch self {
            case .bucket(let bucket): return bucket.width > 0 ? self : .null
            case .tokenize: return self
            case .partial, .shift, .hash, .redact, .null: return .null
            case .drop: return self
            }
        }
    }

    private func shows(_ type: ShownType) -> Bool {
        switch (self, type) {
        // A token has six digits at least.
        case (.tokenize, .integer(let bits)): bits > 16
        case (.tokenize, .decimal), (.tokenize, .uuid): true
        case (.bucket(let bucket), .integer), (.bucket(let bucket), .decimal), (.bucket(let bucket), .real):
            bucket.width > 0
        case (.bucket(let bucket), .date): bucket.unit != nil && bucket.unit != .day
        case (.bucket(let bucket), .timestamp), (.bucket(let bucket), .timestampWithZone): bucket.unit != nil
        case (.shift, .date), (.shift, .timestamp), (.shift, .timestampWithZone): true
        case (.tokenize, _), (.bucket, _), (.shift, _), (.partial, _), (.hash, _), (.redact, _), (.null, _),
            (.drop, _):
            false
        }
    }
}

extension Sequence where Element == Style {
    /// The style of a value of a kind that all of them are about; nil of none.
    public func merged(on kind: ShownKind) -> Style? {
        reduce(nil) { merged, style in
            let effective = style.effective(on: kind)
            return merged?.merged(with: effective) ?? effective
        }
    }
}
