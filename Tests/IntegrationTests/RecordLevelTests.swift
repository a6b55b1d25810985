import Contract
import Foundation
import Identity
import SwiftProtobuf
import TestKit
import Testing

extension Integration {
    /// How much is recorded, by rules and by budgets, with unmodified clients.
    @Suite(.serialized)
    struct RecordLevelTests {
        /// A gateway of its own, with a policy that has less recorded of some commands, and small budgets.
        struct Quiet: Sendable {
            let server: PostgresServer
            let gateway: Gateway

            static let shared = Task { try await start() }

            private static let policy = """
                rules:
                  - name: anything
                    who: {groups: [commands, metadata, full, mixed]}
                    then: allow
                  - name: no values are kept
                    who: {groups: [commands]}
                    record: commands
                  - name: nothing is kept
                    who: {groups: [metadata]}
                    record: metadata
                  - name: reads are not kept
                    who: {groups: [mixed]}
                    when: {operation: [read]}
                    record: metadata
                  - name: tables are dropped with approval
                    who: {groups: [metadata]}
                    when: {operation: [drop]}
                    then: {hold: {approvers: {groups: [dba]}, quorum: 1, expires: 15m}}
                  - name: nobody creates things
                    when: {operation: [create]}
                    then: refuse
                  - name: reviewers
                    who: {groups: [dba]}
                    then: allow

                """

            private static func start() async throws -> Quiet {
                let server = try await PostgresServer.start()
                var options = Gateway.Options(policy: policy)
                options.extra = "recording: {budget: {per_command: 64KiB, per_session: 192KiB}}"
                return Quiet(server: server, gateway: try await Gateway.start(options, before: server))
            }
        }

        /// The records of the one session of `identity` with `commands` commands, and all of their bytes.
        private func records(of identity: String, commands: Int, _ gateway: Gateway) async throws -> ([Record], Data) {
            let id = try await eventually("the session is listed as ended") {
                try await gateway.json(["sessions", "list", "--identity", identity]).list.first {
                    $0["ended"].string != nil && $0["commands"].int == commands
                }?["id"].string
            }
            let exported = try await gateway.sluice(["sessions", "export", id])
            try #require(exported.status == 0, "\(exported.transcript)")
            let records = try exported.lines.map { try Record(jsonString: String($0)) }
            return (records, try records.reduce(Data()) { $0 + Data(try $1.serializedBytes() as [UInt8]) })
        }

        /// Runs a statement with a bind value by the extended protocol.
        private func bind(_ statement: String, _ value: String, _ clients: Clients) async throws {
            let script = clients.directory.file("bind-\(value).sql")
            try Data((statement + ";\n").utf8).write(to: URL(filePath: script))
            let ran = try await clients.run(
                "pgbench", ["-n", "-M", "extended", "-t", "1", "-D", "value=\(value)", "-f", script])
            #expect(ran.status == 0, "\(ran.transcript)")
        }

        private func results(_ records: [Record]) -> [CommandResult] {
            records.compactMap { if case .result(let result) = $0.event { result } else { nil } }
        }

        private func texts(_ records: [Record]) -> [CommandReceived] {
            records.compactMap { if case .command(let command) = $0.event, !command.undecided { command } else { nil } }
        }

