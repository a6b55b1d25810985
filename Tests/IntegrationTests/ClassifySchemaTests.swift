import Foundation
import TestKit
import Testing

extension Integration {
    /// `sluice classify-schema` as a client of the gateway.
    @Suite(.serialized)
    struct ClassifySchemaTests {
        private static func run(_ token: Token?, _ arguments: [String] = []) async throws -> Finished {
            let world = try await World.shared.value
            return try await world.gateway.sluice(
                ["classify-schema", "orders"] + arguments, as: token,
                environment: ["TARGET_PASSWORD": PostgresServer.password], deadline: .seconds(60))
        }

        @Test func proposesTagsWithoutValues() async throws {
            let world = try await World.shared.value
            let before = try await world.gateway.json(["sessions", "list"]).array.count
            let ran = try await Self.run(world.plain)
            #expect(ran.status == 0 && Clear.values(in: ran.output + ran.errors).isEmpty, "\(ran.transcript)")
            for line in [
                "  public.customers.email: [pii.email]\n", "  public.customers.phone: [pii.phone]\n",
                "  public.customers.ssn: [pii.us_ssn]\n", "  public.customers.card: [pii.credit_card]\n",
            ] {
                #expect(ran.output.contains("\n" + line), "\(line): \(ran.transcript)")
            }
            #expect(!ran.output.contains("\n  public.orders.amount"), "\(ran.transcript)")
            // It is a session as every client's is.
            try await eventually("its session is listed") {
                try await world.gateway.json(["sessions", "list"]).array.count > before
            }
        }

        /// What it writes is what policies read.
        @Test func policiesTakeTheFile() async throws {
            let world = try await World.shared.value
            let directory = try TemporaryDirectory()
            let file = directory.file("orders.tags.yaml")
            let ran = try await Self.run(world.plain, ["--output", file, "--rows", "50"])
            #expect(ran.status == 0 && ran.output.isEmpty, "\(ran.transcript)")
            try directory.write(
                "tags: orders.tags.yaml\nmask: [{columns: [\"tag:pii.email\"], style: redact}]\n", to: "rules.yaml")
            let masked = try await Child(
                Project.binaries + "/sluice", ["mask", "--format", "json", "--rules", directory.file("rules.yaml")],
                input: .text("{\"customers\": {\"email\": \"x\", \"id\": 1}}\n"), directory: directory, label: "mask"
            ).finish()
            #expect(
                masked.output == "{\"customers\": {\"email\": \"[redacted]\", \"id\": 1}}\n", "\(masked.transcript)")
        }

