import CPgQuery

/// Functions of PostgreSQL in FROM whose rows are known.
enum RowFunctions {
    /// They give one column.
    static let scalar: Set<String> = [
        "generate_series", "generate_subscripts", "json_array_elements", "json_array_elements_text",
        "jsonb_array_elements", "jsonb_array_elements_text", "json_object_keys", "jsonb_object_keys",
        "jsonb_path_query", "jsonb_path_query_tz", "regexp_matches", "regexp_split_to_table", "string_to_table",
        "pg_partition_ancestors", "pg_listening_channels", "pg_tablespace_databases", "now", "version",
        "current_setting", "current_database", "current_schemas", "lower", "upper", "md5", "array_to_string",
        "string_to_array",
    ]
    /// An array whose elements are surely no rows.
    static func isPlainArray(_ argument: Message) -> Bool {
        switch argument.shape.name {
        case "AArrayExpr", "A_ArrayExpr": return argument.children.allSatisfy { $0.lineage == .aConst }
        case "TypeCast":
            guard let type = argument.pointer(to: PgQuery__TypeCast.self).pointee.type_name else { return false }
            let name = names(type.pointee.n_names, type.pointee.names)
            return name.count == 2 && name[0] == CatalogIndex.system || [["text"], ["uuid"], ["date"]].contains(name)
        case "FuncCall":
            let call = argument.pointer(to: PgQuery__FuncCall.self)
            return arrays.contains(names(call.pointee.n_funcname, call.pointee.funcname))
        default: return false
        }
    }

    private static let arrays: Set<[String]> = [["string_to_array"], ["regexp_split_to_array"], ["regexp_match"]]

    static let columns: [String: [String]] = [
        "json_each": ["key", "value"], "json_each_text": ["key", "value"], "jsonb_each": ["key", "value"],
        "jsonb_each_text": ["key", "value"], "aclexplode": ["grantor", "grantee", "privilege_type", "is_grantable"],
        "pg_options_to_table": ["option_name", "option_value"],
        "pg_partition_tree": ["relid", "parentrelid", "isleaf", "level"],
    ]
}

extension LineageTracer {
    /// Functions in FROM, each given a list of itself and its column definitions.
    func function(_ node: Message, _ scope: LineageScope) -> LineageScope.Item {
        let item = node.pointer(to: PgQuery__RangeFunction.self)
        let calls = messages(item.pointee.n_functions, item.pointee.functions)
        let alias = item.pointee.alias
        let definitions = messages(item.pointee.n_coldeflist, item.pointee.coldeflist)
        var columns: [RowShape.Column] = []
        var sources: [RowShape.Source] = []
        var name = "?column?"
        for (place, call) in calls.enumerated() {
            let parts = call.lineage == .list ? call.children : [call]
            guard let function = parts.first else { continue }
            let value = value(function, scope).computed
            compare(value)
            if place == 0 { name = OutputName.of(function) }
            let own = parts.count > 1 && parts[1].lineage == .list ? parts[1].children : []
            let one = calls.count == 1 ? alias.map { String(cString: $0.pointee.aliasname) } : nil
            if let names = Self.columns(of: function, own.isEmpty ? definitions : own, alias: one) {
                columns += names.map { RowShape.Column(name: $0, value: value) }
            } else {
                sources.append(.value(value))
            }
        }
        if item.pointee.ordinality != 0 { columns.append(RowShape.Column(name: "ordinality", value: Value())) }
        let shape = RowShape(columns: columns, sources: sources)
        return LineageScope.Item(
            name: alias.map { String(cString: $0.pointee.aliasname) } ?? name, shape: renamed(shape, alias))
    }

