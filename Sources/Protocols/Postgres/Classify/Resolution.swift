import CPgQuery
import Contract

/// Looks up a text's relations in the catalogue, and adds what views and rules behind them do.
struct Resolution {
    let index: CatalogIndex
    private let path: CatalogIndex.Path
    private let created: [String: String]
    private let refreshed: [Int]
    private var read: Set<String> = []
    var written: Set<String> = []
    var unresolved: Set<String> = []
    private var views: Set<String> = []
    private var seenViews: Set<Int> = []
    private var pendingViews: [Int] = []

    init(_ index: CatalogIndex, path: CatalogIndex.Path, statements: [Message]) {
        self.index = index
        self.path = path
        var created: [String: String] = [:]
        for statement in statements {
            guard let variable = Self.created(by: statement) else { continue }
            created[TableName.of(variable.pointee)] = TableName.created(variable, index, path)
        }
        self.created = created
        refreshed = statements.flatMap { statement -> [Int] in
            guard statement.lineage == .refreshMatViewStmt,
                let variable = statement.pointer(to: PgQuery__RefreshMatViewStmt.self).pointee.relation
            else { return [] }
            return index.relations(named: TableName.of(variable.pointee), path: path)
        }
    }

    /// Replaces the tables of `analysis` by what they are in the catalogue. The tracer has followed its statements.
    mutating func resolve(_ analysis: inout Analysis, _ tracer: LineageTracer) {
        take(&analysis, path)
        if let table = analysis.copy?.table, !table.isEmpty {
            let found = index.relations(named: table, path: path)
            if found.count == 1 { analysis.copy?.table = index.name(found[0]) }
        }
        for view in refreshed where index.relations[view].isView { need(view) }
        var done = 0
        repeat {
            while done < tracer.targets.count || !pendingViews.isEmpty {
                if let view = pendingViews.popLast() {
                    addBody(of: view, to: &analysis, changing: [])
                    continue
                }
                let target = tracer.targets[done]
                done += 1
                if index.relations[target.relation].isView { change(target, &analysis, tracer) }
                runRules(for: target, &analysis, tracer)
            }
        } while index.mayCascade && cascade(tracer)
        analysis.tablesRead = read
        analysis.tablesWritten = written
    }

    func fill(_ facts: inout Facts) {
        facts.resolved = true
        facts.unresolved = unresolved.sorted()
        facts.views = views.sorted()
    }

    // MARK: names

    private mutating func take(_ analysis: inout Analysis, _ path: CatalogIndex.Path) {
        for name in analysis.tablesRead {
            let (names, relations) = lookUp(name, path)
            read.formUnion(names)
            for relation in relations where index.relations[relation].isView { need(relation) }
        }
        for name in analysis.tablesWritten {
            guard let made = created[name] else {
                written.formUnion(lookUp(name, path).names)
                continue
            }
            written.insert(made)
            if index.relations(named: made, path: path).isEmpty { unresolved.insert(made) }
        }
        analysis.tablesRead = []
        analysis.tablesWritten = []
    }

    /// The relations that a name of the text means, and their names; its own where there are none.
    private mutating func lookUp(_ name: String, _ path: CatalogIndex.Path) -> (names: [String], relations: [Int]) {
        if name == TableName.any { return ([name], []) }
        let found = index.relations(named: name, path: path)
        if found.isEmpty {
            unresolved.insert(name)
            return ([name], [])
        }
        var names: [String] = []
        for relation in found { names += self.names(of: relation) }
        return (names, found)
    }

    /// Its own name and those of the tables above it.
    mutating func names(of relation: Int) -> [String] {
        let name = index.name(relation)
        if index.relations[relation].isView { views.insert(name) }
        if index.relations[relation].parents.isEmpty { return [name] }
        return [name] + index.ancestors(of: relation).map { index.name($0) }
    }