        @Test func whatComesMaskedIsCovered() async throws {
            let world = try await World.shared.value
            let ran = try await Self.run(world.veiled)
            #expect(ran.status == 0, "\(ran.transcript)")
            for column in ["email", "ssn", "card"] {
                #expect(
                    ran.output.contains("  # public.customers.\(column): masked by the policy already\n"),
                    "\(ran.transcript)")
            }
            #expect(ran.output.contains("\n  public.customers.phone: [pii.phone]\n"), "\(ran.transcript)")
            // In the style `partial` a finding does not say what it was; one that is redacted does.
            #expect(ran.output.contains("so that none was seen: email\ntags:\n"), "\(ran.transcript)")
            #expect(ran.output.contains("us_ssn: 20 of 200 values (10 %)"), "\(ran.transcript)")
        }

        /// Of numbers a detector leaves NULL: those are told from NULL of the column and from empty texts.
        @Test func numbersThatDetectorsTakeAreNamed() async throws {
            let world = try await World.shared.value
            let direct = world.server.direct
            _ = try await direct.query(
                """
                CREATE TABLE public.payments (id bigint, number bigint, amount numeric, none text, empty text);
                INSERT INTO public.payments SELECT n, CASE WHEN n <= 30 THEN 4111111111111111 END, n, NULL, ''
                FROM generate_series(1, 40) n; GRANT SELECT ON public.payments TO PUBLIC
                """)
            let ran: Finished
            let json: Finished
            do {
                ran = try await Self.run(world.veiled)
                json = try await Self.run(world.veiled, ["--format", "json"])
            } catch {
                _ = try await direct.query("DROP TABLE public.payments")
                throw error
            }
            _ = try await direct.query("DROP TABLE public.payments")
            #expect(
                ran.output.contains(
                    "\n  # public.payments.number: 30 values withheld by the policy's detectors: look at it\n"),
                "\(ran.transcript)")
            for column in ["id", "amount", "none", "empty"] {
                #expect(!ran.output.contains("public.payments.\(column)"), "\(ran.transcript)")
            }
            let tables = try JSONValue(json.output)["tables"].array
            let payments = try #require(tables.first { $0["table"].string == "public.payments" })
            #expect(payments["columns"].array.map { $0["withheld"].int } == [0, 30, 0, 0, 0])
        }

        @Test func jsonSaysTheSame() async throws {
            let world = try await World.shared.value
            let ran = try await Self.run(world.veiled, ["--format", "json"])
            let report = try JSONValue(ran.output)
            let tables = report["tables"].array
            #expect(report["resource"].string == "orders" && report["account"].string == world.veiled.name)
            let customers = try #require(tables.first { $0["table"].string == "public.customers" })
            #expect(customers["rows"].int == 200 && customers["failure"].string == nil)
            let phone = try #require(customers["columns"].array.first { $0["column"].string == "phone" })
            #expect(phone["tags"].array.first?["tag"].string == "pii.phone")
            #expect(phone["tags"].array.first?["confidence"].string == "high")
            #expect(tables.contains { $0["table"].string == "public.orders" })
        }

        /// Names that are hard to write, and tables without rows.
        @Test func anyNamesMakeAFile() async throws {
            let world = try await World.shared.value
            _ = try await world.server.direct.query(
                """
                CREATE SCHEMA odd; CREATE TABLE odd."We.ird "" \\ #" (id bigint, "e'mail: {x}, [y]" text);
                INSERT INTO odd."We.ird "" \\ #" SELECT n, 'p' || n || '@example.com' FROM generate_series(1, 50) n;
                CREATE TABLE odd.empty (ssn text, none text);
                CREATE TABLE odd.U&"evil\\2028  public.customers.name: [pii.x]\\0085# \\202E" (ssn text, email text);
                INSERT INTO odd.U&"evil\\2028  public.customers.name: [pii.x]\\0085# \\202E"
                SELECT NULL, 'p' || n || '@example.com' FROM generate_series(1, 50) n; GRANT USAGE ON SCHEMA odd TO PUBLIC;
                CREATE TABLE odd.twins ("a.b" text, "a:b" text);
                INSERT INTO odd.twins SELECT 'p' || n || '@example.com', '536-90-' || 4400 + n FROM generate_series(1, 50) n;
                GRANT SELECT ON ALL TABLES IN SCHEMA odd TO PUBLIC
                """)
            let directory = try TemporaryDirectory()
            let ran: Finished
            do {
                ran = try await Self.run(world.plain, ["--output", directory.file("odd.tags.yaml")])
            } catch {
                _ = try await world.server.direct.query("DROP SCHEMA odd CASCADE")
                throw error
            }
            _ = try await world.server.direct.query("DROP SCHEMA odd CASCADE")
            let text = String(
                decoding: try #require(FileManager.default.contents(atPath: directory.file("odd.tags.yaml"))),
                as: UTF8.self)
            #expect(ran.status == 0 && !text.contains("@example.com"), "\(ran.transcript)\(text)")
            #expect(text.contains("\n  \"odd.We*ird \\\" \\\\ #.e'mail* {x}, [y]\": [pii.email]\n"), "\(text)")
            // Both columns are of one pattern, and a key comes once.
            #expect(text.contains("\n  \"odd.twins.a*b\": [pii.email, pii.us_ssn]\n"), "\(text)")
            #expect(text.components(separatedBy: "\"odd.twins.a*b\":").count == 2, "\(text)")
            // What ends a line, in YAML too, does not.
            let evil = "odd.evil\\u2028  public*customers*name* [pii*x]\\u0085# \\u202e"
            #expect(text.contains("\n  \"\(evil).email\": [pii.email]\n"), "\(text)")
            #expect(text.contains("\n  # \"\(evil).ssn\": [pii.us_ssn]\n"), "\(text)")
            #expect(text.unicodeScalars.allSatisfy { ![0x85, 0x2028, 0x2029, 0x202e].contains($0.value) }, "\(text)")
            #expect(text.contains("\n  # odd.empty.ssn: [pii.us_ssn]\n"), "\(text)")
            try directory.write(
                "tags: odd.tags.yaml\nmask: [{columns: [\"tag:pii.email\"], style: redact}]\n", to: "rules.yaml")
            let masked = try await Child(
                Project.binaries + "/sluice", ["mask", "--format", "json", "--rules", directory.file("rules.yaml")],
                input: .text("{\"e'mail: {x}, [y]\": 1}\n"), directory: directory, label: "mask"
            ).finish()
            #expect(masked.output == "{\"e'mail: {x}, [y]\": null}\n", "\(masked.transcript)")
        }

        /// An account that may not read a table is told so, table by table.
        @Test func refusalsAreNamed() async throws {
            let world = try await World.shared.value
            let ran = try await Self.run(world.dba)
            #expect(
                ran.status == 0
                    && ran.output.contains("  # public.customers could not be read: refused or failed (SQLSTATE 42501)"),
                "\(ran.transcript)")
        }

        /// A table that does not answer in time ends nothing but itself.
        @Test func aLateTableIsNamed() async throws {
            let world = try await World.shared.value
            let direct = world.server.direct
            _ = try await direct.query(
                "CREATE TABLE public.aaa_late (email text); GRANT SELECT ON public.aaa_late TO PUBLIC")
            let holder = try direct.startPsql(
                input: .text("BEGIN; LOCK TABLE public.aaa_late; SELECT 'locked'; SELECT pg_sleep(600);\n"))
            let ran: Finished
            do {
                try await holder.waitFor("locked")
                ran = try await Self.run(world.plain, ["--timeout", "1"])
            } catch {
                holder.signal(SIGKILL)
                throw error
            }
            holder.signal(SIGKILL)
            try await holder.finish()
            _ = try await direct.query(
                """
                SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(600)%' AND pid <> pg_backend_pid();
                DROP TABLE public.aaa_late
                """)
            #expect(ran.status == 0, "\(ran.transcript)")
            #expect(
                ran.output.contains("  # public.aaa_late could not be read: no answer in time"), "\(ran.transcript)")
            #expect(ran.output.contains("\n  public.customers.email: [pii.email]\n"), "\(ran.transcript)")
        }

        @Test func whoCannotLogInIsTold() async throws {
            let world = try await World.shared.value
            let none = try await Self.run(nil)
            #expect(none.status == 1 && none.errors.contains("SLUICE_TOKEN=NAME:SECRET"), "\(none.transcript)")
            let wrong = try await Self.run(Token(name: world.plain.name, secret: "wrong"))
            #expect(wrong.status == 1 && wrong.errors.contains("the gateway cannot be asked"), "\(wrong.transcript)")
            #expect(wrong.output.isEmpty && wrong.errors.contains("sluice up"), "\(wrong.transcript)")
        }
    }
}
