import Contract

/// Turns recorded replies (masked backend messages) into aligned tables and lines, as psql shows them.
struct ReplyText {
    private struct Column {
        var name: String
        var type: UInt32
        var binary: Bool
        var isNumber: Bool
    }

    // Type OIDs of numbers, shown to the right.
    private static let numberTypes: Set<UInt32> = [20, 21, 23, 26, 700, 701, 1700]

    private let options: PostgresTimeline.Options
    private var messages = BackendMessages()
    private var columns: [Column] = []
    private var rows: [[String]] = []
    private var rowCount = 0
    private var copyLines = 0

    init(_ options: PostgresTimeline.Options) {
        self.options = options
    }

    /// A further command: its rows are described anew or not at all.
    mutating func begin() -> [String] {
        defer { columns = [] }
        return finishTable()
    }

    /// Lines for one recorded piece; rows are held back until their table ends.
    mutating func add(_ data: [UInt8], columns described: [ResultColumn]) -> [String] {
        if !described.isEmpty {
            columns = described.map { column in
                Column(
                    name: TerminalText.escape(column.name), type: column.type, binary: column.format == 1,
                    isNumber: Self.numberTypes.contains(column.type))
            }
        }
        var lines: [String] = []
        let (found, unreadable) = messages.read(data)
        for message in found { lines += add(message) }
        if unreadable > 0 { lines.append("(\(unreadable) bytes that cannot be shown)") }
        return lines
    }

    private mutating func add(_ message: BackendMessages.Message) -> [String] {
        var body = BodyReader(message.body)
        switch message.type {
        case UInt8(ascii: "T"):
            let lines = finishTable()
            columns = Self.description(&body)
            return lines
        case UInt8(ascii: "D"):
            rowCount += 1
            if rows.count < options.maxRows { rows.append(row(&body)) }
            return []
        case UInt8(ascii: "d"):
            copyLines += 1
            guard copyLines <= options.maxRows else { return [] }
            var line = message.body
            if line.last == UInt8(ascii: "\n") { line = line.dropLast() }
            return [clipped(TerminalText.escape(line))]
        case UInt8(ascii: "C"):
            return finishTable() + [TerminalText.escape(body.string() ?? [])]
        case UInt8(ascii: "s"):
            return finishTable() + ["(suspended)"]
        case UInt8(ascii: "E"):
            return finishTable() + Self.report("ERROR", &body)
        case UInt8(ascii: "N"):
            return Self.report("NOTICE", &body)
        case UInt8(ascii: "A"):
            _ = body.number(4)
            let channel = TerminalText.escape(body.string() ?? [])
            return ["notification on \(channel): \(TerminalText.escape(body.string() ?? []))"]
        case UInt8(ascii: "c"):
            return finishTable()
        default:
            // Messages without content for a reader: completions, parameter and transaction status.
            return []
        }
    }

    private static func description(_ body: inout BodyReader) -> [Column] {
        var columns: [Column] = []
        for _ in 0..<max(0, body.number(2) ?? 0) {
            guard let name = body.string(), body.bytes(6) != nil, let type = body.number(4), body.bytes(6) != nil,
                let format = body.number(2)
            else { break }
            let oid = UInt32(truncatingIfNeeded: type)
            columns.append(
                Column(
                    name: TerminalText.escape(name), type: oid, binary: format == 1,
                    isNumber: numberTypes.contains(oid)))
        }
        return columns
    }

    private func row(_ body: inout BodyReader) -> [String] {
        var values: [String] = []
        for index in 0..<max(0, body.number(2) ?? 0) {
            guard let length = body.number(4) else { break }
            if length < 0 {
                values.append("∅")
                continue
            }
            guard let value = body.bytes(length) else { break }
            let column = index < columns.count ? columns[index] : nil
            let shown = value.prefix(options.maxValueBytes)
            let text = ValueText.text(
                value.count > shown.count && column?.binary != true ? shown : value, type: column?.type ?? 0,
                binary: column?.binary ?? false)
            values.append(clipped(text, more: value.count > shown.count))
        }
        return values
    }

    private func clipped(_ text: String, more: Bool = false) -> String {
        let scalars = text.unicodeScalars
        guard more || scalars.count > options.maxValueBytes else { return text }
        return String(scalars.prefix(options.maxValueBytes)) + "…"
    }

    /// The table that is held back, aligned. Also called when a command ends without a closing message.
    mutating func finishTable() -> [String] {
        defer {
            rows = []
            rowCount = 0
            copyLines = 0
        }
        var lines: [String] = []
        if copyLines > options.maxRows { lines.append("(\(copyLines - options.maxRows) more lines)") }
        guard rowCount > 0 else { return lines }
        let count = max(columns.count, rows.map(\.count).max() ?? 0)
        let names = (0..<count).map { $0 < columns.count ? columns[$0].name : "column \($0 + 1)" }
        var widths = names.map(\.unicodeScalars.count)
        for row in rows {
            for (index, value) in row.enumerated() { widths[index] = max(widths[index], value.unicodeScalars.count) }
        }
        lines.append(joined(names, widths, alignNumbers: false))
        lines.append(widths.map { String(repeating: "-", count: $0 + 2) }.joined(separator: "+"))
        for row in rows { lines.append(joined(row, widths, alignNumbers: true)) }
        if rowCount > rows.count { lines.append("(\(rowCount - rows.count) more rows)") }
        return lines
    }

    private func joined(_ values: [String], _ widths: [Int], alignNumbers: Bool) -> String {
        let cells = values.enumerated().map { index, value in
            let space = String(repeating: " ", count: max(0, widths[index] - value.unicodeScalars.count))
            let right = alignNumbers && index < columns.count && columns[index].isNumber
            return " " + (right ? space + value : value + space)
        }
        var line = cells.joined(separator: " |")
        while line.last == " " { line.removeLast() }
        return line
    }

    /// ErrorResponse and NoticeResponse: fields of a type byte and a string.
    private static func report(_ kind: String, _ body: inout BodyReader) -> [String] {
        var fields: [UInt8: String] = [:]
        while let type = body.number(1), type != 0, let value = body.string() {
            fields[UInt8(truncatingIfNeeded: type)] = TerminalText.escape(value)
        }
        let severity = fields[UInt8(ascii: "S")] ?? kind
        let state = fields[UInt8(ascii: "C")].map { " [\($0)]" } ?? ""
        var lines = ["\(severity)\(state): \(fields[UInt8(ascii: "M")] ?? "")"]
        if let detail = fields[UInt8(ascii: "D")] { lines.append("DETAIL: \(detail)") }
        if let hint = fields[UInt8(ascii: "H")] { lines.append("HINT: \(hint)") }
        return lines
    }
}
