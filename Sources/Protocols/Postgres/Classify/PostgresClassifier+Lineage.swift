import CPgQuery
import Contract

extension PostgresClassifier {
    /// Columns named in the facts of one text, repeated ones too; beyond them the text is opaque.
    static let maximumNames = 16_000

    /// The facts of a parsed text.
    static func facts(of statements: [Message], _ catalog: CatalogIndex?) -> Facts {
        var analysis = Analysis()
        // An earlier statement may change what a name means: it is then that of any schema.
        analysis.catalog = catalog.map {
            ConditionCatalog(index: $0, path: statements.count == 1 ? .session : .unknown)
        }
        let isTraced = catalog != nil && statements.count == 1
        for statement in statements { analysis.addStatement(statement, isTraced: isTraced) }

        let (index, path) = lookup(statements, analysis, catalog)
        let tracer = LineageTracer(index, path: path)
        let rows = statements.map { tracer.statement($0) }
        analysis.addFieldCalls(tracer)
        var resolution = index.map { Resolution($0, path: path, statements: statements) }
        resolution?.resolve(&analysis, tracer)
        if !tracer.trouble.isEmpty { analysis.opaque(tracer.trouble) }

        var facts = analysis.facts()
        resolution?.fill(&facts)
        guard tracer.trouble.isEmpty else { return facts }
        var budget = maximumNames
        tracer.fill(&facts, &budget)
        if index != nil, facts.outputsKnown, !fill(&facts, statements, rows, tracer, &budget) {
            facts.outputs = []
            facts.outputsKnown = false
        }
        if index != nil, statements.count > 1, !definitions.isDisjoint(with: facts.operations) {
            Redefinition(statements).blur(&facts)
        }
        if let tokens = RevealCall.tokens(of: statements) {
            facts.operations = ["reveal"]
            facts.revealedTokens = tokens
            facts.unlimitable = ""
        }
        return budget < 0 ? opaque("it names too many columns") : facts
    }

    private static let definitions: Set<String> = ["create", "alter", "drop"]

    /// How names are looked up. In a text of several statements an earlier one may change what a name means.
    private static func lookup(
        _ statements: [Message], _ analysis: Analysis, _ catalog: CatalogIndex?
    ) -> (CatalogIndex?, CatalogIndex.Path) {
        guard let catalog, statements.count > 1 else { return (catalog, .session) }
        if analysis.operations.contains("opaque") { return (nil, .session) }
        let mayMove =
            !analysis.operations.isDisjoint(with: definitions.union(["session", "role", "call", "execute"]))
            || statements.dropLast().contains(where: endsTransaction)
        return (catalog, mayMove ? .unknown : .session)
    }

    /// A setting of the search path may end with it.
    private static func endsTransaction(_ statement: Message) -> Bool {
        guard statement.kind == .transactionStmt else { return false }
        switch statement.pointer(to: PgQuery__TransactionStmt.self).pointee.kind {
        case PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_BEGIN, PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_START,
            PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_SAVEPOINT, PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_RELEASE:
            return false
        default: return true
        }
    }

    /// The outputs of the one statement that gives data. False: they are not known.
    private static func fill(
        _ facts: inout Facts, _ statements: [Message], _ rows: [RowShape?], _ tracer: LineageTracer, _ budget: inout Int
    ) -> Bool {
        var given: [RowShape] = []
        var others = 0
        for (statement, rows) in zip(statements, rows) {
            switch RowSource(statement) {
            case .query:
                guard let rows, rows.isClosed else { return false }
                given.append(rows)
            case .none:
                // COPY of a table: the target does not describe its columns.
                guard statement.kind == .copyStmt, facts.copy.out, let rows else { continue }
                if rows.isClosed { given.append(rows) } else { others += 1 }
            case .plain, .unknown: others += 1
            }
        }
        guard given.count + others <= 1 else { return false }
        if let rows = given.first { facts.outputs = rows.columns.map { tracer.output($0.value, &budget) } }
        return true
    }
}

extension LineageTracer {
    /// The facts about columns.
    func fill(_ facts: inout Facts, _ budget: inout Int) {
        facts.columnsRead = texts(read.union(compared), &budget)
        facts.columnsWritten = texts(written, &budget)
        facts.columnsCompared = texts(compared, &budget)
        facts.flows = flows.map { target, value in
            var flow = Flow()
            flow.target = names.text(target)
            flow.sources = texts(value.columns.numbers, &budget)
            flow.anything = value.isAnything
            flow.direct = value.isDirect && !value.isAnything
            return flow
        }.sorted { $0.target < $1.target }
    }

    private func texts(_ numbers: some Collection<Int32>, _ budget: inout Int) -> [String] {
        budget -= numbers.count
        guard budget >= 0 else { return [] }
        var texts = numbers.map { names.text($0) }
        texts.sort()
        var last: String?
        texts.removeAll { text in
            defer { last = text }
            return text == last
        }
        return texts
    }

    func output(_ value: Value, _ budget: inout Int) -> OutputColumn {
        var output = OutputColumn()
        let numbers = value.columns.numbers
        output.origins = texts(numbers, &budget)
        guard budget >= 0 else { return output }
        output.columns = Set(numbers.map { names.column($0) }).filter { !$0.isEmpty }.sorted()
        output.wholeRow = value.isAnything || numbers.contains { names.isStar($0) }
        output.direct = value.isDirect && !output.wholeRow && !numbers.isEmpty
        return output
    }
}

extension CatalogIndex {
    /// How deep the definitions in it nest together: more than any chain of views does.
    var definitionNesting: Int {
        var sum = 0
        for relation in relations where relation.isView || !relation.rules.isEmpty {
            for text in (relation.isView ? [relation.definition] : []) + relation.rules {
                sum += CatalogDefinition.of(text)?.nesting ?? 0
            }
        }
        return sum
    }
}
