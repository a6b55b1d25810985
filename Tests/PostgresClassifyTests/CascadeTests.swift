import Contract
import PostgresClassify
import Testing

/// What foreign keys do to tables that a text does not name.
@Suite struct CascadeTests {
    /// Customers have orders, which have items and notes; shops are renamed everywhere; staff is led by staff.
    private static let catalog: Catalog = {
        func table(_ name: String, _ columns: [String], _ cascades: Cascade...) -> Relation {
            var relation = SampleCatalog.table("public", name, columns)
            relation.cascades = cascades
            return relation
        }
        func rows(
            _ name: String, _ columns: [String], delete: String = "", update: String = "", of keys: [String] = ["id"]
        ) -> Cascade {
            var cascade = Cascade()
            (cascade.schema, cascade.name, cascade.onDelete, cascade.onUpdate) = ("public", name, delete, update)
            (cascade.keys, cascade.columns) = (keys, columns)
            return cascade
        }
        var items = table("items", [])
        items.parents = [SampleCatalog.named("public", "all_items")]
        var ruled = table("ruled", ["order_id", "text"])
        ruled.rules = ["CREATE RULE r AS ON DELETE TO public.ruled DO INSERT INTO public.log VALUES (old.text)"]
        var catalog = Catalog()
        catalog.complete = true
        catalog.searchPath = ["public"]
        catalog.relations = [
            table("all_items", []),
            table(
                "customers", ["id", "name"], rows("orders", ["customer_id"], delete: "c"),
                rows("letters", ["customer_id"], delete: "n", update: "c")),
            items, table("letters", []), table("log", ["text"]), table("notes", []),
            table(
                "orders", ["id", "customer_id", "shop"], rows("items", ["order_id"], delete: "c"),
                rows("notes", ["order_id"], delete: "d"), rows("ruled", ["order_id"], delete: "c")),
            ruled,
            table(
                "shops", ["name", "owner", "city"], rows("orders", ["shop"], update: "c", of: ["name"]),
                rows("visits", ["shop", "owner"], update: "c", of: ["name", "owner"])),
            table("staff", ["id", "boss"], rows("staff", ["boss"], delete: "n")),
            SampleCatalog.view("public", "vip", ["id"], "SELECT customers.id FROM public.customers"),
            table("visits", [], rows("stamps", ["shop"], update: "c", of: ["shop"])), table("stamps", []),
        ].sorted { $0.name < $1.name }
        return catalog
    }()

    @Test(
        arguments: [
            ("DELETE FROM customers WHERE id = 1", "all_items customers items letters log notes orders ruled"),
            ("DELETE FROM orders WHERE id = 1", "all_items items log notes orders ruled"),
            ("DELETE FROM items WHERE order_id = 1", "all_items items"),
            ("DELETE FROM vip WHERE id = 1", "all_items customers items letters log notes orders ruled vip"),
            (
                "WITH x AS (DELETE FROM orders WHERE id = 1 RETURNING id) SELECT * FROM x",
                "all_items items log notes orders ruled"
            ),
            (
                "MERGE INTO orders o USING log l ON o.id = 1 WHEN MATCHED THEN DELETE",
                "all_items items log notes orders ruled"
            ),
            ("MERGE INTO orders o USING log l ON o.id = 1 WHEN NOT MATCHED THEN INSERT VALUES (1)", "orders"),
            ("DELETE FROM staff WHERE id = 1", "staff"), ("DELETE FROM shops WHERE name = 'a'", "shops"),
            ("UPDATE customers SET name = 'x' WHERE id = 1", "customers"),
            ("UPDATE customers SET id = 2 WHERE id = 1", "customers letters"),
            ("UPDATE vip SET id = 2 WHERE id = 1", "customers letters vip"),
            ("UPDATE shops SET city = 'x' WHERE name = 'a'", "shops"),
            ("UPDATE shops SET owner = 'x' WHERE name = 'a'", "shops stamps visits"),
            ("UPDATE shops SET (city, name) = ('x', 'b') WHERE name = 'a'", "orders shops stamps visits"),
            ("INSERT INTO shops VALUES ('a', 'b', 'c')", "shops"),
            (
                "INSERT INTO shops VALUES ('a') ON CONFLICT (name) DO UPDATE SET name = 'b'",
                "orders shops stamps visits"
            ),
            ("INSERT INTO shops VALUES ('a') ON CONFLICT (name) DO UPDATE SET city = 'b'", "shops"),
            (
                "MERGE INTO shops s USING log l ON s.name = l.text WHEN MATCHED THEN UPDATE SET name = 'b'",
                "orders shops stamps visits"
            ),
            ("SELECT * FROM customers", ""), ("EXPLAIN DELETE FROM customers", ""),
            ("EXPLAIN ANALYZE DELETE FROM customers", "all_items customers items letters log notes orders ruled"),
            ("PREPARE p AS DELETE FROM orders WHERE id = $1", "all_items items log notes orders ruled"),
            ("COPY customers FROM STDIN", "customers"), ("LOCK TABLE customers", ""),
            (
                "DELETE FROM customers WHERE id = 1; SELECT 1",
                "all_items customers items letters log notes orders ruled"
            ),
        ] as [(String, String)])
    func tables(_ sql: String, _ written: String) {
        let facts = resolved(sql, Self.catalog)
        #expect(short(facts.tablesWritten) == written)
        #expect(facts.resolved && facts.unresolved.isEmpty && !facts.opaque)
    }

    @Test func columnsThatAreSetWithThem() {
        #expect(
            short(resolved("DELETE FROM customers WHERE id = 1", Self.catalog).columnsWritten)
                == "letters.customer_id log.text notes.order_id")
        #expect(
            short(resolved("UPDATE shops SET name = 'b' WHERE name = 'a'", Self.catalog).columnsWritten)
                == "orders.shop shops.name stamps.shop visits.owner visits.shop")
        #expect(short(resolved("DELETE FROM staff WHERE id = 1", Self.catalog).columnsWritten) == "staff.boss")
    }

    /// A key's new value is the other tables' too.
    @Test func valuesThatGoWithThem() {
        let facts = resolved("UPDATE shops SET name = city WHERE name = 'a'", Self.catalog)
        #expect(
            facts.flows.map { "\(short([$0.target])) \(short($0.sources))" } == [
                "orders.shop shops.city", "shops.name shops.city", "stamps.shop shops.city", "visits.shop shops.city",
            ])
    }

    @Test func theStatementAloneSaysWhetherItFilters() {
        #expect(!resolved("DELETE FROM customers WHERE id = 1", Self.catalog).unfiltered)
        #expect(resolved("DELETE FROM customers WHERE id = 1", Self.catalog).operations == ["write"])
        #expect(resolved("DELETE FROM customers WHERE id = 1", Self.catalog).unlimitable.isEmpty == false)
        #expect(resolved("DELETE FROM staff WHERE id = 1", Self.catalog).unlimitable.isEmpty)
    }

    /// The catalogue may be wrong: what it names and does not have is told.
    @Test func aTableThatIsNotThere() {
        var catalog = Self.catalog
        catalog.relations.removeAll { $0.name == "orders" }
        let facts = resolved("DELETE FROM customers WHERE id = 1", catalog)
        #expect(short(facts.tablesWritten) == "customers letters orders")
        #expect(facts.unresolved == ["public.orders"])
    }
}
