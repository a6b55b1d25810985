import Contract
import Detection

/// Which entities are masked, and how each of them.
public struct DetectorStyles: Sendable {
    public let entities: [Entity]
    private let styles: [Style?]

    /// Of several styles for one entity the strictest counts.
    /// - Throws: ``MaskError`` for a name that no detector finds.
    public init(_ masks: [DetectorMask]) throws(MaskError) {
        var styles = [Style?](repeating: nil, count: Entity.all.count)
        for mask in masks {
            let style = try Style(mask)
            for name in mask.entities {
                let named = Entity.named(name)
                guard !named.isEmpty else {
                    throw MaskError(code: .badPlan, message: "no detector finds '\(name)'")
                }
                for entity in named {
                    styles[entity.index] = max(styles[entity.index] ?? style, style)
                }
            }
        }
        self.styles = styles
        entities = Entity.all.filter { styles[$0.index] != nil }
    }

    /// Redact for an entity that no mask names.
    public subscript(entity: Entity) -> Style {
        styles.indices.contains(entity.index) ? styles[entity.index] ?? .redact : .redact
    }
}
