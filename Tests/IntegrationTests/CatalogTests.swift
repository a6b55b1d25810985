import Foundation
import TestKit
import Testing

@testable import PostgresClassify

extension Integration {
    /// The catalogue of functions and operators against the ones that PostgreSQL 15 has.
    @Suite(.serialized)
    struct CatalogTests {
        private struct Function: Hashable {
            let schema: String
            let name: String
            let isVolatile: Bool
        }

        private static let functions = Task { () async throws -> Set<Function> in
            let server = try await PostgresServer.start(connections: 20)
            defer { Task { await server.stop() } }
            let extensions = try await server.direct.query(
                "SELECT name FROM pg_available_extensions WHERE name <> 'plpgsql' ORDER BY name")
            for name in extensions.split(separator: "\n") {
                // Some need languages that are not installed.
                _ = try await server.direct.psql("CREATE EXTENSION IF NOT EXISTS \"\(name)\" CASCADE")
            }
            let rows = try await server.direct.query(
                "SELECT DISTINCT pronamespace::regnamespace, proname, provolatile = 'v' FROM pg_proc")
            return Set(
                rows.split(separator: "\n").compactMap { row in
                    let parts = row.split(separator: "|").map(String.init)
                    guard parts.count == 3 else { return nil }
                    return Function(schema: parts[0], name: parts[1], isVolatile: parts[2] == "t")
                })
        }

        private static func isSafe(_ name: [String]) -> Bool {
            if case .safe = FunctionEffect(name: name) { return true }
            return false
        }

        @Test func everyVolatileFunctionThatCountsAsSafeWasReviewed() async throws {
            let functions = try await Self.functions.value.filter { $0.schema == "pg_catalog" }
            #expect(functions.count > 2000)
            let risky = Set(functions.filter { $0.isVolatile && Self.isSafe(["pg_catalog", $0.name]) }.map(\.name))
            #expect(risky.symmetricDifference(FunctionCatalog.reviewed.keys).isEmpty)
        }

        @Test func everySafeFunctionExists() async throws {
            let names = Set(try await Self.functions.value.filter { $0.schema == "pg_catalog" }.map(\.name))
            #expect(FunctionCatalog.stable.subtracting(names).isEmpty)
            #expect(FunctionCatalog.writing.subtracting(names).isEmpty)
            #expect(names.isDisjoint(with: FunctionCatalog.ofLaterVersions))
            #expect(names.isDisjoint(with: FunctionCatalog.typeNames))
            let own = Set(try await Self.functions.value.filter { $0.schema == "information_schema" }.map(\.name))
            #expect(own == FunctionCatalog.informationSchema)
        }

        @Test func functionsOfExtensionsAreCalls() async throws {
            let all = try await Self.functions.value
            let ofServer = Set(all.filter { $0.schema == "pg_catalog" }.map(\.name))
            let others = Set(all.filter { $0.schema == "public" }.map(\.name)).subtracting(ofServer)
            #expect(others.count > 100)
            let safe = others.filter { Self.isSafe([$0]) }
            #expect(safe.subtracting(FunctionCatalog.ofExtensions).isEmpty)
            #expect(FunctionCatalog.ofExtensions.subtracting(others) == [])
        }

        @Test func whatReachesFurtherIsNeverSafe() async throws {
            let names = Set(try await Self.functions.value.map(\.name))
            // Not in every installation: the http extension, and what later versions brought.
            let elsewhere: Set<String> = ["http", "pg_sync_replication_slots", "pg_file_read"]
            #expect(Set(Reach.byName.keys).subtracting(names).subtracting(elsewhere).isEmpty)
            for name in Reach.byName.keys {
                #expect(!Self.isSafe([name]) && !Self.isSafe(["pg_catalog", name]))
                #expect(!FunctionCatalog.isSafe(name), "\(name)")
            }
        }

        /// Functions that PostgreSQL's own documentation names as dangerous by a common beginning.
        @Test func familiesAreNotForgotten() async throws {
            let families: [(String, Reach)] = [
                ("pg_ls_", .file), ("pg_read_", .file), ("dblink", .network), ("pg_logical_", .session),
                ("pg_replication_", .session), ("pg_wal_replay_", .session), ("query_to_", .sql), ("table_to_", .sql),
                ("schema_to_", .sql), ("database_to_", .sql), ("cursor_to_", .sql), ("crosstab", .sql),
            ]
            for function in try await Self.functions.value {
                for (prefix, reach) in families where function.name.hasPrefix(prefix) {
                    #expect(Reach(function: function.name) == reach, "\(function.name)")
                }
            }
        }

        @Test func everyOperatorIsListedAndChangesNothing() async throws {
            let server = try await World.shared.value.server.direct
            let rows = try await server.query("SELECT DISTINCT oprname FROM pg_operator")
            let names = Set(rows.split(separator: "\n").map(String.init))
            #expect(names.subtracting(FunctionCatalog.operators).isEmpty)
            let volatile = try await server.query(
                "SELECT count(*) FROM pg_operator o JOIN pg_proc p ON p.oid = o.oprcode WHERE provolatile = 'v'")
            #expect(volatile == "0")
            let casts = try await server.query(
                "SELECT count(*) FROM pg_cast c JOIN pg_proc p ON p.oid = c.castfunc WHERE provolatile = 'v'")
            #expect(casts == "0")
        }
    }
}
