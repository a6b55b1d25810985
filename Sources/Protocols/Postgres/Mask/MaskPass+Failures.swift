import Contract
import Masking

extension MaskError.Code {
    /// A rule refuses the reply because something in it cannot be masked.
    static let refused = MaskError.Code(name: "refused")
}

// What cannot be masked is withheld; of a rule with `on_failure: refuse` the whole reply.
extension MaskPass {
    /// Before a row whose columns may not be known.
    mutating func checkColumns(_ shape: CompiledPlan.Shape) throws(MaskError) {
        guard shape.withholds, let rule = plan.refusesUnknownColumns else { return }
        throw refused(by: rule, "its columns are not known")
    }

    /// After a field was masked.
    mutating func checkValue(_ field: Int, _ shape: CompiledPlan.Shape) throws(MaskError) {
        guard values.isUnreadable else { return }
        values.isUnreadable = false
        let paths = shape.columns.indices.contains(field) ? shape.columns[field].paths : nil
        guard let rule = paths?.refusing ?? plan.refusesUnreadable else { return }
        let isNamed = batch.columnsKnown && batch.columns.indices.contains(field) && !batch.columns[field].name.isEmpty
        let column = isNamed ? "“\(batch.columns[field].name)”" : "\(field + 1)"
        throw refused(by: rule, "column \(column) holds a value that cannot be read")
    }

    private mutating func refused(by rule: String, _ reason: String) -> MaskError {
        let message = "reply withheld by rule “\(rule)”: \(reason)"
        var refusal = Refusal()
        refusal.rule = rule
        refusal.reason = message
        refusal.hint = "Leave the column out, or cast it to text."
        self.refusal = refusal
        return MaskError(code: .refused, message: message)
    }
}
