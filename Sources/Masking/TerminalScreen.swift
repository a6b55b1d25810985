/// Rows of text as they stand on a screen: with what the cursor's movements bring together or part.
///
/// Each character takes one column. A row ends with any movement to another.
struct TerminalScreen {
    /// A row of more characters, overwritten ones included, is read in parts.
    private static let maximumCells = 4096
    private static let tabColumns = 8

    fileprivate struct Cell {
        var column: Int
        let place: Int
        let count: Int
        /// Its UTF-8.
        let character: UInt32

        var places: Range<Int> { place..<place + count }
    }

    /// A row from left to right.
    struct Row {
        private(set) var text: [UInt8] = []
        private let cells: [Cell]
        /// For each byte of the text the first cell of its column; nil for what nothing was written to.
        private var columns: [Int?] = []

        /// - Parameter cells: in the order of their columns, and those of one column as they were written.
        fileprivate init(_ cells: [Cell]) {
            self.cells = cells
            var index = 0
            while index < cells.count {
                if index > 0, cells[index - 1].column + 1 < cells[index].column {
                    text.append(0x20)
                    columns.append(nil)
                }
                let shown = cells[end(of: index) - 1]
                for byte in (0..<shown.count).reversed() {
                    text.append(UInt8(truncatingIfNeeded: shown.character >> UInt32(byte * 8)))
                    columns.append(index)
                }
                index = end(of: index)
            }
        }

        private func end(of column: Int) -> Int {
            var end = column + 1
            while end < cells.count, cells[end].column == cells[column].column { end += 1 }
            return end
        }

        /// Where the characters of a part of the text come from, and the same ones that were written over: bold by overstriking.
        func places(_ range: Range<Int>) -> [Range<Int>] {
            var places: [Range<Int>] = []
            var last: Int?
            for case let column? in columns[range] where column != last {
                last = column
                let written = cells[column..<end(of: column)]
                let shown = written[written.endIndex - 1].character
                places += written.filter { $0.character == shown }.map(\.places)
            }
            return places
        }
    }

    private(set) var rows: [Row] = []
    /// What was written over or erased.
    private(set) var hidden: [Range<Int>] = []
    private var cells: [Cell] = []
    private var column = 0

    init(_ text: TerminalText, _ bytes: UnsafeRawBufferPointer) {
        text.context.withUnsafeBytes { draw($0, 0..<$0.count, at: -$0.count) }
        for token in text.tokens {
            switch token.kind {
            case .text: draw(bytes, token.range, at: token.range.lowerBound)
            case .lineEnd: move(.row(nil))
            case .carriageReturn: move(.to(0))
            case .control: move(TerminalMotion(bytes.part(token.range)))
            case .string: break
            }
        }
        endRow()
    }

    private mutating func draw(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>, at place: Int) {
        var index = range.lowerBound
        while index < range.upperBound {
            if bytes[index] == 0x09 {
                move(.nextTab)
                index += 1
                continue
            }
            let length = TerminalReader.characterLength(bytes.part(0..<range.upperBound), at: index, isLast: true) ?? 1
            if cells.count >= TerminalScreen.maximumCells { endRow() }
            cells.append(
                Cell(
                    column: column, place: place + index - range.lowerBound, count: length,
                    character: bytes[index..<index + length].reduce(0) { $0 << 8 | UInt32($1) }))
            column += 1
            index += length
        }
    }

    private mutating func move(_ motion: TerminalMotion) {
        switch motion {
        case .none: break
        case .to(let column): self.column = column
        case .by(let count): column = max(0, column + count)
        case .nextTab: column = (column / TerminalScreen.tabColumns + 1) * TerminalScreen.tabColumns
        case .previousTab: column = max(0, (column - 1) / TerminalScreen.tabColumns * TerminalScreen.tabColumns)
        case .row(let column):
            endRow()
            if let column { self.column = column }
        case .delete(let count):
            erase(column..<column + count)
            shift(by: -count)
        case .insert(let count): shift(by: count)
        case .erase(let count): erase(column..<(count == .max ? .max : column + count))
        case .eraseBefore: erase(0..<column + 1)
        case .eraseRow: erase(0..<Int.max)
        }
    }

    private mutating func erase(_ columns: Range<Int>) {
        hidden += cells.filter { columns.contains($0.column) }.map(\.places)
        cells.removeAll { columns.contains($0.column) }
    }

    private mutating func shift(by count: Int) {
        for index in cells.indices where cells[index].column >= column { cells[index].column += count }
    }

    private mutating func endRow() {
        guard !cells.isEmpty else { return }
        // The later of two characters at one place is the one that shows.
        cells.sort { ($0.column, $0.place) < ($1.column, $1.place) }
        for (cell, next) in zip(cells, cells.dropFirst()) where cell.column == next.column {
            hidden.append(cell.places)
        }
        rows.append(Row(cells))
        cells.removeAll(keepingCapacity: true)
    }
}
