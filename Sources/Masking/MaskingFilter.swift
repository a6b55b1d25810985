/// Something that bytes are written to, cut anywhere, and that gives them back masked. Serves one thread.
public protocol MaskingFilter: AnyObject {
    func write(_ bytes: UnsafeRawBufferPointer)
    /// Nothing follows.
    func finish()
    /// What was masked since the last call, in the order in which it came.
    func takeOutput() -> [UInt8]
    func takeFindings() -> [DocumentFinding]
    /// How often what was masked: entities, `withheld`, then patterns of rules.
    var counts: [(name: String, count: UInt64)] { get }
    /// Patterns of column rules that no name matched so far.
    var unmatchedRules: [String] { get }
}
