import CPgQuery
import Foundation

/// The names of a view's columns, from its query; nil when the query does not tell them by itself.
func viewColumns(_ query: String) -> [String]? {
    let parsed = pg_query_parse(query)
    defer { pg_query_free_parse_result(parsed) }
    guard parsed.error == nil, let tree = parsed.parse_tree,
        let root = try? JSONSerialization.jsonObject(with: Data(String(cString: tree).utf8)) as? [String: Any],
        let statements = root["stmts"] as? [[String: Any]], statements.count == 1,
        let statement = statements[0]["stmt"] as? [String: Any], let select = statement["SelectStmt"] as? [String: Any]
    else { return nil }
    return targetNames(select)
}

/// Of a set operation the first query names the columns.
private func targetNames(_ select: [String: Any]) -> [String]? {
    if let left = select["larg"] as? [String: Any] { return targetNames(left) }
    guard let targets = select["targetList"] as? [[String: Any]] else { return nil }
    var names: [String] = []
    for target in targets {
        guard let result = target["ResTarget"] as? [String: Any] else { return nil }
        guard let name = result["name"] as? String ?? expressionName(result["val"]) else { return nil }
        names.append(name)
    }
    return names
}

/// As PostgreSQL's FigureColname does for columns, functions and casts.
private func expressionName(_ value: Any?) -> String? {
    guard let node = value as? [String: Any] else { return nil }
    if let column = node["ColumnRef"] as? [String: Any] { return lastName(column["fields"]) }
    if let call = node["FuncCall"] as? [String: Any] { return lastName(call["funcname"]) }
    if let cast = node["TypeCast"] as? [String: Any] { return expressionName(cast["arg"]) }
    return nil
}

private func lastName(_ list: Any?) -> String? {
    guard let last = (list as? [[String: Any]])?.last?["String"] as? [String: Any] else { return nil }
    return last["sval"] as? String ?? last["str"] as? String
}
