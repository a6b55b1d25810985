import Contract
import Detection

/// A mask plan made ready for documents. Serves one thread.
public final class DocumentPlan {
    let detection: DetectionEngine?
    let styles: DetectorStyles
    let substitutes: Substitutes
    let rules: [ColumnRule]

    /// - Parameters:
    ///   - hashKey: key of the styles `hash`, `tokenize` and `shift`.
    ///   - definitions: what the plan may name besides Sluice's own detectors.
    /// - Throws: ``MaskError`` for a pattern or an entity that is none, and for those styles without a key.
    public init(_ plan: MaskPlan, hashKey: [UInt8]?, definitions: any DetectorDefinitions = CustomDetection.none)
        throws(MaskError)
    {
        let custom = try definitions.definitions(of: plan.detectors)
        styles = try DetectorStyles(plan.detectors, custom: custom)
        var rules: [ColumnRule] = []
        for column in plan.columns {
            rules += try ColumnRule.rules(column)
        }
        self.rules = rules
        do throws(DetectionError) {
            detection = try DetectionEngine.finding(styles.entities, custom)
        } catch {
            throw MaskError(code: .detection, message: error.message)
        }
        let needsKey = try DocumentPlan.needsKey(plan)
        guard hashKey != nil || !needsKey else {
            throw MaskError(code: .badPlan, message: "the styles hash, tokenize and shift need a key")
        }
        var keys: MaskingKeys?
        if let hashKey {
            keys = MaskingKeys(key: hashKey)
            try keys?.prepare(plan.styles())
        }
        substitutes = Substitutes(engine: detection, keys: keys)
    }

    /// Whether a mask of the plan has a style that works with a key.
    public static func needsKey(_ plan: MaskPlan) throws(MaskError) -> Bool {
        try plan.styles().contains { $0.isKeyed }
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
