import Contract

extension MaskPlan {
    /// A plan of column rules, and of entities that share a style.
    /// - Parameter columns: patterns, each with its style.
    public init(columns: [(String, MaskStyle)] = [], detect entities: [String], style: MaskStyle = .redact) {
        self.init()
        self.columns = columns.map { pattern, style in
            var column = ColumnMask()
            column.pattern = pattern
            column.style = style
            return column
        }
        guard !entities.isEmpty else { return }
        var detector = DetectorMask()
        detector.entities = entities
        detector.style = style
        detectors = [detector]
    }
}
