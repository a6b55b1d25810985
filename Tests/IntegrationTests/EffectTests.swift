import Contract
import Foundation
import PostgresClassify
import TestKit
import Testing

extension Integration {
    /// Runs statements on a real server and compares what they changed with what the classifier says that they do.
    @Suite(.serialized)
    struct EffectTests {
        private static let folder = Project.root + "/Tests/IntegrationTests/Effects/"

        /// Operations that leave everything as it was but for a session's formats, cursors and prepared texts.
        private static let harmless: Set<String> = [
            "read", "session.safe", "transaction", "cursor", "prepare", "copy.out",
        ]

        /// What one statement did.
        private struct Effect {
            let sql: String
            let sqlstate: String
            let isChange: Bool
            let differences: [String]
        }

        @Test func nothingThatCountsAsReadingChangesAnything() async throws {
            let effects = try await run()
            #expect(effects.count >= 150)
            var changes = 0
            for effect in effects {
                #expect(effect.sqlstate == "00000", "\(effect.sql)")
                let facts = PostgresClassifier().facts(of: Array(effect.sql.utf8))
                if effect.isChange {
                    changes += 1
                    let isSeen = !Self.harmless.isSuperset(of: facts.operations)
                    #expect(isSeen, "\(effect.sql) is \(facts.operations) and changed \(effect.differences)")
                }
            }
            // The comparison notices changes.
            #expect(changes >= 40)
        }

        private func run() async throws -> [Effect] {
            let server = try await PostgresServer.start(connections: 20)
            defer { Task { await server.stop() } }
            _ = try await server.direct.query("CREATE DATABASE effects")
            let clients = Clients(server.endpoint(database: "effects"), in: server.directory)
            _ = try await clients.query(try String(contentsOfFile: Self.folder + "schema.sql", encoding: .utf8))
            let statements = try String(contentsOfFile: Self.folder + "statements.sql", encoding: .utf8)
                .split(separator: "\n").map(String.init).filter { !$0.hasPrefix("#") }
            // currval wants a value that this session was given.
            var script = "SELECT nextval('s');\nSELECT E'\\n@state ' || watch.state();\n"
            for sql in statements {
                script += "\(sql);\n\\echo @ended :SQLSTATE\nCOMMIT;\nSELECT E'\\n@state ' || watch.state();\n"
            }
            let ran = try await clients.psql(script, deadline: .seconds(120))
            let lines = ran.output.split(separator: "\n").map(String.init)
            let states = lines.filter { $0.hasPrefix("@state ") }
            let ends = lines.filter { $0.hasPrefix("@ended ") }.map { String($0.dropFirst("@ended ".count)) }
            guard states.count == statements.count + 1, ends.count == statements.count else {
                throw TestKitError("\(states.count) states of \(statements.count) statements\n\(ran.errors)")
            }
            return statements.indices.map { index in
                let before = Set(states[index].split(separator: " "))
                let after = Set(states[index + 1].split(separator: " "))
                return Effect(
                    sql: statements[index], sqlstate: ends[index], isChange: before != after,
                    differences: after.subtracting(before).map(String.init))
            }
        }

        /// The SQL that comes with PostgreSQL is understood: extensions, the information schema, system views.
        @Test func scriptsOfPostgreSQLAreUnderstood() throws {
            let root = "/usr/share/postgresql/15/"
            let files = try ["", "extension/", "contrib/"].flatMap { folder in
                try FileManager.default.contentsOfDirectory(atPath: root + folder).filter { $0.hasSuffix(".sql") }
                    .map { root + folder + $0 }
            }
            #expect(files.count > 100)
            for file in files {
                let text = try String(contentsOfFile: file, encoding: .utf8)
                let lines = text.split(separator: "\n", omittingEmptySubsequences: false).filter { !$0.hasPrefix("\\") }
                let sql = lines.joined(separator: "\n").replacing("@extschema@", with: "public").replacing(
                    "@extowner@", with: "owner")
                let facts = PostgresClassifier().facts(of: Array(sql.utf8))
                #expect(!facts.opaqueReason.hasPrefix("not understood"), "\(file): \(facts.opaqueReason)")
                #expect(facts.statements == 0 || !Self.harmless.isSuperset(of: facts.operations), "\(file)")
            }
        }
    }
}