        /// Text and bind values, and nothing of what came back.
        @Test func commandsWithoutTheirData() async throws {
            let gateway = try await Quiet.shared.value.gateway
            let token = try await gateway.createToken("commands-1", groups: ["commands"])
            let ran = try await gateway.clients(token).psql(
                """
                SELECT id, email, ssn, card FROM customers ORDER BY id LIMIT 50;
                COPY (SELECT email FROM customers ORDER BY id) TO STDOUT;
                COPY scratch FROM STDIN;
                7001\tpassed through the gateway
                \\.
                SELECT ssn::integer FROM customers WHERE id = 3;
                SELECT no_such_column FROM customers;
                """)
            try await bind("SELECT email FROM customers WHERE id = :value", "5", gateway.clients(token))
            #expect(ran.output.contains(SampleDatabase.customer(5).email) && ran.errors.contains("22P02"))
            let (records, bytes) = try await records(of: "commands-1", commands: 5, gateway)
            let (bound, boundBytes) = try await self.records(of: "commands-1", commands: 2, gateway)
            #expect(Canaries.found(in: boundBytes).isEmpty)
            #expect(texts(bound).contains { $0.message == "Bind" && $0.parameters.map(\.value) == [Data("5".utf8)] })
            #expect(self.results(bound).map(\.rows) == [0, 1])
            #expect(Canaries.found(in: bytes).isEmpty, "\(Canaries.found(in: bytes))")
            #expect(bytes.range(of: Data("passed through".utf8)) == nil)
            let commands = texts(records)
            #expect(commands.contains { $0.text.hasPrefix("SELECT id, email, ssn") })
            #expect(commands.allSatisfy { $0.recording == .commands && $0.recordingRule == "no values are kept" })
            let results = results(records)
            #expect(results.count == 5 && results.allSatisfy { $0.recording == .commands && $0.output.isEmpty })
            #expect(results[0].rows == 50 && results[0].bytes > 2000 && results[0].tag == "SELECT 50")
            #expect(results[1].tag == "COPY 1000" && results[2].input.bytes > 0)
            // What quotes a value is left out; what names a column is not.
            #expect(results[3].sqlstate == "22P02" && results[3].error.isEmpty)
            #expect(results.contains { $0.sqlstate == "42703" && $0.error.contains("no_such_column") })

            let shown = try await gateway.session(try #require(records.first).session)
            #expect(
                shown.contains("SELECT id, email, ssn")
                    && shown.contains("data not recorded (rule “no values are kept”)"))
        }

        /// No literal of a statement, in whatever part of whatever record.
        @Test func nothingButWhatKindOfCommand() async throws {
            let gateway = try await Quiet.shared.value.gateway
            let token = try await gateway.createToken("metadata-1", groups: ["metadata"])
            let literals = ["zanzibar-1", "zanzibar-2", "zanzibar-3", "zanzibar-4", "zanzibar-5", "zanzibar-6"]
            let script = """
                SELECT 'zanzibar-1', id, email FROM customers WHERE id = 4;
                SELECT 'zanzibar-1', id, email FROM customers WHERE id = 4;
                INSERT INTO scratch VALUES (7002, 'zanzibar-2');
                COPY (SELECT 1, NULL) TO STDOUT WITH (NULL 'zanzibar-4');
                SELECT 'zanzibar-5'::integer;
                DELETE FROM scratch WHERE id = 7002 /* zanzibar-6 */;
                """
            let ran = try await gateway.clients(token).psql(script)
            try await bind("SELECT note FROM scratch WHERE note = :value", "zanzibar-3", gateway.clients(token))
            #expect(ran.output.contains("zanzibar-4") && ran.errors.contains("22P02"), "\(ran.transcript)")
            let (records, bytes) = try await records(of: "metadata-1", commands: 6, gateway)
            let (bound, boundBytes) = try await self.records(of: "metadata-1", commands: 2, gateway)
            #expect(self.results(bound).count == 2)
            for literal in literals {
                #expect((bytes + boundBytes).range(of: Data(literal.utf8)) == nil, "\(literal) is recorded")
            }
            #expect(Canaries.found(in: bytes).isEmpty)
            let commands = texts(records)
            #expect(commands.count == 6)
            #expect(commands.allSatisfy { $0.text.isEmpty && $0.parameters.isEmpty && $0.digest.count == 32 })
            #expect(commands.allSatisfy { $0.recording == .metadata && $0.recordingRule == "nothing is kept" })
            #expect(
                [UInt8](commands[0].digest)
                    == SHA256Digest(
                        of: Array(
                            "SELECT 'zanzibar-1', id, email FROM customers WHERE id = 4;".utf8)
                    ).bytes)
            let results = results(records)
            #expect(results.first { $0.command == 3 }?.tag == "INSERT 0 1")
            #expect(results.contains { $0.sqlstate == "22P02" && $0.error.isEmpty })
            // What it did is recorded, also of one whose decision was remembered.
            for command in commands.prefix(2) {
                let decided: DecisionMade? =
                    command.hasMemoised
                    ? command.memoised
                    : records.lazy.compactMap { record in
                        if case .decision(let made) = record.event, made.command == command.command {
                            made
                        } else {
                            nil
                        }
                    }.first
                let decision = try #require(decided?.decisions.first { $0.stage == "classifier" })
                #expect(decision.mac.isEmpty)
                let facts = try Decision(serializedBytes: decision.decision).facts
                #expect(facts.operations == ["read"] && facts.tablesRead == ["public.customers"])
            }

