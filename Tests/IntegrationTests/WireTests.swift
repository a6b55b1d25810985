import Foundation
import TestKit
import Testing

extension Integration {
    /// Raw bytes of hostile and unusual clients (Clients/probes.py).
    @Suite(.serialized)
    struct WireTests {
        @Test(arguments: [
            "function_call", "replication", "startup_options", "silence", "startup_lengths", "message_lengths",
            "truncated_payloads", "unknown_messages", "second_startup", "bytes_before_tls", "encryption_requests",
            "protocol_versions", "huge_statement", "cancel", "refused_in_pipeline", "refused_in_transaction",
            "savepoint_survives_refusal", "flush_and_portals", "several_statements", "statement_replaced",
            "byte_by_byte", "secret_in_error", "unsafe_settings", "ambiguous_names", "settings_as_rows",
            "utility_under_a_name", "query_in_a_failed_batch", "query_during_copy", "flood",
        ])
        func probe(_ name: String) async throws {
            let world = try await World.shared.value
            let before = try await world.logCount()
            let restarts = try await world.gateway.stages().map(\.restarts)
            // Whoever may do anything may do what the parser does not understand; the agent may not.
            let token = ["huge_statement", "flood"].contains(name) ? world.agent : world.plain
            let ran = try await world.clients(token).python(client("probes.py"), [name])
            #expect(ran.status == 0, "\(ran.transcript)")
            let log = try await world.logged(since: before)
            for forbidden in [
                "DROP TABLE scratch", "DELETE FROM scratch", "nobody_at_all", "fastpath", "must be skipped",
            ] {
                #expect(!log.contains { $0.text.contains(forbidden) }, "\(forbidden) reached the server")
            }
            #expect(try await world.gateway.stages().map(\.restarts) == restarts, "a stage died")
        }
    }
}
