/// Columns that a plan takes away. Ingress decides which they are, since it tells the client of a row's columns; the masker, which
/// is told by ``ResultColumn/dropped``, leaves out those and no others.
extension MaskPlan {
    /// Whether a mask takes columns away.
    public var drops: Bool { columns.contains { $0.style == .drop } || outputs.contains(where: \.drops) }

    /// What decides about the columns that are taken away: two plans with the same of it take away the same.
    public var droppingMasks: MaskPlan {
        var plan = MaskPlan()
        guard drops else { return plan }
        plan.columns = columns.filter { $0.style == .drop }.map { mask in
            var mask = mask
            mask.rule = ""
            return mask
        }
        plan.outputs = outputs.filter(\.drops).map { mask in
            var mask = mask
            mask.rule = ""
            return mask
        }
        return plan
    }

    /// The columns of a row, those that the client gets no more marked.
    public func markingDropped(_ columns: [ResultColumn]) -> [ResultColumn] {
        guard drops else { return columns }
        // One that is no pattern fails the masker, and with it the reply.
        let patterns = self.columns.filter { $0.style == .drop }.compactMap { ColumnPattern(text: $0.pattern) }
        let places = outputs.filter(\.drops)
        return columns.enumerated().map { index, column in
            let names = ResultNames(column)
            var column = column
            column.dropped =
                patterns.contains { $0.matches(names) }
                || places.contains { $0.index == index && !($0.unlessTable && column.isOfTable) }
            return column
        }
    }
}

extension OutputMask {
    /// What is computed from such a column is redacted.
    fileprivate var drops: Bool { style == .drop && !computed }
}

extension Sequence where Element == ResultColumn {
    /// Places, from 0, of the columns that the client does not get.
    public var droppedPlaces: [Int] { enumerated().filter(\.element.dropped).map(\.offset) }
}
