import ArgumentParser
import Masking

/// What `sluice mask` reads.
enum MaskFormat: String, CaseIterable, ExpressibleByArgument {
    case text, json, ndjson, csv, form, terminal

    /// Whether its values have names.
    var hasColumns: Bool {
        switch self {
        case .text, .terminal: false
        case .json, .ndjson, .csv, .form: true
        }
    }

    func filter(_ plan: DocumentPlan, finds: Bool) -> any MaskingFilter {
        switch self {
        case .text: DocumentMasker(.text, plan: plan, finds: finds)
        case .json: DocumentMasker(.json, plan: plan, finds: finds)
        case .ndjson: DocumentMasker(.ndjson, plan: plan, finds: finds)
        case .csv: DocumentMasker(.csv, plan: plan, finds: finds)
        case .form: DocumentMasker(.form, plan: plan, finds: finds)
        case .terminal: StreamMasker(plan: plan, finds: finds)
        }
    }
}
