import Contract
import Masking

extension ColumnPattern {
    /// Either the origin or, for a pattern of any table, the name that the client sees. Unknown parts of an origin match.
    func matches(_ result: ResultColumn) -> Bool {
        if isOfAnyTable, matches(column: lower(result.name)) { return true }
        guard result.hasOrigin_p else { return false }
        return (result.originColumn.isEmpty || matches(column: lower(result.originColumn)))
            && matches(enclosing: [lower(result.originTable), lower(result.originSchema)])
    }

    private func lower(_ name: String) -> [UInt8] { Array(name.lowercased().utf8) }
}
