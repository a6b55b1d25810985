import CPgQuery

/// The node types that name resolution knows by hand; of all others it takes what their children read.
enum LineageNode: String {
    case aConst = "AConst"
    case aExpr = "AExpr"
    case aIndirection = "AIndirection"
    case aStar = "AStar"
    case caseExpr = "CaseExpr"
    case collateClause = "CollateClause"
    case columnRef = "ColumnRef"
    case copyStmt = "CopyStmt"
    case createTableAsStmt = "CreateTableAsStmt"
    case declareCursorStmt = "DeclareCursorStmt"
    case deleteStmt = "DeleteStmt"
    case explainStmt = "ExplainStmt"
    case funcCall = "FuncCall"
    case groupingSet = "GroupingSet"
    case insertStmt = "InsertStmt"
    case joinExpr = "JoinExpr"
    case list = "List"
    case mergeStmt = "MergeStmt"
    case multiAssignRef = "MultiAssignRef"
    case prepareStmt = "PrepareStmt"
    case rangeFunction = "RangeFunction"
    case rangeSubselect = "RangeSubselect"
    case rangeTableFunc = "RangeTableFunc"
    case rangeTableSample = "RangeTableSample"
    case rangeVar = "RangeVar"
    case refreshMatViewStmt = "RefreshMatViewStmt"
    case resTarget = "ResTarget"
    case rowExpr = "RowExpr"
    case ruleStmt = "RuleStmt"
    case selectStmt = "SelectStmt"
    case sortBy = "SortBy"
    case subLink = "SubLink"
    case typeCast = "TypeCast"
    case updateStmt = "UpdateStmt"
    case viewStmt = "ViewStmt"
    case windowDef = "WindowDef"
    case other = ""
}

extension Message {
    /// The node as its generated C struct, in place; the caller has checked what it is.
    func pointer<Struct>(to type: Struct.Type) -> UnsafePointer<Struct> { raw.assumingMemoryBound(to: type) }
}

/// A repeated field's messages, made one by one.
struct NodeList: Sequence, IteratorProtocol {
    private let items: UnsafeMutablePointer<UnsafeMutablePointer<PgQuery__Node>?>?
    private let count: Int
    private var index = 0

    init(_ count: Int, _ items: UnsafeMutablePointer<UnsafeMutablePointer<PgQuery__Node>?>?) {
        self.items = items
        self.count = count
    }

    mutating func next() -> Message? {
        guard let items else { return nil }
        while index < count {
            defer { index += 1 }
            if let message = Message(items[index]) { return message }
        }
        return nil
    }
}
