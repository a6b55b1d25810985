import CPgQuery
import Contract

extension Analysis {
    mutating func copyTable(_ node: Message, scope: Scope) {
        let statement = node.unpacked(as: PgQuery__CopyStmt.self)
        let isFrom = statement.is_from != 0
        let hasFile = statement.filename.pointee != 0
        if statement.is_program != 0 {
            operations.insert("copy.program")
        } else if hasFile {
            operations.insert("copy.file")
        } else {
            operations.insert(isFrom ? "copy.in" : "copy.out")
        }

        var shape = CopyShape()
        shape.in = isFrom
        shape.out = !isFrom
        if let relation = statement.relation {
            let name = TableName.of(relation.pointee)
            shape.table = name
            if isFrom { tablesWritten.insert(name) } else { tablesRead.insert(name) }
        }
        operations.insert(isFrom ? "write" : "read")
        shape.columns = names(statement.n_attlist, statement.attlist)
        columns.formUnion(shape.columns)
        let options = messages(statement.n_options, statement.options)
        var nullGiven = false
        for option in options {
            read(option, into: &shape)
            if option.kind == .defElem {
                nullGiven = nullGiven || String(cString: option.unpacked(as: PgQuery__DefElem.self).defname) == "null"
            }
        }
        Self.fillDefaults(&shape)
        if shape.format == "text", !nullGiven { shape.nullString = "\\N" }
        if !hasFile, statement.is_program == 0 { copy = shape }

        walk(statement.query, scope: scope)
        walk(options, scope: scope)
        walk(statement.where_clause, scope: scope)
    }

    private mutating func read(_ option: Message, into shape: inout CopyShape) {
        guard option.kind == .defElem else { return }
        let element = option.unpacked(as: PgQuery__DefElem.self)
        let argument = Message(element.arg)
        let text = argument?.text
        switch String(cString: element.defname) {
        case "format": shape.format = text?.lowercased() ?? "?"
        case "delimiter": shape.delimiter = text ?? ""
        case "null": shape.nullString = text ?? ""
        case "quote": shape.quote = text ?? ""
        case "escape": shape.escape = text ?? ""
        case "header": shape.header = !Options.isFalse(argument)
        case "encoding":
            // Data in another encoding than the session's could hide the ends of its fields.
            if text?.lowercased() != "utf8" && text?.lowercased() != "utf-8" { opaque("COPY in another encoding") }
        default: break
        }
    }

    /// PostgreSQL manual, COPY: what an option is when it is not given.
    private static func fillDefaults(_ shape: inout CopyShape) {
        if shape.format.isEmpty { shape.format = "text" }
        switch shape.format {
        case "csv":
            if shape.delimiter.isEmpty { shape.delimiter = "," }
            if shape.quote.isEmpty { shape.quote = "\"" }
            if shape.escape.isEmpty { shape.escape = shape.quote }
        case "text":
            if shape.delimiter.isEmpty { shape.delimiter = "\t" }
        default: break
        }
    }
}
