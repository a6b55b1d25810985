import Contract
import Detection

/// Which entities are masked, and how each of them.
public struct DetectorStyles: Sendable {
    /// Of Sluice's own detectors.
    public let entities: [Entity]
    private let masks: [[Style]]
    private let styles: [Style?]

    /// Several styles for one entity are merged.
    /// - Parameter custom: detectors of the installation's own that the engine will have.
    /// - Throws: ``MaskError`` for a name that no detector finds.
    public init(_ masks: [DetectorMask], custom: CustomDetection = .none) throws(MaskError) {
        var told = [[Style]](repeating: [], count: Entity.all.count + custom.names.count)
        for mask in masks {
            // A finding has no column that could go.
            let style = min(.null, try Style(mask))
            for name in mask.entities {
                let named = custom.entity(named: name).map { [$0] } ?? Entity.named(name)
                guard !named.isEmpty else {
                    throw MaskError(code: .badPlan, message: "no detector finds '\(name)'")
                }
                for entity in named {
                    told[entity.index].append(style)
                }
            }
        }
        self.masks = told
        styles = told.map { $0.merged(on: .text) }
        entities = Entity.all.filter { !told[$0.index].isEmpty }
    }

    /// What stands for a whole value of a kind in which these were found; nil when nothing was.
    public func style(of findings: [Finding], on kind: ShownKind) -> Style? {
        findings.flatMap { finding in
            let more = finding.others.holdsMore ? masks.flatMap(\.self) : []
            return masks(of: finding.entity) + finding.others.entities.flatMap(masks(of:)) + more
        }.merged(on: kind)
    }

    /// What stands for a finding in text.
    public func style(of finding: Finding) -> Style {
        let style =
            finding.others.isEmpty ? self[finding.entity] : style(of: [finding], on: .text) ?? .redact
        return finding.isPart ? style.ofPart : style
    }

    private func masks(of entity: Entity) -> [Style] {
        if entity == .unsearched { return [.null] }
        let masks = masks.indices.contains(entity.index) ? masks[entity.index] : []
        return masks.isEmpty ? [.redact] : masks
    }

    /// Redact for an entity that no mask names.
    public subscript(entity: Entity) -> Style {
        if entity == .unsearched { return .null }
        return styles.indices.contains(entity.index) ? styles[entity.index] ?? .redact : .redact
    }
}
