import Contract
import Foundation
import PostgresClassify
import TestKit
import Testing

extension Integration {
    /// Conditions that count as none, tried on a real server: they hold for all of the table's rows, or for none.
    @Suite(.serialized)
    struct BreadthTests {
        private static let corpus = Project.root + "/Tests/PostgresClassifyTests/Corpus/breadth.txt"

        /// No column of a row is NULL, and no two columns go together.
        private static let schema = """
            CREATE TABLE t (id int, a int, b int, parent int, x int, name text, email text, active boolean, done boolean,
              keep boolean, old boolean, d timestamptz, deleted_at timestamptz, price numeric, u uuid, payload jsonb);
            INSERT INTO t SELECT n % 7, n % 5, n % 3, n % 11, n % 2, left('abc', n % 4), 'e' || n % 6, n % 2 = 0, n % 3 = 0,
              n % 5 = 0, n % 7 = 0, timestamptz '2019-12-25' + n * interval '100 days', now(), n % 9 * 1.25, gen_random_uuid(),
              '{"x": 1}' FROM generate_series(0, 59) n;
            CREATE TABLE u (id int, x int, uid int);
            INSERT INTO u VALUES (1, 1, 1), (2, 2, 2);
            CREATE TABLE v (x int);
            INSERT INTO v VALUES (1);
            """
        private static let rows = 60

        private static func database(_ name: String) async throws -> Clients {
            let server = try await Bare.shared.value
            _ = try await server.direct.query("DROP DATABASE IF EXISTS \(name)")
            _ = try await server.direct.query("CREATE DATABASE \(name)")
            let clients = Clients(server.endpoint(database: name), in: server.directory)
            _ = try await clients.query(schema)
            return clients
        }

        /// How many rows each statement changes; nil: it fails.
        private static func changes(_ statements: [String], _ clients: Clients) async throws -> [Int?] {
            var script = ""
            for sql in statements { script += "BEGIN;\n\(sql);\n\\echo @ended :SQLSTATE :ROW_COUNT\nROLLBACK;\n" }
            let ran = try await clients.psql(script, deadline: .seconds(240))
            let ends = ran.output.split(separator: "\n").filter { $0.hasPrefix("@ended ") }
            #expect(ends.count == statements.count, "\(ran.transcript.suffix(2000))")
            return ends.map { end in
                let words = end.split(separator: " ")
                return words.count == 3 && words[1] == "00000" ? Int(words[2]) : nil
            }
        }

        @Test func statementsOfTheCorpus() async throws {
            let lines = try String(contentsOfFile: Self.corpus, encoding: .utf8).split(separator: "\n")
            let statements = lines.filter { $0.hasPrefix("unfiltered :: ") }.map { String($0.dropFirst(14)) }
                .filter { sql in ["DELETE", "UPDATE"].contains { sql.hasPrefix($0) } }
                // What comes by chance, or of a function that is not there, tells nothing.
                .filter { sql in !["$", "TABLE", "random()", "f(id)"].contains { sql.contains($0) } }
            #expect(statements.count > 200)
            let clients = try await Self.database("breadth_corpus")
            for (sql, changed) in zip(statements, try await Self.changes(statements, clients)) {
                #expect(changed == 0 || changed == Self.rows, "\(sql): \(changed ?? -1)")
            }
        }

        @Test func madeUpConditions() async throws {
            var random = Seed(15)
            var made = Conditions(random: &random)
            let statements = (0..<4000).map { _ in "DELETE FROM t WHERE " + made.condition(depth: 3) }
            let clients = try await Self.database("breadth_made_up")
            var unfiltered = 0
            for (sql, changed) in zip(statements, try await Self.changes(statements, clients)) {
                guard let changed else { continue }
                guard PostgresClassifier().facts(of: Array(sql.utf8)).unfiltered else { continue }
                unfiltered += 1
                #expect(changed == 0 || changed == Self.rows, "\(sql): \(changed)")
            }
            #expect(unfiltered > 400)
        }

        /// Conditions over few columns and values, so that many of them always hold.
        private struct Conditions {
            var random: Seed

            init(random: inout Seed) { self.random = random }

            private mutating func one<Element>(_ elements: [Element]) -> Element {
                elements[Int(random.next() % UInt64(elements.count))]
            }

            private mutating func column() -> String { one(["id", "t.id", "a", "public.t.a", "b", "t.b"]) }

            private mutating func number(depth: Int) -> String {
                guard depth > 0 else { return one([column(), column(), "\(random.next() % 4)", "1.5", "'2'"]) }
                switch random.next() % 10 {
                case 0: return "(\(number(depth: depth - 1)) + \(number(depth: depth - 1)))"
                case 1: return "(\(column()) - \(number(depth: depth - 1)))"
                case 2: return "(\(one(["0", "1", "2", "3 - 1"])) * \(column()))"
                case 3: return "(- \(column()))"
                case 4: return "abs(\(column()) - 2)"
                case 5: return "length(name)"
                case 6: return "(\(column()) \(one(["& 0", "| 0", "# 0", "% 1", "% 2", "/ 1", "^ 0"])))"
                case 7: return "greatest(\(column()), \(random.next() % 3))"
                case 8: return "coalesce(\(column()), 0)"
                default: return "CASE WHEN \(condition(depth: 0)) THEN 1 ELSE \(one(["1", "2"])) END"
                }
            }

            mutating func condition(depth: Int) -> String {
                guard depth > 0 else {
                    switch random.next() % 9 {
                    case 0:
                        return one(["active", "t.active", "active IS TRUE", "t.active = false", "active IS NOT TRUE"])
                    case 1: return "name \(one(["LIKE", "NOT LIKE", "ILIKE"])) '\(one(["%", "a%", "%%", "_%"]))'"
                    case 2:
                        return "name \(one(["~", "!~", "~*"])) '\(one([".*", "a*", "^a", "a|", "^.*$", "b?$", "^$"]))'"
                    case 3: return "name \(one(["=", "<>", ">="])) '\(one(["", "a", "ab"]))'"
                    case 4: return "\(column()) \(one(["IN", "NOT IN"])) (\(number(depth: 0)), \(number(depth: 0)))"
                    case 5:
                        return
                            "\(column()) \(one(["BETWEEN", "NOT BETWEEN"])) \(number(depth: 0)) AND \(number(depth: 0))"
                    case 6: return "\(column()) \(one(["IS NULL", "IS NOT NULL", "IS DISTINCT FROM 1"]))"
                    default: return compared(number(depth: 0), number(depth: 0))
                    }
                }
                switch random.next() % 8 {
                case 0: return "NOT (\(condition(depth: depth - 1)))"
                case 1, 2: return "(\(condition(depth: depth - 1)) AND \(condition(depth: depth - 1)))"
                case 3, 4: return "(\(condition(depth: depth - 1)) OR \(condition(depth: depth - 1)))"
                case 5:
                    return
                        "(\(condition(depth: 0))) \(one(["IS TRUE", "IS NOT FALSE", "= true", "IS NOT NULL", "IS FALSE"]))"
                case 6:
                    let same = condition(depth: 0)
                    return "(\(same) \(one(["OR", "AND"])) \(one(["NOT", ""])) (\(same)))"
                default: return compared(number(depth: 2), number(depth: 2))
                }
            }

            private mutating func compared(_ left: String, _ right: String) -> String {
                "\(left) \(one(["=", "<>", "<", "<=", ">", ">="])) \(one([right, right, left]))"
            }
        }
    }
}
