/// Masks a stream of bytes for a terminal: what a shell, or a program in one, shows.
///
/// Values are found across the pieces in which they come, and across control sequences, which stay. A line is held until its
/// end, at most ``maximumHeldBytes``; ``flush()`` puts out what is held, so that a prompt, which no line's end follows, shows.
/// But for where that is called the output does not depend on how the input is cut. Column rules do nothing: text has none.
public final class StreamMasker: MaskingFilter {
    /// More bytes than this are never held between calls.
    public static let maximumHeldBytes = TerminalMasker.maximumLineBytes
    /// What is written at once is taken in parts, so that no more than these and what is held are in memory.
    private static let partBytes = 64 << 10

    private let pass: DocumentPass
    private var masker: TerminalMasker

    /// - Parameter finds: findings are gathered and nothing is masked, or put out.
    public init(plan: DocumentPlan, finds: Bool = false) {
        pass = DocumentPass(plan, finds: finds)
        masker = TerminalMasker(pass)
    }

    public func write(_ bytes: UnsafeRawBufferPointer) {
        for start in stride(from: 0, to: bytes.count, by: StreamMasker.partBytes) {
            masker.write(bytes.part(start..<min(bytes.count, start + StreamMasker.partBytes)))
        }
    }

    /// Puts out all that is held: the caller says that its source has been quiet for one round trip.
    ///
    /// It is judged as it stands: of a value that goes on afterwards the part that is out was seen, the rest is masked. Only up to
    /// three bytes of a character that is not whole stay.
    public func flush() { masker.flush() }

    public func finish() { masker.finish() }
    public func takeOutput() -> [UInt8] { pass.takeOutput() }
    public func takeFindings() -> [DocumentFinding] { pass.takeFindings() }
    public var counts: [(name: String, count: UInt64)] { pass.counts }
    public var unmatchedRules: [String] { [] }
}
