import CPgQuery

/// The name of an output column that the text does not name (PostgreSQL's FigureColname).
enum OutputName {
    static func of(_ node: Message) -> String { found(node)?.name ?? "?column?" }

    /// A name, and whether a cast's type does not take its place.
    private static func found(_ node: Message) -> (name: String, isStrong: Bool)? {
        switch node.lineage {
        case .columnRef:
            return node.children.last { $0.text != nil }?.text.map { ($0, true) }
        case .aIndirection:
            let indirection = node.pointer(to: PgQuery__AIndirection.self)
            let fields = names(indirection.pointee.n_indirection, indirection.pointee.indirection)
            if let last = fields.last { return (last, true) }
            return Message(indirection.pointee.arg).flatMap(found)
        case .funcCall:
            let call = node.pointer(to: PgQuery__FuncCall.self)
            return names(call.pointee.n_funcname, call.pointee.funcname).last.map { ($0, true) }
        case .aExpr:
            let isNullIf = node.pointer(to: PgQuery__AExpr.self).pointee.kind == PG_QUERY__A__EXPR__KIND__AEXPR_NULLIF
            return isNullIf ? ("nullif", true) : nil
        case .typeCast:
            let cast = node.pointer(to: PgQuery__TypeCast.self)
            let inner = Message(cast.pointee.arg).flatMap(found)
            if let inner, inner.isStrong { return inner }
            guard let type = cast.pointee.type_name else { return inner }
            return names(type.pointee.n_names, type.pointee.names).last.map { ($0, false) } ?? inner
        case .collateClause:
            return Message(node.pointer(to: PgQuery__CollateClause.self).pointee.arg).flatMap(found)
        case .multiAssignRef:
            return Message(node.pointer(to: PgQuery__MultiAssignRef.self).pointee.source).flatMap(found)
        case .subLink: return subquery(node)
        case .caseExpr:
            let otherwise = Message(node.pointer(to: PgQuery__CaseExpr.self).pointee.defresult).flatMap(found)
            if let otherwise, otherwise.isStrong { return otherwise }
            return ("case", false)
        case .rowExpr: return ("row", true)
        case .aConst, .aStar, .copyStmt, .createTableAsStmt, .declareCursorStmt, .deleteStmt, .explainStmt,
            .groupingSet, .insertStmt, .joinExpr, .list, .mergeStmt, .prepareStmt, .rangeFunction, .rangeSubselect,
            .rangeTableFunc, .rangeTableSample, .rangeVar, .refreshMatViewStmt, .resTarget, .ruleStmt, .selectStmt,
            .sortBy, .updateStmt, .viewStmt, .windowDef, .other:
            return ofOther(node).map { ($0, true) }
        }
    }

    private static func subquery(_ node: Message) -> (name: String, isStrong: Bool)? {
        let link = node.pointer(to: PgQuery__SubLink.self)
        switch link.pointee.sub_link_type {
        case PG_QUERY__SUB_LINK_TYPE__EXISTS_SUBLINK: return ("exists", true)
        case PG_QUERY__SUB_LINK_TYPE__ARRAY_SUBLINK: return ("array", true)
        case PG_QUERY__SUB_LINK_TYPE__EXPR_SUBLINK:
            guard var query = Message(link.pointee.subselect), query.lineage == .selectStmt else { return nil }
            while let left = Message(query.pointer(to: PgQuery__SelectStmt.self).pointee.larg) { query = left }
            let select = query.pointer(to: PgQuery__SelectStmt.self)
            if select.pointee.n_values_lists > 0 { return ("column1", true) }
            guard let target = messages(select.pointee.n_target_list, select.pointee.target_list).first,
                target.lineage == .resTarget
            else { return nil }
            let field = target.pointer(to: PgQuery__ResTarget.self)
            if let name = field.pointee.name, name.pointee != 0 { return (String(cString: name), true) }
            return Message(field.pointee.val).map { (of($0), true) }
        default: return nil
        }
    }

    private static func ofOther(_ node: Message) -> String? {
        switch node.shape.name {
        case "CoalesceExpr": return "coalesce"
        case "GroupingFunc": return "grouping"
        case "AArrayExpr", "A_ArrayExpr": return "array"
        case "XmlSerialize": return "xmlserialize"
        case "MinMaxExpr":
            let isGreatest = node.pointer(to: PgQuery__MinMaxExpr.self).pointee.op == PG_QUERY__MIN_MAX_OP__IS_GREATEST
            return isGreatest ? "greatest" : "least"
        case "XmlExpr": return xml[node.pointer(to: PgQuery__XmlExpr.self).pointee.op.rawValue]
        case "SQLValueFunction":
            return valueFunctions[node.pointer(to: PgQuery__SQLValueFunction.self).pointee.op.rawValue]
        default: return nil
        }
    }

    private static let xml: [UInt32: String] = [
        PG_QUERY__XML_EXPR_OP__IS_XMLCONCAT.rawValue: "xmlconcat",
        PG_QUERY__XML_EXPR_OP__IS_XMLELEMENT.rawValue: "xmlelement",
        PG_QUERY__XML_EXPR_OP__IS_XMLFOREST.rawValue: "xmlforest",
        PG_QUERY__XML_EXPR_OP__IS_XMLPARSE.rawValue: "xmlparse",
        PG_QUERY__XML_EXPR_OP__IS_XMLPI.rawValue: "xmlpi",
        PG_QUERY__XML_EXPR_OP__IS_XMLROOT.rawValue: "xmlroot",
    ]

    private static let valueFunctions: [UInt32: String] = [
        PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_CURRENT_DATE.rawValue: "current_date",
        PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_CURRENT_TIME.rawValue: "current_time",
        PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_CURRENT_TIME_N.rawValue: "current_time",
        PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_CURRENT_TIMESTAMP.rawValue: "current_timestamp",
        PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_CURRENT_TIMESTAMP_N.rawValue: "current_timestamp",
        PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_LOCALTIME.rawValue: "localtime",
        PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_LOCALTIME_N.rawValue: "localtime",
        PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_LOCALTIMESTAMP.rawValue: "localtimestamp",
        PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_LOCALTIMESTAMP_N.rawValue: "localtimestamp",
        PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_CURRENT_ROLE.rawValue: "current_role",
        PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_CURRENT_USER.rawValue: "current_user",
        PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_USER.rawValue: "user",
        PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_SESSION_USER.rawValue: "session_user",
        PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_CURRENT_CATALOG.rawValue: "current_catalog",
        PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_CURRENT_SCHEMA.rawValue: "current_schema",
    ]
}
