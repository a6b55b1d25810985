import Contract
import PostgresClassify
import Testing

/// What relations names mean, and what stands behind them.
@Suite struct ResolutionTests {
    @Test(
        arguments: [
            ("SELECT 1 FROM users", "users", ""), ("SELECT 1 FROM app.users", "app.users", ""),
            ("SELECT 1 FROM missing", "missing", ""), ("SELECT 1 FROM people", "people users", ""),
            ("SELECT 1 FROM contacts", "contacts people users", ""), ("SELECT 1 FROM totals", "orders totals", ""),
            ("SELECT 1 FROM events_2024", "events events_2024", ""), ("SELECT 1 FROM events", "events", ""),
            ("SELECT 1 FROM loop_a", "loop_a loop_b", ""),
            ("SELECT 1 FROM \"odd.schema\".\"T a\"", "\"odd.schema\".T a", ""),
            ("WITH people AS (SELECT 1) SELECT * FROM people", "", ""),
            ("WITH x AS (TABLE people) SELECT 1", "people users", ""),
            ("INSERT INTO users (id) VALUES (1)", "", "users"), ("UPDATE people SET mail = 'x'", "", "people users"),
            ("UPDATE joined SET total = 1", "", "joined orders users"),
            ("DELETE FROM contacts", "", "contacts people users"),
            ("UPDATE people SET mail = 'x' RETURNING id", "people users", "people users"),
            ("UPDATE audited SET secret = 'x' WHERE id = 1", "", "audited notes"),
            ("DELETE FROM audited WHERE id = 1", "", "audited"),
            ("INSERT INTO events_2024 VALUES (1)", "", "events events_2024"), ("TRUNCATE users", "", "users"),
            ("DROP VIEW people", "", "people"), ("ALTER TABLE users ADD x int", "", "users"),
            ("CREATE TABLE fresh (id int)", "", "fresh"),
            ("CREATE VIEW fresh AS SELECT * FROM people", "people users", "fresh"),
            ("CREATE TABLE app.fresh AS TABLE users", "users", "app.fresh"),
            ("EXPLAIN DELETE FROM people", "people users", ""),
            ("COPY users TO STDOUT", "users", ""), ("LOCK TABLE users", "users", ""),
            ("REFRESH MATERIALIZED VIEW totals", "orders", "totals"),
        ] as [(String, String, String)])
    func tables(_ sql: String, _ read: String, _ written: String) {
        let facts = resolved(sql)
        #expect(facts.resolved)
        #expect(short(facts.tablesRead) == read)
        #expect(short(facts.tablesWritten) == written)
    }

