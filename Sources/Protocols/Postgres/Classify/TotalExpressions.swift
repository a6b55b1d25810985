import CPgQuery

/// Expressions that have a result for every value: that one failed, or which way it went, tells nothing of what it was
/// given. All others count as comparisons of what they are given (docs/policy.md, "What counts as comparing").
enum TotalExpressions {
    /// Whether a function of PostgreSQL, or an aggregate, is total when it is called with this many arguments.
    static func isTotalFunction(_ name: String, arguments: Int) -> Bool {
        functions[name].map { arguments <= $0 } ?? false
    }

    /// The most arguments with which each is known to be total: `length(bytea, name)` decodes and may fail,
    /// `concat(VARIADIC …)` has as many as an array has elements.
    static let functions: [String: Int] = {
        var functions: [String: Int] = [:]
        for (count, names) in namesByArguments {
            for name in FunctionCatalog.words(names) { functions[name] = count }
        }
        return functions
    }()

    /// A call has at most 100 arguments (FUNC_MAX_ARGS).
    private static let namesByArguments: [(Int, String)] = [
        (
            1,
            """
            lower upper initcap length char_length character_length octet_length bit_length reverse md5 quote_literal \
            quote_nullable text varchar to_json to_jsonb json_agg jsonb_agg min max any_value first_value last_value \
            pg_typeof
            """
        ),
        (2, "btrim ltrim rtrim left right row_to_json string_agg"),
        (100, "concat concat_ws json_build_array jsonb_build_array"),
    ]

    /// Of texts and documents; arrays may have shapes that do not fit together.
    static let operators: Set<String> = ["||"]

    static func isTotalOperator(_ expression: UnsafePointer<PgQuery__AExpr>) -> Bool {
        expression.pointee.kind == PG_QUERY__A__EXPR__KIND__AEXPR_OP
            && operators.contains(names(expression.pointee.n_name, expression.pointee.name).last ?? "")
    }

    /// Every value has a text.
    private static let texts: Set<String> = ["text", "varchar", "bpchar", "name"]

    /// Whether any value can be cast to the type.
    static func isTotalCast(to type: UnsafeMutablePointer<PgQuery__TypeName>?) -> Bool {
        guard let type, type.pointee.n_array_bounds == 0 else { return false }
        let name = names(type.pointee.n_names, type.pointee.names)
        guard let last = name.last, name.count == 1 || name.count == 2 && name[0] == CatalogIndex.system else {
            return false
        }
        return texts.contains(last)
    }
}
