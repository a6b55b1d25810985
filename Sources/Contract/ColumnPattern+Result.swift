/// Names of a result column in lower case.
public struct ResultNames {
    fileprivate let name: [UInt8]
    /// Nil for a column without one.
    fileprivate let origin: (column: [UInt8], enclosing: [[UInt8]])?

    public init(_ result: ResultColumn) {
        func lower(_ name: String) -> [UInt8] { Array(name.lowercased().utf8) }
        name = lower(result.name)
        origin =
            result.hasOrigin_p
            ? (lower(result.originColumn), [lower(result.originTable), lower(result.originSchema)]) : nil
    }
}

extension ColumnPattern {
    /// What the value comes from, as far as it is known; unknown parts match.
    public func matches(originOf names: ResultNames) -> Bool {
        guard let origin = names.origin else { return false }
        return (origin.column.isEmpty || matches(column: origin.column)) && matches(enclosing: origin.enclosing)
    }

    /// Either the origin or, for a pattern of any table, the name that the client sees. Unknown parts of an origin match.
    public func matches(_ names: ResultNames) -> Bool {
        isOfAnyTable && matches(column: names.name) || matches(originOf: names)
    }
}

extension ResultColumn {
    /// The value is that of the table column which the patterns are compared with.
    public var isOfTable: Bool { hasOrigin_p && originIsTable }
}
