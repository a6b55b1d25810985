import Contract
import PostgresClassify
import Testing

/// Names that mislead, and catalogues and texts that would never end.
@Suite struct HostileLineageTests {
    private func origins(_ sql: String, _ catalog: Catalog = SampleCatalog.whole) -> [String] {
        let facts = resolved(sql, catalog)
        #expect(facts.outputsKnown, "\(sql)")
        return facts.outputs.map { ($0.wholeRow ? "!" : "") + short($0.origins) }
    }

    private func catalog(_ relations: [Relation]) -> Catalog {
        var catalog = Catalog()
        catalog.complete = true
        catalog.searchPath = ["public"]
        catalog.relations = relations
        return catalog
    }

    @Test(
        arguments: [
            // A CTE takes a table's name, at one level or for one subquery only.
            ("WITH users AS (SELECT 1 AS email) SELECT email FROM users", ""),
            ("SELECT (WITH users AS (SELECT 1 AS email) SELECT email FROM users) + users.id FROM users", "users.id"),
            (
                """
                SELECT email FROM (WITH users AS (SELECT note AS email FROM orders) SELECT * FROM users) s
                """, "orders.note"
            ),
            (
                """
                WITH a AS (SELECT email FROM users) SELECT email FROM (WITH a AS (SELECT name AS email \
                FROM users) SELECT * FROM a) b
                """, "users.name"
            ),
            // Not RECURSIVE: inside, the name is the table's.
            ("WITH users AS (SELECT email FROM users) SELECT email FROM users", "users.email"),
            // The same alias in nested levels: the nearest is meant.
            ("SELECT (SELECT x.note FROM orders x WHERE x.id = 1) FROM users x", "orders.id orders.note"),
            ("SELECT (SELECT x.email FROM orders y LIMIT 1) FROM users x", "users.email"),
            // An alias hides the table's own name.
            ("SELECT orders.email FROM users orders", "users.email"),
            ("SELECT (SELECT users.note) FROM orders users", "orders.note"),
            // A FROM subquery does not see its neighbours, but what is around both.
            ("SELECT (SELECT s.x FROM orders o, (SELECT id AS x) s LIMIT 1) FROM users", "users.id"),
            ("SELECT (SELECT s.x FROM orders o, LATERAL (SELECT id AS x) s LIMIT 1) FROM users", "orders.id"),
            // Renamed columns, then matched by their new names.
            ("SELECT k FROM users AS u (k, b, c, d) NATURAL JOIN orders AS o (k, f, g, h)", "orders.id users.id"),
            (
                "SELECT email FROM users AS u (x, email, y, z) NATURAL JOIN archive.mails",
                "archive.mails.email users.name"
            ),
            // An alias that is a column's name, and the other way round.
            ("SELECT email FROM orders email", "orders.id orders.note orders.total orders.user_id"),
            ("SELECT email FROM users email", "users.email"),
            ("SELECT \"Email\" FROM (SELECT email AS \"Email\", name AS email FROM users) s", "users.email"),
            ("SELECT s.u FROM (SELECT users AS u FROM users) s", "users.email users.id users.manager_id users.name"),
            ("SELECT max(x) FROM (SELECT email FROM users UNION ALL SELECT 'x') s (x)", "users.email"),
            ("SELECT DISTINCT ON (id) email FROM users ORDER BY id", "users.email"),
        ] as [(String, String)])
    func misleadingNames(_ sql: String, _ expected: String) { #expect(origins(sql) == [expected]) }

    @Test func aViewOverManyViews() {
        var relations = [SampleCatalog.table("public", "base", ["a", "email"])]
        for depth in 0..<25 {
            let below = depth == 0 ? "base" : "v\(depth - 1)"
            relations.append(
                SampleCatalog.view(
                    "public", "v\(depth)", ["a", "email"],
                    "SELECT x.a, y.email FROM public.\(below) x, public.\(below) y"))
        }
        let facts = resolved("SELECT email FROM v24", catalog(relations))
        #expect(facts.outputs[0].origins.contains("public.base.email") && facts.outputs[0].direct)
        #expect(facts.tablesRead.count == 26)
    }

    @Test func viewsThatNestTooDeeplyAreOpaque() {
        var relations = [SampleCatalog.table("public", "base", ["a"])]
        for depth in 0..<200 {
            let below = depth == 0 ? "base" : "v\(depth - 1)"
            relations.append(SampleCatalog.view("public", "v\(depth)", ["a"], "SELECT x.a FROM public.\(below) x"))
        }
        #expect(resolved("SELECT a FROM v199", catalog(relations)).opaque)
        #expect(!resolved("SELECT a FROM v10", catalog(relations)).opaque)
    }

    @Test func rulesThatCallEachOtherEnd() {
        var one = SampleCatalog.table("public", "one", ["a"])
        one.rules = ["CREATE RULE r AS ON UPDATE TO public.one DO UPDATE public.two SET a = new.a"]
        var two = SampleCatalog.table("public", "two", ["a"])
        two.rules = [
            """
            CREATE RULE r AS ON UPDATE TO public.two DO ALSO (UPDATE public.one SET a = old.a; DELETE FROM \
            public.one)
            """
        ]
        let facts = resolved("UPDATE one SET a = 1 WHERE a = 2", catalog([one, two]))
        #expect(facts.tablesWritten == ["public.one", "public.two"])
        #expect(facts.flows.map(\.target) == ["public.one.a", "public.two.a"])
    }

    @Test func wideTables() {
        let names = (0..<500).map { "c\($0)" }
        let wide = catalog([
            SampleCatalog.table("public", "wide", names), SampleCatalog.table("public", "wider", names),
        ])
        #expect(resolved("SELECT * FROM wide", wide).outputs.count == 500)
        #expect(resolved("SELECT *, c7 FROM wide NATURAL JOIN wider", wide).outputs.count == 501)
        #expect(origins("SELECT c499 FROM wide", wide) == ["wide.c499"])
        #expect(
            resolved("SELECT \(names.joined(separator: ", ")) FROM wide", wide).outputs.last?.origins == [
                "public.wide.c499"
            ])
        #expect(resolved("SELECT row_to_json(w) FROM wide w", wide).outputs[0].origins.count == 500)
    }

