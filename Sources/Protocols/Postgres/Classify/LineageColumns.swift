/// Columns by number; the numbers stand for names in ``ColumnNames``. Small and shared, so that the same set can be
/// carried by many outputs.
struct ColumnSet: Equatable {
    /// The only one, which needs no memory of its own; negative: none, or several.
    private var only: Int32 = -1
    /// Several, ascending.
    private var several: [Int32] = []

    init() {}
    init(_ number: Int32) { only = number }
    init(unordered: [Int32]) { self.init(ascending: Set(unordered).sorted()) }
    private init(ascending: [Int32]) {
        if ascending.count == 1 { only = ascending[0] } else { several = ascending }
    }

    var isEmpty: Bool { only < 0 && several.isEmpty }
    var count: Int { only < 0 ? several.count : 1 }
    /// Ascending.
    var numbers: [Int32] { only < 0 ? several : [only] }

    func insert(into set: inout Set<Int32>) {
        if only < 0 { set.formUnion(several) } else { set.insert(only) }
    }

    mutating func formUnion(_ other: ColumnSet) {
        if other.isEmpty || self == other { return }
        guard !isEmpty else {
            self = other
            return
        }
        let left = numbers
        let right = other.numbers
        var merged: [Int32] = []
        merged.reserveCapacity(left.count + right.count)
        var a = 0
        var b = 0
        while a < left.count, b < right.count {
            let next = min(left[a], right[b])
            if left[a] == next { a += 1 }
            if right[b] == next { b += 1 }
            merged.append(next)
        }
        merged += left[a...]
        merged += right[b...]
        self = ColumnSet(ascending: merged)
    }

    mutating func subtract(_ other: ColumnSet) {
        guard !other.isEmpty, !isEmpty else { return }
        let removed = Set(other.numbers)
        self = ColumnSet(ascending: numbers.filter { !removed.contains($0) })
    }

    func isSubset(of other: ColumnSet) -> Bool {
        var union = other
        union.formUnion(self)
        return union.count == other.count
    }
}

/// The names of the columns that a text reaches, each with a number.
struct ColumnNames {
    private struct Entry {
        /// The table's name as the facts give it; empty: not known.
        let table: String
        /// Empty: some column of the table, which one is not known.
        let column: String
        /// As the facts give it, once it was asked for.
        var text: String?
    }

    private var entries: [Entry] = []
    /// Numbers by table and column, of those that the text alone tells.
    private var byName: [String: [String: Int32]] = [:]

    /// Numbers for all columns of a table of the catalogue; the first one's.
    mutating func add(table: String, columns: [String]) -> Int32 {
        let first = Int32(entries.count)
        for column in columns { entries.append(Entry(table: table, column: column)) }
        return first
    }

    /// A column that the text alone tells. `column` nil: some column of the table.
    mutating func number(table: String, column: String?) -> Int32 {
        let column = column ?? ""
        if let known = byName[table]?[column] { return known }
        let number = Int32(entries.count)
        entries.append(Entry(table: table, column: column))
        byName[table, default: [:]][column] = number
        return number
    }

    func isStar(_ number: Int32) -> Bool { entries[Int(number)].column.isEmpty }

    /// The column's own name; empty when it is not known.
    func column(_ number: Int32) -> String { entries[Int(number)].column }

    mutating func text(_ number: Int32) -> String {
        if let text = entries[Int(number)].text { return text }
        let text = Self.text(entries[Int(number)])
        entries[Int(number)].text = text
        return text
    }

    private static func text(_ entry: Entry) -> String {
        let column = entry.column.isEmpty ? "*" : TableName.quoted(entry.column)
        return entry.table.isEmpty ? column : entry.table + "." + column
    }
}

/// What an expression or an output column carries.
struct Value {
    var columns = ColumnSet() { didSet { isTested = false } }
    /// Nothing is known of what it reads: a function that may read anything.
    var isAnything = false
    /// The value of one column, unchanged.
    var isDirect = false
    /// What a whole row is made of, so that one of its fields can be told.
    var row: RowShape?
    /// It is named as a row may be, or a column: which of them is not known.
    var mayBeRow = false
    /// All of its columns count as compared already.
    var isTested = false

    /// It carries nothing: a constant.
    var isEmpty: Bool { columns.isEmpty && !isAnything }

    static var anything: Value {
        var value = Value()
        value.isAnything = true
        return value
    }

    init() {}
    init(column: Int32) {
        columns = ColumnSet(column)
        isDirect = true
    }

    /// Takes in what `other` carries; the result is a value of its own.
    mutating func merge(_ other: Value) {
        let areTested = (isTested || columns.isEmpty) && (other.isTested || other.columns.isEmpty)
        columns.formUnion(other.columns)
        isTested = areTested
        isAnything = isAnything || other.isAnything
        isDirect = false
        row = nil
        mayBeRow = false
    }

    /// The same columns through an expression.
    var computed: Value {
        var value = self
        value.isDirect = false
        value.row = nil
        value.mayBeRow = false
        return value
    }
}
