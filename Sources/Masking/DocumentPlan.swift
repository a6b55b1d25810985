import Contract
import Detection

/// A mask plan made ready for documents. Serves one thread.
public final class DocumentPlan {
    let detection: DetectionEngine?
    let styles: DetectorStyles
    let substitutes: Substitutes
    let rules: [ColumnRule]

    /// - Parameters:
    ///   - hashKey: key of the style `hash`.
    ///   - definitions: what the plan may name besides Sluice's own detectors.
    /// - Throws: ``MaskError`` for a pattern or an entity that is none, and for the style `hash` without a key.
    public init(_ plan: MaskPlan, hashKey: [UInt8]?, definitions: any DetectorDefinitions = CustomDetection.none)
        throws(MaskError)
    {
        let custom = try definitions.definitions(of: plan.detectors)
        styles = try DetectorStyles(plan.detectors, custom: custom)
        var rules: [ColumnRule] = []
        for column in plan.columns {
            rules.append(try ColumnRule(pattern: column.pattern, style: Style(column.style)))
        }
        self.rules = rules
        do throws(DetectionError) {
            detection = try DetectionEngine.finding(styles.entities, custom)
        } catch {
            throw MaskError(code: .detection, message: error.message)
        }
        guard hashKey != nil || !DocumentPlan.hashes(plan) else {
            throw MaskError(code: .badPlan, message: "the style hash needs a key")
        }
        var hash: KeyedHash?
        if let hashKey { hash = try KeyedHash(key: hashKey) }
        substitutes = Substitutes(engine: detection, hash: hash)
    }

    /// Whether a mask of the plan has the style `hash`.
    public static func hashes(_ plan: MaskPlan) -> Bool {
        plan.columns.contains { Style($0.style) == .hash } || plan.detectors.contains { Style($0.style) == .hash }
    }
}

/// How a document is written.
public enum DocumentFormat: String, CaseIterable, Sendable {
    /// Lines of any text.
    case text
    /// JSON texts, one after another.
    case json
    /// A JSON text on each line, or server-sent events with JSON in their data.
    case ndjson
    /// RFC 4180, with a header.
    case csv
    /// `application/x-www-form-urlencoded`.
    case form
}

/// Where something was found in a document.
public struct DocumentFinding: Hashable, Sendable {
    /// From 1: where the finding begins.
    public let line: Int
    /// Bytes from the line's begin.
    public let start: Int
    /// Likewise, from the begin of the same line, when the finding goes on behind its end.
    public let end: Int
    public let entity: String
    public let confidence: Confidence
}
