import Contract

extension ColumnPattern {
    /// - Throws: ``MaskError`` for what is no pattern: a plan that has one is none.
    public init(_ pattern: String) throws(MaskError) {
        guard let read = ColumnPattern(text: pattern) else {
            throw MaskError(code: .badPlan, message: "a column rule's pattern is not [schema.]table.column")
        }
        self = read
    }
}
