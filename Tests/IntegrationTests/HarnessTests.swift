import Foundation
import TestKit
import Testing

extension Integration {
    /// The harness itself against PostgreSQL alone: what fails here is no fault of Sluice's.
    @Suite(.serialized)
    struct HarnessTests {
        @Test func sampleDatabaseIsAsDescribed() async throws {
            let server = try await Bare.shared.value
            let third = SampleDatabase.customer(3)
            let found = try await server.direct.query("SELECT email, ssn, card FROM customers WHERE id = 3")
            #expect(found == "\(third.email)|\(third.ssn)|\(third.card)")
            #expect(try await server.direct.query("SELECT count(*) FROM orders") == "\(SampleDatabase.orders)")
        }

        @Test func statementLogTellsSimpleFromExtended() async throws {
            let server = try await Bare.shared.value
            let app = Clients(server.endpoint(user: PostgresServer.application), in: server.directory)
            _ = try await app.query("SELECT 'two\nlines'")
            let ran = try await app.python(client("driver.py"), ["prepared"])
            #expect(ran.status == 0, "\(ran.transcript)")
            let log = try await server.statements()
            #expect(log.contains { $0.text == "SELECT 'two\nlines'" && !$0.extended })
            #expect(log.contains { $0.text.hasPrefix("SELECT id, email FROM customers") && $0.extended })
        }

        @Test(arguments: [
            "formats", "prepared", "pipeline", "copy_out", "copy_in", "cancel", "cursors", "streaming", "listening",
            "large", "parameters",
        ])
        func driverScenarioPassesDirectly(_ name: String) async throws {
            let ran = try await Bare.shared.value.direct.python(client("driver.py"), [name])
            #expect(ran.status == 0, "\(ran.transcript)")
        }

        @Test(arguments: [
            "silence", "startup_lengths", "unknown_messages", "protocol_versions", "cancel", "flush_and_portals",
            "several_statements", "byte_by_byte", "bytes_before_tls",
        ])
        func probePassesDirectly(_ name: String) async throws {
            let ran = try await Bare.shared.value.direct.python(client("probes.py"), [name])
            #expect(ran.status == 0, "\(ran.transcript)")
        }

        @Test func psqlAnswersLineByLineAndCanBeInterrupted() async throws {
            let child = try await Bare.shared.value.direct.startPsql(input: .pipe)
            try child.send("SELECT 'in';\n")
            try await child.waitFor("in")
            try child.send("DO $$ BEGIN RAISE NOTICE 'asleep'; END $$;\nSELECT pg_sleep(600);\n")
            try await child.waitFor("asleep")
            try await eventually("it is cancelled") {
                child.signal(SIGINT)
                return child.errors.contains("57014") || child.status != nil
            }
            child.closeInput()
            try await child.finish()
        }

        @Test func whatIsWrittenInTheMaskingTestsRunsDirectly() async throws {
            let direct = try await Bare.shared.value.direct
            for sql in MaskingTests.reads {
                let ran = try await direct.psql(sql + ";")
                #expect(ran.status == 0 && ran.errors.isEmpty, "\(ran.transcript.prefix(1500))")
            }
            let dump = try await direct.run("pg_dump", [])
            #expect(dump.status == 0 && dump.output.contains(SampleDatabase.customer(77).email))
            #expect(Clear.values(in: dump.output).count == 3)
        }

        @Test func programThatHangsIsKilledAndReported() async throws {
            let directory = try TemporaryDirectory()
            let child = try Child("sh", ["-c", "echo begun; sleep 600"], directory: directory)
            try await child.waitFor("begun")
            await #expect(throws: TestKitError.self) { try await child.finish(deadline: .milliseconds(50)) }
            try await eventually("it is gone") { child.status == 128 + SIGKILL }
        }
    }
}

/// A PostgreSQL that no Sluice stands before.
enum Bare {
    static let shared = Task { try await PostgresServer.start() }
}
