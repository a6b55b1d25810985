import Detection
import Masking

extension ValueMasker {
    /// Edits JSON text so that it stays JSON.
    /// - Parameter isQuiet: a scan found no trigger in it.
    mutating func maskJSON(
        _ bytes: UnsafeRawBufferPointer, near: FieldContext, isQuiet: Bool, to out: inout [UInt8]
    ) -> Outcome {
        switch engine.maskJSON(bytes, near: near, names: plan.names, isQuiet: isQuiet, to: &out) {
        case .unchanged: return .keep
        case .null: return .null
        case .replaced: return .replaced
        case .invalid:
            engine.countWithheld()
            isUnreadable = true
            out.append(contentsOf: "\"[redacted]\"".utf8)
            return .replaced
        }
    }
}
