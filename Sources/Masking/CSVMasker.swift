import Contract
import Detection

/// Masks CSV (RFC 4180). The first row names the columns; fields keep their quotes.
struct CSVMasker: BufferedMasker {
    private enum Mode {
        case fields
        case long(LongValue, isQuoted: Bool, searched: Int)
    }

    /// Columns whose names are remembered; fields behind them may belong to any.
    static let maximumColumns = 16_384

    private let pass: DocumentPass
    private var mode = Mode.fields
    var buffer = PendingBytes()
    private var reader = CSVReader()
    /// Nil where the name cannot be read.
    private var columns: [NameTable.Known?] = []
    private var isHeader = true
    /// Of the field at hand.
    private var column = 0
    /// A field before it in the row is kept. Where a rule drops columns, a comma goes with the field that stands behind it.
    private var hasKept = false
    /// The front of the field at hand is out.
    private var isRest = false
    private static let comma: [UInt8] = [0x2c]

    init(_ pass: DocumentPass) { self.pass = pass }

    mutating func advance(isLast: Bool) {
        var goesOn = true
        while goesOn {
            switch mode {
            case .fields: goesOn = advanceFields(isLast: isLast)
            case .long(let value, let isQuoted, let searched):
                goesOn = advanceLong(value, isQuoted: isQuoted, from: searched, isLast: isLast)
            }
        }
        // The field behind the last comma is empty, so that nothing has put that comma before it.
        if isLast, pass.drops, column > 0, hasKept, !isRest, !isDropped { pass.insert(CSVMasker.comma) }
    }

    /// Passes all fields that are whole.
    private mutating func advanceFields(isLast: Bool) -> Bool {
        let pending = buffer
        var list = EditList()
        var start = 0
        var long: Bool?
        pending.withUnsafeBytes { bytes in
            var candidates = pass.candidates(in: bytes)
            reading: while true {
                switch reader.next(bytes, from: start, isLast: isLast) {
                case .field(let field):
                    edit(field, bytes, &candidates, &list)
                    start = field.next
                case .rowEnd(let next): start = next
                case .more: break reading
                case .long(let isQuoted):
                    long = isQuoted
                    if !isDropped { separate(at: start, &list) }
                    isRest = true
                    break reading
                }
            }
            pass.pass(bytes, 0..<start, list)
        }
        buffer.drop(start)
        guard let isQuoted = long else { return false }
        reader.skipField()
        if isQuoted { passQuote() }
        let known = known
        let encoding = isQuoted ? ValueEncoding.quoted : .plain
        let value =
            isDropped
            ? LongValue.leftOut(encoding)
            : LongValue(encoding, near: known.meaning.context, rule: pass.names.rule(ofLong: known))
        mode = .long(value, isQuoted: isQuoted, searched: 0)
        return true
    }

    private mutating func passQuote() {
        buffer.withUnsafeBytes { if isDropped { pass.withhold($0, 0..<1, []) } else { pass.pass($0, 0..<1) } }
        buffer.drop(1)
    }

    /// Whether the column at hand is left out. One without a name that could be read stays, as its name is out already.
    private var isDropped: Bool { columns.indices.contains(column) && pass.isDropped(columns[column]) }

    /// Puts the comma before a field that is kept.
    private mutating func separate(at place: Int, _ list: inout EditList) {
        if pass.drops, hasKept, !isRest { list.replace(place..<place, with: CSVMasker.comma) }
        hasKept = true
    }

    /// What is known of the column at hand. A field behind the header's may belong to any, and so may one whose column's name
    /// cannot be read.
    private var known: NameTable.Known {
        if isHeader { return .nothing }
        return (columns.indices.contains(column) ? columns[column] : nil) ?? pass.names.unknown
    }

    private mutating func edit(
        _ field: CSVReader.Field, _ bytes: UnsafeRawBufferPointer, _ candidates: inout CandidateCursor?,
        _ list: inout EditList
    ) {
        let isEnclosed = field.isQuoted && !field.isMalformed
        let content = isEnclosed ? field.range.lowerBound + 1..<field.range.upperBound - 1 : field.range
        let hasQuotes = isEnclosed && bytes[content].contains(0x22)
        let whole = DocumentField(range: field.range, content: content, encoding: isEnclosed ? .quoted : .plain)
        let known = known
        let found = candidates?.next(in: content)
        if isHeader { name(field, whole, bytes) }
        if isDropped {
            if !isHeader, let rule = known.rule { pass.engine.count(rule: pass.rules[rule].counter) }
            list.replace(field.range, with: [])
            return end(field, &list)
        }
        separate(at: field.range.lowerBound, &list)
        if field.isMalformed, !pass.rules.isEmpty {
            pass.withhold(whole, to: &list)
        } else if known.rule != nil || known.standing.column != nil || hasQuotes || found?.isEmpty == false
            || !known.meaning.context.isEmpty
            || candidates == nil || pass.engine.detection?.looksAtEveryValue == true
        {
            pass.edit(whole, in: bytes, known, to: &list)
        }
        end(field, &list)
    }

    private mutating func end(_ field: CSVReader.Field, _ list: inout EditList) {
        if pass.drops, !field.endsRow { list.replace(field.range.upperBound..<field.next, with: []) }
        isRest = false
        column += 1
        if field.endsRow {
            isHeader = columns.isEmpty
            hasKept = false
            column = 0
        }
    }

    private mutating func name(_ field: CSVReader.Field, _ whole: DocumentField, _ bytes: UnsafeRawBufferPointer) {
        let text = bytes.part(whole.content)
        // What stands before the header is skipped by readers of CSV.
        let isBlankLine = column == 0 && field.endsRow && !field.isQuoted && !isRest
        if isBlankLine, ValuePath.folded(Array(text)).isEmpty { return }
        guard columns.count < CSVMasker.maximumColumns else { return }
        let isUnreadable = field.isMalformed || isRest
        columns.append(isUnreadable ? nil : whole.encoding.decode(text).map { pass.names.known($0.bytes) })
    }

    /// Looks for the end of a long field.
    private mutating func advanceLong(_ value: LongValue, isQuoted: Bool, from start: Int, isLast: Bool) -> Bool {
        var value = value
        let limit = min(buffer.count, LongValue.pieceBytes)
        var at = start
        var isEnd = false
        while at < limit, !isEnd {
            let byte = buffer[at]
            if isQuoted, byte == 0x22 {
                // Whether it is a quote of the value only the next byte tells.
                guard at + 1 < limit || isLast && limit == buffer.count else { break }
                isEnd = at + 1 == limit || buffer[at + 1] != 0x22
                if !isEnd { at += 2 }
            } else if !isQuoted, byte == 0x2c || byte == 0x0a || byte == 0x0d {
                isEnd = true
            } else {
                at += 1
            }
        }
        guard isEnd || isLast || buffer.count >= LongValue.pieceBytes else {
            mode = .long(value, isQuoted: isQuoted, searched: at)
            return false
        }
        let endsHere = isEnd || isLast && limit == buffer.count
        let dropped = buffer.withUnsafeBytes { value.take($0.part(0..<at), isLast: endsHere, pass) }
        buffer.drop(dropped)
        mode = endsHere ? .fields : .long(value, isQuoted: isQuoted, searched: at - dropped)
        if isEnd, isQuoted { passQuote() }
        return true
    }
}
