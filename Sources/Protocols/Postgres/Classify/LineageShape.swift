/// The columns of a table, a subquery, a join or a function, as far as they are known.
final class RowShape {
    struct Column {
        var name: String
        var value: Value
        /// False: it is one only of some of the relations that may be meant.
        var isCertain = true
    }

    /// Where further columns come from, whose names and number are not known.
    enum Source {
        /// A relation that the catalogue does not have, by its name.
        case relation(String)
        /// Another shape with such.
        case shape(RowShape)
        /// Any name gives this.
        case value(Value)
    }

    let columns: [Column]
    let sources: [Source]
    /// A table, which has PostgreSQL's system columns as well.
    let isTable: Bool
    /// Some column is not certain.
    let isVague: Bool
    private lazy var positions = makePositions()
    private var knownWhole: Value?

    /// Columns from which on a name is looked up in a table of names.
    private static let wide = 12

    init(columns: [Column], sources: [Source] = [], isTable: Bool = false) {
        self.columns = columns
        self.sources = sources
        self.isTable = isTable
        isVague = columns.contains { !$0.isCertain }
    }

    /// All columns are known, and how many they are.
    var isClosed: Bool { sources.isEmpty && !isVague }

    /// The column of a name, and whether it is certain to be one; nil when it is none.
    func column(_ name: String, _ tracer: LineageTracer) -> (value: Value, isCertain: Bool)? {
        tracer.spend(1)
        if columns.count < Self.wide {
            return found(columns.firstIndex { $0.name == name }, name, tracer)
        }
        return found(positions[name], name, tracer)
    }

    private func found(_ position: Int?, _ name: String, _ tracer: LineageTracer) -> (value: Value, isCertain: Bool)? {
        guard let position else { return further(name, nil, tracer) }
        let column = columns[position]
        return column.isCertain ? (column.value, true) : further(name, column.value, tracer)
    }

    private func further(_ name: String, _ known: Value?, _ tracer: LineageTracer) -> (value: Value, isCertain: Bool)? {
        if isTable, SystemColumns.all.contains(name) { return (known ?? Value(), sources.isEmpty) }
        var result = known
        for source in sources {
            tracer.spend(1)
            let next: Value?
            switch source {
            case .relation(let table): next = tracer.named(table, name)
            case .shape(let shape): next = shape.column(name, tracer)?.value
            case .value(let value): next = value
            }
            guard let next else { continue }
            if result == nil { result = next } else { result?.merge(next) }
        }
        return result.map { ($0, false) }
    }

    /// A name that stands for several columns is ambiguous, which is an error in PostgreSQL.
    private func makePositions() -> [String: Int] {
        var positions: [String: Int] = [:]
        positions.reserveCapacity(columns.count)
        for (index, column) in columns.enumerated() where positions[column.name] == nil {
            positions[column.name] = index
        }
        return positions
    }

    /// The row as one value.
    func whole(_ tracer: LineageTracer) -> Value {
        if let knownWhole { return knownWhole }
        var value = Value()
        var numbers: [Int32] = []
        for column in columns {
            numbers += column.value.columns.numbers
            value.isAnything = value.isAnything || column.value.isAnything
        }
        tracer.spend(numbers.count)
        value.columns = ColumnSet(unordered: numbers)
        for source in sources {
            switch source {
            case .relation(let table): value.columns.formUnion(tracer.star(table))
            case .shape(let shape): value.merge(shape.whole(tracer))
            case .value(let other): value.merge(other)
            }
        }
        knownWhole = value
        return value
    }

    /// The same columns, each carrying more: a row is a view's column too.
    func adding(_ numbers: ColumnSet) -> RowShape {
        var columns = self.columns
        for index in columns.indices { columns[index].value.columns.formUnion(numbers) }
        return RowShape(columns: columns, sources: sources, isTable: isTable)
    }

    /// Under the names of an alias's column list.
    func renamed(_ names: [String], _ tracer: LineageTracer) -> RowShape {
        guard !names.isEmpty else { return self }
        guard isClosed, names.count <= columns.count else {
            // Which columns the names stand for is not known.
            let all = whole(tracer)
            return RowShape(columns: names.map { Column(name: $0, value: all) }, sources: [.value(all)])
        }
        var columns = self.columns
        for (index, name) in names.enumerated() { columns[index].name = name }
        return RowShape(columns: columns, isTable: isTable)
    }
}

/// ddl.html#DDL-SYSTEM-COLUMNS: they hold no data of the table.
enum SystemColumns {
    static let all: Set<String> = ["tableoid", "xmin", "cmin", "xmax", "cmax", "ctid"]
}
