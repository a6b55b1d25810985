import Masking

extension MaskError.Code {
    /// A row does not have the columns that the batch describes.
    static let columnMismatch = MaskError.Code(name: "column_mismatch")
}
