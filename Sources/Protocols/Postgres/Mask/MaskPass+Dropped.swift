import Masking

// Fields of columns that the client does not get, in text and CSV of COPY. A delimiter goes with each.
extension MaskPass {
    /// Leaves out one field of a row.
    mutating func dropField(_ number: Int, _ raw: Range<Int>) {
        let isLeading = number < plan.copy.firstKept
        // Where all before it go, so does the delimiter behind it, which is none of a line's end.
        let hasNext = number + 1 < plan.copy.columns.count
        let start = isLeading ? raw.lowerBound : raw.lowerBound - 1
        output.replace(start..<(isLeading && hasNext ? raw.upperBound + 1 : raw.upperBound), with: [])
    }

    /// Leaves out their names.
    mutating func dropFields(_ format: CopyFormat, ofHeader row: Range<Int>) throws(MaskError) {
        let fields = fields(format, row)
        try expect(fields.count)
        for (number, raw) in fields.enumerated() where plan.copy.columns[number].isDropped { dropField(number, raw) }
    }

    /// PostgreSQL quotes the value `\.` of a CSV's only column, since it would end the data. Where one column is left of
    /// several it is left to do here. False: it is another row.
    mutating func replaceEndMark(_ format: CopyFormat, _ row: Range<Int>) -> Bool {
        let mark: [UInt8] = [0x5c, 0x2e]
        let kept = plan.copy.firstKept
        let fields = fields(format, row)
        guard format.kind == .csv, fields.count == plan.copy.columns.count, plan.copy.columns[kept].rule == nil,
            output.source.equals(fields[kept], mark)
        else { return false }
        for (number, column) in plan.copy.columns.enumerated() {
            if number != kept, let rule = column.rule { values.engine.count(rule: rule.counter) }
        }
        format.encode(mark, to: &encoded)
        output.replace(row.lowerBound..<end(ofRow: row), with: encoded)
        return true
    }

    private func fields(_ format: CopyFormat, _ row: Range<Int>) -> [Range<Int>] {
        let limit = end(ofRow: row)
        var fields: [Range<Int>] = []
        var index = row.lowerBound
        while true {
            let end = format.field(output.source, from: index, upTo: limit).end
            fields.append(index..<end)
            guard end < limit else { return fields }
            index = end + 1
        }
    }
}

extension CompiledPlan.Shape {
    /// One column is left of several.
    var leavesOne: Bool { dropped > 0 && columns.count - dropped == 1 }
}