    private static func created(by statement: Message) -> UnsafeMutablePointer<PgQuery__RangeVar>? {
        switch statement.shape.name {
        case "CreateStmt": statement.pointer(to: PgQuery__CreateStmt.self).pointee.relation
        case "ViewStmt": statement.pointer(to: PgQuery__ViewStmt.self).pointee.view
        case "CreateTableAsStmt": statement.pointer(to: PgQuery__CreateTableAsStmt.self).pointee.into?.pointee.rel
        case "SelectStmt": statement.pointer(to: PgQuery__SelectStmt.self).pointee.into_clause?.pointee.rel
        default: nil
        }
    }

    // MARK: views

    private mutating func need(_ view: Int) {
        if seenViews.insert(view).inserted { pendingViews.append(view) }
    }

    /// What a view's query does. `changing`: tables that are written through it, which is no read of them.
    private mutating func addBody(of view: Int, to analysis: inout Analysis, changing: Set<String>) {
        let definition = CatalogDefinition.of(index.relations[view].definition)
        guard let definition, let query = definition.statement else {
            return analysis.opaque("the view \(index.name(view)) is not understood")
        }
        var body = Analysis()
        // What is kept of definitions may be dropped meanwhile, by another thread.
        withExtendedLifetime(definition) { body.walk(query, scope: []) }
        // Written out, a definition's calls are calls.
        body.fields = [:]
        body.tablesRead.subtract(changing)
        if !changing.isEmpty, body.tablesRead.isEmpty { body.operations.remove("read") }
        take(&body, .definition)
        // What PostgreSQL's own views call is the server's own doing.
        if !index.relations[view].isSystem { analysis.merge(body) }
    }

    /// A write to a view is one to the tables in its FROM clause, with what their rules do.
    private mutating func change(_ target: LineageTracer.Target, _ analysis: inout Analysis, _ tracer: LineageTracer) {
        written.formUnion(names(of: target.relation))
        guard let definition = CatalogDefinition.of(index.relations[target.relation].definition) else {
            return analysis.opaque("the view \(index.name(target.relation)) is not understood")
        }
        let bases = withExtendedLifetime(definition) { definition.statement.map(Self.fromTables) ?? [] }
        addBody(of: target.relation, to: &analysis, changing: Set(bases))
        for base in bases {
            let found = index.relations(named: base, path: .definition)
            if found.isEmpty {
                written.insert(base)
                unresolved.insert(base)
            }
            for relation in found {
                written.formUnion(names(of: relation))
                tracer.addTarget(LineageTracer.Target(relation: relation, event: target.event))
            }
        }
    }

    private static func fromTables(of query: Message) -> [String] {
        guard query.kind == .selectStmt else { return [] }
        let select = query.pointer(to: PgQuery__SelectStmt.self)
        var pending = messages(select.pointee.n_from_clause, select.pointee.from_clause)
        var tables: [String] = []
        while let next = pending.popLast() {
            if next.kind == .rangeVar { tables.append(TableName.of(next.unpacked(as: PgQuery__RangeVar.self))) }
            if next.kind == .joinExpr { pending += next.children }
        }
        return tables
    }

    // MARK: rules

    private mutating func runRules(
        for target: LineageTracer.Target, _ analysis: inout Analysis, _ tracer: LineageTracer
    ) {
        for text in index.relations[target.relation].rules {
            guard let definition = CatalogDefinition.of(text), let rule = definition.statement,
                rule.lineage == .ruleStmt
            else {
                analysis.opaque("a rule of \(index.name(target.relation)) is not understood")
                continue
            }
            let statement = rule.pointer(to: PgQuery__RuleStmt.self)
            guard statement.pointee.event.rawValue == target.event else { continue }
            var body = Analysis()
            body.walk(statement.pointee.where_clause, scope: [])
            for action in NodeList(statement.pointee.n_actions, statement.pointee.actions) {
                body.walk(action, scope: [])
            }
            body.fields = [:]
            // Its actions are for the rows that the statement itself is for.
            body.unfiltered = false
            take(&body, .definition)
            analysis.merge(body)
            _ = tracer.within(definition) { tracer.createRule(rule) }
        }
    }
}