            let id = try #require(records.first).session
            for how in [["show", id], ["replay", id, "--no-delay"], ["export", id, "--format", "text"]] {
                let shown = try await gateway.sluice(["sessions"] + how)
                #expect(
                    shown.output.contains("text not recorded (rule “nothing is kept”)"), "\(how): \(shown.transcript)")
                #expect(!shown.output.contains("zanzibar"))
            }
            let table = try await gateway.sluice(["sessions", "export", id, "--format", "csv"])
            #expect(table.output.contains(",metadata,nothing is kept,"), "\(table.transcript)")
        }

        /// What is refused, and what nobody let through, is recorded whole, with the rest of its session.
        @Test func refusalsAreRecordedInFull() async throws {
            let gateway = try await Quiet.shared.value.gateway
            let token = try await gateway.createToken("metadata-2", groups: ["metadata"])
            _ = try await gateway.clients(token).psql(
                "SELECT 'kept-out';\nCREATE TABLE kept_whole (x text DEFAULT 'why');\nno SQL, 'either';")
            let (records, bytes) = try await records(of: "metadata-2", commands: 3, gateway)
            #expect(bytes.range(of: Data("kept-out".utf8)) == nil)
            let commands = texts(records)
            #expect(
                commands.map(\.text) == ["", "CREATE TABLE kept_whole (x text DEFAULT 'why');", "no SQL, 'either';"])
            #expect(results(records).map(\.recording) == [.metadata, .unspecified, .unspecified])
            #expect(results(records)[1].error.contains("nobody creates things"))
        }

        /// While it is held its digest is on record; reviewers see its text, and so does the recording when they deny it.
        @Test(arguments: [true, false])
        func whatIsHeld(_ isApproved: Bool) async throws {
            let gateway = try await Quiet.shared.value.gateway
            let name = isApproved ? "metadata-3" : "metadata-4"
            let token = try await gateway.createToken(name, groups: ["metadata"])
            let dba = try await gateway.createToken("dba-\(name)", groups: ["dba"])
            let client = try gateway.clients(token).startPsql(
                input: .text("DROP TABLE IF EXISTS held_\(isApproved);\n"))
            let id = try await eventually("it is held") {
                try await gateway.pendingApprovals().first { $0["identity"].string == name }?["id"].string
            }
            let shown = try await gateway.json(["approvals", "show", id])
            #expect("\(shown)".contains("held_\(isApproved)"))
            let waiting = try await eventually("the hold is recorded") {
                let exported = try await gateway.sluice(["sessions", "export"])
                let records = try exported.lines.map { try Record(jsonString: String($0)) }
                return records.contains { $0.hold.id == id } ? exported.output : nil
            }
            #expect(!waiting.contains("held_\(isApproved)"))
            let decided = try await gateway.sluice(
                isApproved
                    ? ["approvals", "approve", id, "--comment", "as agreed"]
                    : ["approvals", "deny", id, "--reason", "not today"], as: dba)
            #expect(decided.status == 0, "\(decided.transcript)")
            _ = try await client.finish(deadline: .seconds(30))
            let (records, bytes) = try await records(of: name, commands: 1, gateway)
            // The table's name is a fact; the text is recorded of what was denied alone.
            #expect((bytes.range(of: Data("DROP TABLE IF EXISTS".utf8)) != nil) == !isApproved)
            let comment = isApproved ? "as agreed" : "not today"
            #expect(bytes.range(of: Data(comment.utf8)) != nil)
            #expect(records.contains { $0.command.undecided })
            #expect(texts(records).map(\.recording) == [isApproved ? .metadata : .unspecified])
        }

        /// By its rules each command has its own level.
        @Test func levelsOfOneSession() async throws {
            let gateway = try await Quiet.shared.value.gateway
            let token = try await gateway.createToken("mixed-1", groups: ["mixed"])
            _ = try await gateway.clients(token).psql(
                """
                SELECT email FROM customers WHERE id = 1;
                DELETE FROM scratch WHERE note = 'whole' RETURNING note;
                BEGIN; SELECT 1; COMMIT;
                DELETE FROM scratch WHERE id = 7009;
                """)
            let (records, _) = try await records(of: "mixed-1", commands: 6, gateway)
            #expect(
                results(records).map(\.recording) == [
                    .metadata, .unspecified, .unspecified, .metadata, .unspecified, .unspecified,
                ])
        }

        /// Beyond its budget the recording says how much there was, and which bytes.
        @Test func budgetsSumUp() async throws {
            let gateway = try await Quiet.shared.value.gateway
            let token = try await gateway.createToken("full-1", groups: ["full"])
            let ran = try await gateway.clients(token).psql(
                "COPY (SELECT repeat(chr(65 + n % 26), 99) FROM generate_series(0, 1999) n) TO STDOUT;\n"
                    + "SELECT 'small';\nSELECT repeat('x', 70000);\nSELECT repeat('y', 60000);\nSELECT repeat('z', 60000);\n"
                    + "SELECT repeat('w', 60000);\nSELECT 'what still fits';")
            #expect(ran.status == 0)
            let (records, _) = try await records(of: "full-1", commands: 7, gateway)
            // What the client got, as it came over the wire.
            var sent = Data([UInt8(ascii: "H"), 0, 0, 0, 9, 0, 0, 1, 0, 0])
            for number in 0..<2000 {
                let line = Data(repeating: UInt8(65 + number % 26), count: 99) + [UInt8(ascii: "\n")]
                sent += Data([UInt8(ascii: "d"), 0, 0, 0, UInt8(line.count + 4)]) + line
            }
            sent += Data([UInt8(ascii: "c"), 0, 0, 0, 4])
            sent += Data([UInt8(ascii: "C"), 0, 0, 0, 14]) + Data("COPY 2000\0".utf8)
            sent += Data([UInt8(ascii: "Z"), 0, 0, 0, 5, UInt8(ascii: "I")])
            let results = results(records)
            let copied = try #require(results.first)
            let pieces = records.compactMap { record -> Output? in
                if case .output(let output) = record.event, output.command == 1 { output } else { nil }
            }
            let kept = pieces.reduce(Data()) { $0 + $1.data } + copied.output
            #expect(copied.rows == 2000 && copied.tag == "COPY 2000" && copied.bytes == UInt64(sent.count))
            #expect(kept.count > 60_000 && kept.count <= 64 << 10 && kept == sent.prefix(kept.count))
            #expect(pieces.last?.stopped == "per_command")
            #expect(copied.omitted.bytes == UInt64(sent.count - kept.count) && copied.omitted.budget == "per_command")
            #expect([UInt8](copied.omitted.sha256) == SHA256Digest(of: [UInt8](sent.dropFirst(kept.count))).bytes)
            #expect(
                results.map(\.omitted.budget) == [
                    "per_command", "", "per_command", "", "", "per_session", "",
                ])

            let id = try #require(records.first).session
            for how in [["show", id], ["replay", id, "--no-delay"], ["export", id, "--format", "text"]] {
                let shown = try await gateway.sluice(["sessions"] + how)
                #expect(shown.output.contains("(no more of it is recorded: budget per_command is used up)"))
                #expect(shown.output.contains("the last \(copied.omitted.bytes) bytes of the output are not recorded"))
            }
        }

        /// What a client copies in is recorded as it comes, and so are notices, cancels and when a command ran.
        @Test func everythingIsRecorded() async throws {
            let gateway = try await Quiet.shared.value.gateway
            let token = try await gateway.createToken("full-2", groups: ["full"])
            let ran = try await gateway.clients(token).psql(
                "COPY scratch FROM STDIN;\n7003\tcopied in\n\\.\nDROP TABLE IF EXISTS no_such_table;\nLISTEN news;\n"
                    + "NOTIFY news, 'extra, extra';\nSELECT 1;\nSELECT pg_sleep(0.3), 'slow';")
            #expect(ran.status == 0, "\(ran.transcript)")
            let (records, _) = try await records(of: "full-2", commands: 6, gateway)
            let outputs = records.compactMap { if case .output(let output) = $0.event { output } else { nil } }
            #expect(outputs.first { $0.fromClient }?.data.range(of: Data("7003\tcopied in\n".utf8)) != nil)
            let results = results(records)
            #expect(results[0].input.bytes > 15 && results[0].tag == "COPY 1")
            #expect(results[1].output.range(of: Data("no_such_table".utf8)) != nil, "the notice is no part of it")
            let all = outputs.map(\.data) + results.map(\.output)
            #expect(all.contains { $0.range(of: Data("extra, extra".utf8)) != nil })
            #expect(results.allSatisfy { $0.sentUs > 0 })
            let slow = try #require(records.first { $0.result.command == 6 })
            #expect(slow.timeUs - slow.result.sentUs > 250_000)
            // The session's own decision, with rule and epoch.
            let opening = records.first { $0.decision.command == 0 && $0.decision.verdict == .allow }
            #expect(opening?.decision.rule == "anything" && opening?.decision.policyEpoch.isEmpty == false)
        }
    }
}
