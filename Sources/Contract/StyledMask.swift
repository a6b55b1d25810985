/// What a mask makes of a value: a style and what it is told.
public protocol StyledMask {
    var style: MaskStyle { get set }
    var parameters: StyleParameters { get set }
}

extension ColumnMask: StyledMask {
    /// Bytes of a pattern. PostgreSQL's names have at most 63: a longer one cannot mean a column. A masker refuses it, which withholds
    /// every reply, so that whoever writes plans has to hold to it.
    public static let maximumPatternBytes = 512
}
extension DetectorMask: StyledMask {}
extension OutputMask: StyledMask {}

/// Bounds of ``StyleParameters``. Whoever reads a plan holds to them as whoever writes one does.
extension StyleParameters {
    /// Characters that `partial` shows at either end.
    public static let maximumShown: UInt32 = 64
    /// A hundred years.
    public static let maximumDays: UInt32 = 36_500
    public static let defaultDays: UInt32 = 365
    public static let billion: UInt64 = 1_000_000_000
    /// A width of a billion.
    public static let maximumWidthBillionths = billion * billion
}
