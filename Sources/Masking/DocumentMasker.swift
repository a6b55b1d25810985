import Detection

/// Masks one document as it comes, in pieces cut anywhere: the result does not depend on the cuts, and memory is bounded.
///
/// Whatever of the document is no such document as the format says is masked as text, or withheld, and never passes unseen.
/// Serves one thread.
public final class DocumentMasker: MaskingFilter {
    /// U+FEFF at a document's begin is no part of it.
    private static let byteOrderMark: [UInt8] = [0xef, 0xbb, 0xbf]

    private enum Masker {
        case text(TextMasker)
        case json(JSONMasker)
        case events(EventMasker)
        case csv(CSVMasker)
        case form(FormMasker)
        case none
    }

    private let pass: DocumentPass
    private var masker: Masker
    /// What may be the beginning of a byte order mark; nil behind it.
    private var mark: [UInt8]? = []

    /// - Parameter finds: findings are gathered and nothing is masked, or put out; rules of columns do nothing.
    public init(_ format: DocumentFormat, plan: DocumentPlan, finds: Bool = false) {
        pass = DocumentPass(plan, finds: finds)
        masker =
            switch format {
            case .text: .text(TextMasker(pass))
            case .json: .json(JSONMasker(pass))
            case .ndjson: .events(EventMasker(pass))
            case .csv: .csv(CSVMasker(pass))
            case .form: .form(FormMasker(pass))
            }
    }

    /// The next bytes of the document.
    public func write(_ bytes: UnsafeRawBufferPointer) {
        guard var seen = mark else { return put(bytes) }
        var index = 0
        while index < bytes.count, seen.count < 3, bytes[index] == DocumentMasker.byteOrderMark[seen.count] {
            seen.append(bytes[index])
            index += 1
        }
        mark = seen
        if seen.count < 3, index == bytes.count { return }
        endMark()
        put(bytes.part(index..<bytes.count))
    }

    /// The document ends.
    public func finish() {
        endMark()
        switch masker {
        case .text(var text): text.finish()
        case .json(var json): json.finish()
        case .events(var events): events.finish()
        case .csv(var csv): csv.finish()
        case .form(var form): form.finish()
        case .none: break
        }
        masker = .none
    }

    /// What was masked since the last call, in the order of the document.
    public func takeOutput() -> [UInt8] { pass.takeOutput() }
    public func takeFindings() -> [DocumentFinding] { pass.takeFindings() }

    public var counts: [(name: String, count: UInt64)] { pass.counts }
    public var unmatchedRules: [String] { pass.names.unmatched }

    private func endMark() {
        guard let seen = mark else { return }
        mark = nil
        seen.withUnsafeBytes { if seen.count == 3 { pass.pass($0, 0..<3) } else { put($0) } }
    }

    private func put(_ bytes: UnsafeRawBufferPointer) {
        let current = masker
        // Held once while it changes, its buffers are not copied.
        masker = .none
        switch consume current {
        case .text(var text):
            text.write(bytes)
            masker = .text(text)
        case .json(var json):
            json.write(bytes)
            masker = .json(json)
        case .events(var events):
            events.write(bytes)
            masker = .events(events)
        case .csv(var csv):
            csv.write(bytes)
            masker = .csv(csv)
        case .form(var form):
            form.write(bytes)
            masker = .form(form)
        case .none: break
        }
    }
}
