import Contract
import PostgresClassify

/// A small catalogue with what makes names hard: views on views, partitions, rules, the same name in two schemas.
enum SampleCatalog {
    static let whole: Catalog = make(path: ["public"])
    static let withoutPath: Catalog = make(path: [])

    static func make(path: [String]) -> Catalog {
        var catalog = Catalog()
        catalog.complete = true
        catalog.searchPath = path
        catalog.relations =
            tables + [
                view("public", "contacts", ["id", "contact"], "SELECT p.id, p.mail AS contact FROM public.people p"),
                view(
                    "public", "joined", ["id", "email", "total"],
                    "SELECT u.id, u.email, o.total FROM (public.users u JOIN public.orders o ON ((o.user_id = u.id)))"),
                view("public", "loop_a", ["x"], "SELECT b.x FROM public.loop_b b"),
                view("public", "loop_b", ["x"], "SELECT a.x FROM public.loop_a a"),
                view(
                    "public", "people", ["id", "mail", "label"],
                    "SELECT users.id, users.email AS mail, upper(users.name) AS label FROM public.users"),
                view("public", "broken", ["x"], "SELECT FROM WHERE"),
                view(
                    "public", "rows", ["id", "u", "doc"],
                    "SELECT u.id, u.*::public.users AS u, row_to_json(u.*) AS doc FROM public.users u"),
                view(
                    "public", "totals", ["user_id", "total"],
                    "SELECT o.user_id, sum(o.total) AS total FROM public.orders o GROUP BY o.user_id", kind: "m"),
                view("public", "weird", ["x"], "SELECT public.secret_mail(users.id) AS x FROM public.users"),
                view(
                    "public", "filtered", ["id"],
                    "SELECT users.id FROM public.users WHERE (users.email ~~ 'a%'::text)"),
            ]
        return catalog
    }

    /// Columns that are never NULL, a partition, and views that leave rows out or do not.
    static let keys: Catalog = {
        var catalog = Catalog()
        catalog.complete = true
        catalog.searchPath = ["public"]
        var part = table("public", "part", ["id", "name", "active", "gone"], notNull: [0, 1, 2])
        part.parents = [named("public", "t")]
        catalog.relations = [
            table("app", "t", ["id"]),
            view("public", "counted", ["many"], "SELECT count(*) AS many FROM public.t"),
            view("public", "deep", ["past", "number"], "SELECT s.past, s.id AS number FROM public.shown s"),
            view("public", "living", ["id"], "SELECT t.id FROM public.t WHERE (t.gone IS NULL)"), part,
            view("public", "shown", ["id", "past"], "SELECT t.id, t.gone AS past FROM public.t"),
            table("public", "t", ["id", "name", "active", "gone", "payload"], kind: "p", notNull: [0, 1, 2]),
            table("public", "tag", ["tag"]), table("public", "u", ["id", "uid", "x"], notNull: [0]),
        ]
        return catalog
    }()

    private static var tables: [Relation] {
        var part = table("public", "events_2024", ["id", "at", "payload"])
        part.parents = [named("public", "events")]
        var audited = table("public", "audited", ["id", "secret"])
        audited.rules = [
            "CREATE RULE keep AS ON UPDATE TO public.audited WHERE (old.secret <> new.secret) "
                + "DO INSERT INTO public.notes (id, body) VALUES (old.id, public.wrapped(new.secret))",
            "CREATE RULE nothing AS ON DELETE TO public.audited DO INSTEAD NOTHING",
        ]
        return [
            table("app", "users", ["id", "login"]), table("archive", "mails", ["id", "email", "extra"]),
            table("odd.schema", "T a", ["x.y"]), audited,
            table("public", "events", ["id", "at", "payload"], kind: "p"),
            part, table("public", "notes", ["id", "body", "author"]),
            table("public", "orders", ["id", "user_id", "total", "note"]),
            table("public", "users", ["id", "name", "email", "manager_id"]),
        ]
    }

    static func table(
        _ schema: String, _ name: String, _ columns: [String], kind: String = "r", notNull: [UInt32] = []
    ) -> Relation {
        var relation = Relation()
        relation.schema = schema
        relation.name = name
        relation.kind = kind
        relation.columns = columns
        relation.notNull = notNull
        return relation
    }

    static func view(
        _ schema: String, _ name: String, _ columns: [String], _ definition: String, kind: String = "v"
    ) -> Relation {
        var relation = table(schema, name, columns, kind: kind)
        relation.definition = definition
        return relation
    }

    static func named(_ schema: String, _ name: String) -> RelationName {
        var relation = RelationName()
        relation.schema = schema
        relation.name = name
        return relation
    }
}

func resolved(_ sql: String, _ catalog: Catalog = SampleCatalog.whole) -> Facts {
    PostgresClassifier().facts(of: Array(sql.utf8), catalog: catalog)
}

/// Names without the schema `public`, which most of the sample has.
func short(_ names: [String]) -> String {
    names.map { $0.hasPrefix("public.") ? String($0.dropFirst(7)) : $0 }.joined(separator: " ")
}
