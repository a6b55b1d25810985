import Contract
import SwiftProtobuf
import Testing

@testable import PostgresAccept

@Suite("Catalogue excerpts")
final class SchemaCatalogTests {
    private var time: UInt64 = 1_000_000_000_000
    private var definitions: UInt64 = 0
    private var questions: [SchemaQuestion] = []
    private var answers: [(SchemaAnswer?) -> Void] = []
    private lazy var catalog = SchemaCatalog(
        now: { [unowned self] in self.time }, definitions: { [unowned self] in self.definitions },
        ask: { [unowned self] question, answer in
            self.questions.append(question)
            self.answers.append(answer)
        })

    private static let rows: [[String]] = [
        ["path", #"["pg_catalog","public"]"#],
        ["relation", "10", "public", "users", "r", #"["id","email"]"#, "", "", "", "10", ""],
        [
            "relation", "11", "public", "contacts", "v", #"["mail"]"#, "SELECT users.email AS mail FROM public.users;",
            "", #"["10"]"#, "0", "",
        ],
        ["relation", "12", "public", "users_1", "r", #"["id","email"]"#, "", #"["CREATE RULE r AS …"]"#, "", "10", ""],
        ["relation", "13", "other", "users", "r", "", "", "", "", "", ""],
        ["parent", "12", "10"],
    ]

    /// Logins go with their users, their tokens lose them, and what a rule of the tokens does is read elsewhere.
    private static let cascading: [[String]] =
        [rows[0]] + [
            [
                "relation", "10", "public", "users", "r", #"["id","email"]"#, "", "", "", "10",
                #"[{"oid": "20", "delete": "c", "update": "", "keys": ["id"], "columns": ["user_id"]}]"#,
            ]
        ] + Array(rows[2..<5]) + [
            [
                "relation", "20", "public", "logins", "r", #"["id","user_id"]"#, "", "", "", "11",
                #"[{"oid": "21", "delete": "n", "update": "c", "keys": ["id"], "columns": ["login_id"]}]"#,
            ],
            [
                "relation", "21", "public", "tokens", "r", #"["login_id"]"#, "", #"["CREATE RULE r AS …"]"#, #"["22"]"#,
                "0", "",
            ],
            ["relation", "22", "public", "log", "r", #"["id"]"#, "", "", "", "0", ""],
            ["relation", "23", "public", "all_logins", "p", #"["id","user_id"]"#, "", "", "", "00", ""],
            ["parent", "20", "23"],
        ]

    private func answer(_ rows: [[String]]? = SchemaCatalogTests.rows) throws {
        let answer = try rows.map { try #require(SchemaAnswer(rows: $0)) }
        try #require(answers.first != nil)
        answers.removeFirst()(answer)
    }

    private func excerpt(_ names: Set<String>, pathKnown: Bool = true) -> () -> Result<
        SchemaCatalog.Excerpt, SchemaCatalog.Failure
    >? {
        final class Box { var value: Result<SchemaCatalog.Excerpt, SchemaCatalog.Failure>? }
        let box = Box()
        catalog.excerpt(of: names, pathKnown: pathKnown) { box.value = $0 }
        return { box.value }
    }

    private func relations(_ result: Result<SchemaCatalog.Excerpt, SchemaCatalog.Failure>?) throws -> [String] {
        let excerpt = try #require(try result?.get())
        let message = try Contract.Catalog(serializedBytes: excerpt.bytes)
        #expect(message.complete)
        return message.relations.map { "\($0.schema).\($0.name)" }
    }

    @Test func asksOnceForNewNames() throws {
        let first = excerpt(["select", "contacts"])
        #expect(first() == nil)
        #expect(questions == [SchemaQuestion(names: ["select", "contacts"])])
        try answer()
        #expect(try relations(first()) == ["public.contacts", "public.users"])
        #expect(try relations(excerpt(["contacts"])()) == ["public.contacts", "public.users"])
        #expect(questions.count == 1)
    }

    @Test func textsThatComeMeanwhileShareOneQuestion() throws {
        let first = excerpt(["a"])
        let second = excerpt(["users"])
        let third = excerpt(["b", "users_1"])
        try answer()
        #expect(try relations(first()) == [])
        #expect(questions.count == 2)
        #expect(questions[1].names == ["users", "b", "users_1"])
        try answer()
        #expect(try relations(second()) == ["other.users", "public.users"])
        #expect(try relations(third()) == ["public.users", "public.users_1"])
    }

    @Test func furtherNamesAddToWhatIsKnown() throws {
        _ = excerpt(["contacts"])
        try answer()
        let version = catalog.version
        time += SchemaCatalog.lifetime / 2
        let further = excerpt(["contacts", "orders"])
        try answer([Self.rows[0], ["relation", "20", "public", "orders", "r", #"["id"]"#, "", "", "", "", ""]])
        #expect(questions.map(\.names) == [["contacts"], ["orders"]])
        #expect(try relations(further()) == ["public.contacts", "public.orders", "public.users"])
        #expect(catalog.version == version)
        // What was known first is asked again in its time, with all the rest.
        time += SchemaCatalog.lifetime / 2
        catalog.keepFresh()
        #expect(questions.last?.names == ["contacts", "orders"])
    }

    @Test(arguments: [
        [["path", #"["pg_catalog","other"]"#]],
        [rows[0], ["relation", "10", "public", "users", "r", #"["id","mail"]"#, "", "", "", "", ""]],
        [rows[0], ["relation", "98", "public", "users", "v", #"["x"]"#, "SELECT 1;", "", "", "", ""]],
        [rows[0], ["relation", "99", "public", "contacts", "v", #"["x"]"#, "SELECT 1;", "", "", "", ""]],
    ])
    func furtherNamesThatDisagreeReplaceWhatWasKnown(_ rows: [[String]]) throws {
        _ = excerpt(["contacts"])
        try answer()
        let version = catalog.version
        let further = excerpt(["contacts", "orders"])
        try answer(rows)
        #expect(catalog.version > version)
        #expect(further() == nil)
        #expect(questions.last?.names == ["contacts"])
        try answer(rows)
        #expect(further() != nil)
    }

    @Test func relationsSayWhatTheyAre() throws {
        let found = excerpt(["users_1", "contacts"])
        try answer()
        let message = try Contract.Catalog(serializedBytes: try #require(try found()?.get()).bytes)
        #expect(message.searchPath == ["pg_catalog", "public"])
        let child = try #require(message.relations.first { $0.name == "users_1" })
        #expect(child.columns == ["id", "email"])
        #expect(child.parents.map(\.name) == ["users"])
        #expect(child.rules.count == 1)
        let view = try #require(message.relations.first { $0.name == "contacts" })
        #expect(view.kind == "v")
        #expect(view.definition.hasPrefix("SELECT"))
    }

    @Test func columnsThatHoldNoNullAreTold() throws {
        let found = excerpt(["users_1", "contacts"])
        try answer()
        let message = try Contract.Catalog(serializedBytes: try #require(try found()?.get()).bytes)
        #expect(message.relations.map(\.notNull) == [[], [0], [0]])
    }

    @Test func rowsThatChangeWithOthersAreToldWhereAnyChange() throws {
        _ = excerpt(["select", "delete", "update", "merge", "users", "log"])
        try answer(Self.cascading)
        let whole = ["other.users", "public.users"]
        #expect(try relations(excerpt(["select", "users"])()) == whole)
        for word in ["delete", "update", "merge"] {
            #expect(
                try relations(excerpt([word, "users"])())
                    == [
                        "other.users", "public.all_logins", "public.log", "public.logins", "public.tokens",
                        "public.users",
                    ])
        }
        let found = excerpt(["delete", "users"])
        let message = try Contract.Catalog(serializedBytes: try #require(try found()?.get()).bytes)
        func relation(_ name: String) throws -> Relation {
            try #require(message.relations.last { $0.name == name })
        }
        let cascade = try #require(try relation("users").cascades.first)
        #expect((cascade.schema, cascade.name) == ("public", "logins"))
        #expect((cascade.onDelete, cascade.onUpdate) == ("c", ""))
        #expect((cascade.keys, cascade.columns) == (["id"], ["user_id"]))
        // What is only changed with others is told by its name.
        #expect(try relation("logins").columns.isEmpty && relation("logins").parents.map(\.name) == ["all_logins"])
        #expect(try relation("logins").cascades.map(\.onUpdate) == ["c"])
        #expect(try !relation("tokens").columns.isEmpty && !relation("log").columns.isEmpty)
    }

    /// A rule may change rows that its own text does not name.
    @Test func rulesMayChangeRows() throws {
        let found = excerpt(["select", "tokens", "users"])
        try answer(Self.cascading)
        #expect(try relations(found()).contains("public.logins"))
    }

    @Test func anotherForeignKeyIsAnotherVersion() throws {
        _ = excerpt(["delete", "users"])
        try answer(Self.cascading)
        let version = catalog.version
        time += SchemaCatalog.lifetime
        catalog.keepFresh()
        var changed = Self.cascading
        changed[5][10] = changed[5][10].replacing(#""n""#, with: #""c""#)
        try answer(changed)
        #expect(catalog.version == version + 1)
    }

    @Test func anUncertainPathIsLeftOut() throws {
        let found = excerpt(["users"], pathKnown: false)
        try answer()
        #expect(try Contract.Catalog(serializedBytes: try #require(try found()?.get()).bytes).searchPath == [])
    }

    @Test func anotherAnswerIsAnotherVersion() throws {
        _ = excerpt(["contacts"])
        try answer()
        let version = catalog.version
        time += SchemaCatalog.lifetime
        // Old but usable: it is asked again behind the answer.
        #expect(try relations(excerpt(["contacts"])()) == ["public.contacts", "public.users"])
        try answer()
        #expect(catalog.version == version)
        time += SchemaCatalog.lifetime
        catalog.keepFresh()
        var changed = Self.rows
        changed[2][5] = #"["mail","phone"]"#
        try answer(changed)
        #expect(catalog.version == version + 1)
    }

    @Test func changedDefinitionsAreAskedAgain() throws {
        _ = excerpt(["users"])
        try answer()
        let version = catalog.version
        definitions += 1
        catalog.keepFresh()
        #expect(catalog.version > version)
        let again = excerpt(["users"])
        #expect(again() == nil)
        try answer()
        #expect(try relations(again()) == ["other.users", "public.users"])
    }

    @Test func anAnswerFromBeforeTheChangeDoesNotCount() throws {
        let found = excerpt(["users"])
        definitions += 1
        catalog.keepFresh()
        try answer()
        #expect(found() == nil)
        try answer()
        #expect(try relations(found()) == ["other.users", "public.users"])
    }

    @Test func withoutTheTargetNothingIsKnown() throws {
        let found = excerpt(["users"])
        try answer(nil)
        // It may have been another text's names.
        #expect(found() == nil)
        try answer(nil)
        #expect(found() == .failure(.unavailable))
        let later = excerpt(["users"])
        try answer()
        #expect(try relations(later()) == ["other.users", "public.users"])
        time += SchemaCatalog.patience
        let late = excerpt(["users"])
        #expect(late() == nil)
        try answer(nil)
        try answer(nil)
        #expect(late() == .failure(.unavailable))
    }

    @Test func aTextThatCannotBeAnsweredHoldsUpNoOther() throws {
        let locked = excerpt(["contacts"])
        let other = excerpt(["users"])
        let third = excerpt(["users_1"])
        let fourth = excerpt(["a"])
        try answer(nil)
        #expect(questions.last?.names == ["contacts"])
        try answer(nil)
        #expect(locked() == .failure(.unavailable))
        #expect(questions.last?.names == ["users"])
        try answer()
        #expect(try relations(other()) == ["other.users", "public.users"])
        // What can be answered is asked for together again.
        #expect(questions.last?.names == ["users_1", "a"])
        try answer()
        #expect(try relations(third()) == ["public.users", "public.users_1"])
        #expect(try relations(fourth()) == [])
        let again = excerpt(["contacts"])
        #expect(questions.last?.names == ["contacts"])
        try answer()
        #expect(try relations(again()) == ["public.contacts", "public.users"])
    }

    @Test func nobodyWaitsForEver() throws {
        let first = excerpt(["a"])
        let second = excerpt(["b"])
        time += SchemaCatalog.answerTimeout
        try answer(nil)
        #expect(first() == .failure(.unavailable) && second() == .failure(.unavailable))
        #expect(answers.count <= 1)
    }

    @Test func whatIsRememberedDoesNotOutliveTheCatalogue() throws {
        _ = excerpt(["users"])
        try answer()
        let version = catalog.version
        time += SchemaCatalog.patience
        catalog.keepFresh()
        #expect(catalog.version > version)
    }

    @Test(arguments: [
        [["path", #"["public"]"#], ["relation", "x", "s", "n", "r", "", "", "", "", "", ""]],
        [["path", #"["public"]"#], ["relation", "1", "s", "n", "r", "", "", "", "", ""]],
        [["path", #"["public"]"#], ["relation", "1", "s", "n", "r", "", "", "", "", "", #"[{"oid": 1}]"#]],
        [
            ["path", #"["public"]"#],
            [
                "relation", "1", "s", "n", "r", "", "", "", "", "",
                #"[{"oid": "2", "delete": "c", "update": "", "keys": [], "columns": []}]"#,
            ],
        ],
        [["path", "no list"]], [["other"]], [],
        [["path", "[]"]], [["path", #"["public"]"#], ["parent", "1", "2"]],
    ])
    func otherRowsAreNoAnswer(_ rows: [[String]]) {
        #expect(SchemaAnswer(rows: rows) == nil)
    }

    @Test func theWholeCatalogueHasEverything() throws {
        let whole = try #require(SchemaAnswer(rows: Self.rows)).catalog
        #expect(whole.complete && whole.searchPath == ["pg_catalog", "public"])
        #expect(
            whole.relations.map { "\($0.schema).\($0.name)" }
                == ["other.users", "public.contacts", "public.users", "public.users_1"])
        #expect(!SchemaQuestion(names: nil).sql.contains("c.relname ="))
        #expect(SchemaQuestion(names: ["a"]).sql.contains("c.relname = ANY (ARRAY[E'a']::name[]) AND c.relkind IN"))
    }
}