    /// The names of a function's columns; nil: not known.
    private static func columns(of function: Message, _ definitions: [Message], alias: String?) -> [String]? {
        if !definitions.isEmpty {
            return definitions.map { definition in
                guard definition.shape.name == "ColumnDef" else { return "?column?" }
                return String(cString: definition.pointer(to: PgQuery__ColumnDef.self).pointee.colname)
            }
        }
        if function.shape.name == "SQLValueFunction" { return [alias ?? OutputName.of(function)] }
        guard function.lineage == .funcCall else { return nil }
        let call = function.pointer(to: PgQuery__FuncCall.self)
        let name = PostgresClassify.names(call.pointee.n_funcname, call.pointee.funcname)
        guard let last = name.last, name.count == 1 || name.count == 2 && name[0] == CatalogIndex.system else {
            return nil
        }
        if let columns = RowFunctions.columns[last] { return columns }
        if last == "unnest" {
            // An array of rows gives a column for each field.
            let arguments = messages(call.pointee.n_args, call.pointee.args)
            guard arguments.allSatisfy(RowFunctions.isPlainArray) else { return nil }
            return arguments.count == 1 ? [alias ?? last] : arguments.map { _ in last }
        }
        return RowFunctions.scalar.contains(last) ? [alias ?? last] : nil
    }

    /// A call: what its arguments, its order, filter and window carry.
    func call(_ node: Message, _ scope: LineageScope) -> Value {
        let call = node.pointer(to: PgQuery__FuncCall.self)
        let name = PostgresClassify.names(call.pointee.n_funcname, call.pointee.funcname)
        var arguments = Value()
        var isPlain = true
        for argument in NodeList(call.pointee.n_args, call.pointee.args) {
            let value = value(argument, scope)
            isPlain = isPlain && (value.isDirect || value.row != nil)
            join(&arguments, value)
        }
        var around = Value()
        for sort in NodeList(call.pointee.n_agg_order, call.pointee.agg_order) {
            join(&around, value(sort, scope))
        }
        if let filter = Message(call.pointee.agg_filter) { join(&around, value(filter, scope)) }
        compare(around)
        if let over = Message(call.pointee.over) { join(&around, window(over, scope)) }
        // How many rows or values of a column there are tells nothing of what they are; how many results of an
        // expression are not NULL does.
        if name == ["count"] || name == [CatalogIndex.system, "count"] {
            if call.pointee.agg_distinct != 0 || !isPlain { compare(arguments) }
            if !isPlain { join(&around, arguments) }
            return around.computed
        }
        let isSpread = call.pointee.func_variadic != 0
        var value = self.call(of: arguments, count: isSpread ? .max : Int(call.pointee.n_args), name: name)
        join(&value, around)
        return value.computed
    }

    /// The result of a function of this name for these arguments.
    /// - Parameter count: how many they are; the largest: not known.
    func call(of arguments: Value, count: Int, name: [String]) -> Value {
        var value = arguments.computed
        switch FunctionEffect(name: name) {
        case .call:
            readAll(value)
            test(&value)
            value.isAnything = true
        case .write, .lock, .notify, .setting: keep(&value, by: name)
        case .safe where FunctionCatalog.keeping.contains(name.last ?? ""): keep(&value, by: name)
        case .safe:
            if !TotalExpressions.isTotalFunction(name.last ?? "", arguments: count) { test(&value) }
        }
        return value
    }

    /// A sequence, large object, lock, message or seed shows later what it was given now: a flow into no table.
    private func keep(_ value: inout Value, by function: [String]) {
        test(&value)
        flow(value, into: names.number(table: "", column: function.last ?? ""))
    }

    /// What a window orders and divides by.
    func window(_ node: Message, _ scope: LineageScope) -> Value {
        let window = node.pointer(to: PgQuery__WindowDef.self)
        var value = Value()
        for part in NodeList(window.pointee.n_partition_clause, window.pointee.partition_clause) {
            join(&value, self.value(part, scope))
        }
        for part in NodeList(window.pointee.n_order_clause, window.pointee.order_clause) {
            join(&value, self.value(part, scope))
        }
        for part in [Message(window.pointee.start_offset), Message(window.pointee.end_offset)].compactMap({ $0 }) {
            join(&value, self.value(part, scope))
        }
        compare(value)
        for name in [window.pointee.name, window.pointee.refname].compactMap({ $0 }) where name.pointee != 0 {
            if let named = scope.windows[String(cString: name)] { join(&value, named) }
        }
        return value
    }

    /// Takes `other` into `value`, and counts the work.
    func join(_ value: inout Value, _ other: Value) {
        if !other.columns.isEmpty { spend(1 + value.columns.count + other.columns.count) }
        value.merge(other)
    }
}
