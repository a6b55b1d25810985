import Contract

extension MaskPlan {
    /// Of every mask.
    public func styles() throws(MaskError) -> [Style] {
        var styles: [Style] = []
        for mask in columns { styles.append(try Style(mask)) }
        for mask in outputs { styles.append(try Style(mask)) }
        for mask in detectors { styles.append(try Style(mask)) }
        return styles
    }

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