    @Test func unknownRelationsAreTold() {
        #expect(
            resolved("SELECT 1 FROM missing JOIN users ON true JOIN app.gone ON true").unresolved == [
                "app.gone", "missing",
            ])
        #expect(resolved("CREATE TABLE fresh AS TABLE users").unresolved == ["public.fresh"])
        #expect(resolved("SELECT 1 FROM users").unresolved.isEmpty)
    }

    @Test func viewsAreTold() {
        #expect(short(resolved("SELECT 1 FROM contacts, totals").views) == "contacts people totals")
        #expect(short(resolved("DELETE FROM people").views) == "people")
        #expect(resolved("SELECT 1 FROM users").views.isEmpty)
    }

    @Test func whatAViewCallsIsCalled() {
        let facts = resolved("SELECT 1 FROM weird")
        #expect(facts.operations == ["call", "read"])
        #expect(facts.functions == ["public.secret_mail"])
        #expect(resolved("SELECT 1 FROM people").operations == ["read"])
        #expect(resolved("UPDATE people SET mail = 'x' WHERE id = 1").operations == ["write"])
    }

    @Test func whatARuleDoesIsDone() {
        let facts = resolved("UPDATE audited SET secret = 'x' WHERE id = 1")
        #expect(facts.operations == ["call", "write"])
        #expect(facts.functions == ["public.wrapped"])
        #expect(!facts.unfiltered)
        #expect(resolved("INSERT INTO audited VALUES (1, 'x')").operations == ["write"])
    }

    @Test func aDefinitionThatIsNotUnderstoodIsOpaque() {
        let facts = resolved("SELECT 1 FROM broken")
        #expect(facts.opaque && facts.opaqueReason == "the view public.broken is not understood")
    }

    @Test func withoutACompleteCatalogueNamesStayAsWritten() {
        var partial = SampleCatalog.whole
        partial.complete = false
        for catalog in [partial, nil] {
            let facts = PostgresClassifier().facts(of: Array("SELECT * FROM people".utf8), catalog: catalog)
            #expect(!facts.resolved && facts.tablesRead == ["people"] && facts.views.isEmpty)
            #expect(facts.outputs.map(\.star) == [true])
        }
    }

    @Test func anUnknownPathMeansEveryRelationOfTheName() {
        let facts = resolved("SELECT id, email, login FROM users", SampleCatalog.withoutPath)
        #expect(facts.tablesRead == ["app.users", "public.users"])
        #expect(
            facts.outputs.map(\.origins) == [
                ["app.users.id", "public.users.id"], ["public.users.email"], ["app.users.login"],
            ])
        #expect(facts.outputs.map(\.direct) == [false, true, true])
        #expect(!resolved("SELECT * FROM users", SampleCatalog.withoutPath).outputsKnown)
        #expect(resolved("SELECT * FROM app.users", SampleCatalog.withoutPath).outputsKnown)
        #expect(
            resolved("UPDATE users SET id = 1", SampleCatalog.withoutPath).columnsWritten == [
                "app.users.id", "public.users.id",
            ])
    }

    @Test func theFirstSchemaOfThePathWins() {
        #expect(
            resolved("SELECT id FROM users", SampleCatalog.make(path: ["app", "public"])).tablesRead == ["app.users"])
        #expect(
            resolved("SELECT id FROM orders", SampleCatalog.make(path: ["app", "public"])).tablesRead == [
                "public.orders"
            ])
        #expect(resolved("SELECT id FROM orders", SampleCatalog.make(path: ["app"])).unresolved == ["orders"])
    }

    @Test func pgCatalogIsFirstUnlessThePathNamesIt() {
        var catalog = SampleCatalog.whole
        catalog.relations.insert(SampleCatalog.table("pg_catalog", "users", ["x"]), at: 0)
        #expect(resolved("SELECT x FROM users", catalog).tablesRead == ["pg_catalog.users"])
        catalog.searchPath = ["public", "pg_catalog"]
        #expect(resolved("SELECT id FROM users", catalog).tablesRead == ["public.users"])
    }

    /// An earlier statement of the same text may change what a name means.
    @Test func textsOfSeveralStatements() {
        #expect(resolved("SELECT 1 FROM users; SELECT 2 FROM users").tablesRead == ["public.users"])
        for text in [
            "SET search_path = app; SELECT 1 FROM users", "COMMIT; SELECT 1 FROM users",
            "CALL p(); SELECT 1 FROM users",
        ] {
            #expect(resolved(text).tablesRead == ["app.users", "public.users"], "\(text)")
        }
        #expect(resolved("BEGIN; SELECT 1 FROM users").tablesRead == ["public.users"])
    }

    /// A definition in a text leaves the rest of it to the catalogue, unless the rest is for what it defines.
    @Test func textsWithDefinitions() {
        let beside = resolved("CREATE TABLE z (a int); SELECT mail FROM people")
        #expect(beside.resolved && beside.outputs.map(\.origins) == [["public.people.mail", "public.users.email"]])
        #expect(short(beside.tablesRead) == "people users")
        #expect(beside.unresolved == ["z"])
        let filled = resolved("CREATE TABLE z (a int); INSERT INTO z (a) SELECT id FROM orders")
        #expect(filled.flows.map(\.anything) == [false])
        for text in [
            "ALTER TABLE users RENAME TO x; SELECT email FROM x WHERE id = 1; INSERT INTO notes (body) SELECT email FROM x",
            "CREATE VIEW z AS SELECT email AS a FROM users; SELECT a FROM z WHERE a = 'x'",
            "CREATE TEMP TABLE z AS SELECT email AS a FROM users; SELECT a FROM z; CREATE TABLE y AS TABLE z",
            "CREATE OR REPLACE VIEW people AS SELECT 1 AS id, email AS mail, '' AS label FROM users; SELECT id FROM contacts",
            "ALTER TABLE users RENAME email TO x; SELECT x FROM users", "DROP VIEW people; SELECT mail FROM people",
            "ALTER SCHEMA app RENAME TO y; SELECT login FROM y.users",
        ] {
            let facts = resolved(text)
            #expect(facts.resolved && !facts.outputsKnown, "\(text)")
            #expect(!facts.flows.map(\.anything).contains(false), "\(text)")
            #expect(Set(facts.columnsCompared).isSuperset(of: facts.tablesRead.map { $0 + ".*" }), "\(text)")
        }
    }

    /// A write through a view is one to its table, whose rules run.
    @Test func rulesOfTablesBehindViews() {
        var catalog = SampleCatalog.whole
        var table = SampleCatalog.table("public", "ruled", ["id", "v"])
        table.rules = ["CREATE RULE r AS ON UPDATE TO public.ruled DO DELETE FROM public.payments"]
        catalog.relations += [
            table, SampleCatalog.table("public", "payments", ["id"]),
            SampleCatalog.view("public", "vw", ["id", "v"], "SELECT ruled.id, ruled.v FROM public.ruled"),
            SampleCatalog.view("public", "vvw", ["id", "v"], "SELECT vw.id, vw.v FROM public.vw"),
        ]
        #expect(
            short(resolved("UPDATE vw SET v = 1 WHERE id = 1", catalog).tablesWritten) == "payments ruled vw")
        #expect(
            short(resolved("UPDATE vvw SET v = 1 WHERE id = 1", catalog).tablesWritten) == "payments ruled vvw vw")
        #expect(short(resolved("DELETE FROM vw WHERE id = 1", catalog).tablesWritten) == "ruled vw")
        #expect(short(resolved("EXPLAIN UPDATE vw SET v = 1 WHERE id = 1", catalog).tablesWritten) == "")
    }
}