    @Test func whatIsTooMuchIsOpaque() {
        let names = (0..<1500).map { "c\($0)" }
        let wide = catalog([SampleCatalog.table("public", "wide", names)])
        let rows = Array(repeating: "w::text", count: 5000).joined(separator: ", ")
        #expect(resolved("SELECT \(rows) FROM wide w", wide).opaque)
        let tested = rows.replacing("::text", with: " IS NULL")
        #expect(resolved("SELECT 1 FROM (SELECT \(tested) FROM wide w) s", wide).opaque)
        let joins = Array(repeating: "wide", count: 3000).enumerated().map { "\($1) w\($0)" }.joined(separator: ", ")
        let facts = resolved("SELECT nothing FROM \(joins)", wide)
        #expect(facts.opaque || facts.outputsKnown)
        let nested = String(repeating: "WITH RECURSIVE t AS (SELECT 1 AS x UNION ALL (", count: 40)
        #expect(
            resolved(nested + "SELECT 1" + String(repeating: ")) SELECT x FROM t", count: 40)).operations.contains(
                "read"))
    }

    @Test func nestingInAViewHasItsStack() {
        let deep =
            "SELECT " + String(repeating: "(", count: 200) + "x.a" + String(repeating: " + 1)", count: 200)
            + " AS a FROM public.base x"
        let relations = catalog([
            SampleCatalog.table("public", "base", ["a"]), SampleCatalog.view("public", "deep", ["a"], deep),
        ])
        #expect(origins("SELECT a FROM deep", relations) == ["base.a deep.a"])
    }

    @Test func aCatalogueThatContradictsItself() {
        var orphan = SampleCatalog.table("public", "orphan", ["a"])
        orphan.parents = [SampleCatalog.named("public", "gone"), SampleCatalog.named("public", "orphan")]
        let relations = catalog([
            orphan, SampleCatalog.view("public", "narrow", ["a"], "SELECT 1 AS a, 2 AS b"),
            SampleCatalog.view("public", "many", ["a"], "SELECT 1 AS a; SELECT 2"),
            SampleCatalog.view("public", "writes", ["a"], "DELETE FROM public.orphan RETURNING a"),
            SampleCatalog.view("public", "reads", ["a"], "SELECT g.a FROM public.gone g"),
            SampleCatalog.table("public", "none", []),
        ])
        #expect(origins("SELECT a FROM orphan", relations) == ["orphan.a"])
        #expect(origins("SELECT a FROM narrow", relations) == ["narrow.a"])
        #expect(resolved("SELECT a FROM many", relations).opaque)
        #expect(resolved("SELECT a FROM writes", relations).operations.contains("write"))
        #expect(resolved("SELECT a FROM reads", relations).unresolved == ["public.gone"])
        #expect(resolved("SELECT * FROM none", relations).outputs.isEmpty)
    }

    @Test func namesThatLookLikeOthersAreQuoted() {
        let odd = catalog([
            SampleCatalog.table("public", "a.b", ["c"]), SampleCatalog.table("a", "b", ["c"]),
            SampleCatalog.table("public", "q\"q", ["*"]),
        ])
        #expect(origins("SELECT c FROM \"a.b\"", odd) == ["\"a.b\".c"])
        #expect(origins("SELECT c FROM a.b", odd) == ["a.b.c"])
        #expect(origins("SELECT \"*\" FROM \"q\"\"q\"", odd) == ["\"q\"\"q\".\"*\""])
        #expect(resolved("SELECT c FROM \"a.b\"", odd).tablesRead == ["public.\"a.b\""])
    }

    @Test func manyThreadsShareTheDefinitions() async {
        await withTaskGroup(of: [String].self) { group in
            for _ in 0..<8 {
                group.addTask {
                    (0..<100).map { _ in short(resolved("SELECT contact FROM contacts").outputs[0].origins) }
                }
            }
            for await results in group { #expect(Set(results) == ["contacts.contact people.mail users.email"]) }
        }
    }
}
