import Foundation
import TestKit
import Testing

extension Pipeline {
    /// Events of a whole Sluice under load, whose forwarder is killed.
    @Suite(.serialized)
    struct ForwardTests {
        private static let forward = """
            recording:
              forward:
                sinks:
                  own:
                    command: [python3, "\(Project.root)/examples/sinks/file.py", events.jsonl]
                    from: start
            """

        private static func lines(_ rig: Rig) -> [String] {
            let data = FileManager.default.contents(atPath: rig.gateway.directory.file("events.jsonl")) ?? Data()
            return String(decoding: data, as: UTF8.self).wholeLines
        }

        private static func id(_ line: String) throws -> String {
            guard let id = try JSONValue(line)["metadata"]["uid"].string else { throw TestKitError("no id: \(line)") }
            return id
        }

        /// Commands, by their id; a line that comes again is the same line.
        private static func commands(_ lines: [String]) throws -> [String: Set<String>] {
            var found: [String: Set<String>] = [:]
            for line in lines where try id(line).split(separator: "/").count == 2 {
                found[try id(line), default: []].insert(line)
            }
            return found
        }

        @Test func everyCommandOfALoadComesAsTheExportHasIt() async throws {
            try await Rig.with(extra: Self.forward) { rig in
                var former = try await rig.gateway.readyProcess(of: "forwarder")
                async let load = rig.gateway.clients(rig.free).run(
                    "pgbench", ["-n", "-c", "4", "-t", "250", "orders"])
                for turn in 1...4 {
                    try await eventually("events come") { Self.lines(rig).count >= turn * 100 }
                    kill(former, SIGKILL)
                    former = try await rig.gateway.readyProcess(of: "forwarder", otherThan: former)
                }
                #expect(try BenchReport(try await load).errors.isEmpty)
                let refused = try await rig.gateway.clients(rig.agent).psql(
                    "COMMENT ON TABLE customers IS 'x';\nSELECT 1;")
                #expect(refused.status == 0 || refused.errors.contains("42501"), "\(refused.transcript)")
                let exported = try await rig.gateway.sluice(
                    ["sessions", "export", "--format", "ocsf"], deadline: .seconds(120))
                let expected = try Self.commands(exported.output.split(separator: "\n").map(String.init))
                #expect(expected.count > 4 * 250 * 7)
                try await eventually("all commands came", deadline: .seconds(60)) {
                    let ids = Set(try Self.lines(rig).map(Self.id))
                    return expected.keys.allSatisfy(ids.contains)
                }
                let found = try Self.commands(Self.lines(rig))
                let different = expected.filter { found[$0.key] != $0.value }
                #expect(
                    different.isEmpty,
                    "\(different.count) differ: \(different.first?.value ?? []) \(different.first.flatMap { found[$0.key] } ?? [])"
                )
            }
        }

        @Test func sessionsHoldsAndWhatAnOperatorEnded() async throws {
            try await Rig.with(extra: Self.forward) { rig in
                func events(_ suffix: String) throws -> [JSONValue] {
                    try Self.lines(rig).filter { try Self.id($0).hasSuffix(suffix) }.map { try JSONValue($0) }
                }
                async let held = rig.gateway.clients(rig.agent).psql("TRUNCATE pgbench_history;")
                let request = try await eventually("it is held") { try await rig.gateway.pendingApprovals().first }
                try await eventually("the hold comes while it waits") { try events("/held").count == 1 }
                let id = try #require(request["id"].string)
                let approved = try await rig.gateway.sluice(["approvals", "approve", id], as: rig.dba)
                #expect(approved.status == 0, "\(approved.transcript)")
                #expect(try await held.status == 0)
                try await eventually("so does the approval") {
                    try events("/reviewed").contains { $0["disposition"].string == "Approved" }
                }
                let hold = try #require(try events("/held").first)
                #expect(hold["query_info"]["query_string"].string == "TRUNCATE pgbench_history;")
                #expect(hold["disposition"].string == "Delayed" && hold["unmapped"]["holds"].array.first?.string == id)

                async let sleeping = rig.gateway.clients(rig.free).psql("SELECT pg_sleep(60);")
                let session = try await eventually("it runs") {
                    try await rig.gateway.json(["sessions", "list", "--identity", "free-1", "--open"]).list.first?["id"]
                        .string
                }
                let killed = try await rig.gateway.sluice(["sessions", "kill", session, "--reason", "ticket 9"])
                #expect(killed.status == 0, "\(killed.transcript)")
                _ = try await sleeping
                try await eventually("that an operator ended it") {
                    try events("/killed").contains {
                        $0["session"]["uid"].string == session
                            && $0["status_detail"].string?.contains("ticket 9") == true
                    }
                }
            }
        }

        /// What ends with everything else is forwarded too: the forwarder ends last.
        @Test func theLastEventsCome() async throws {
            let rig = try await Rig.start(extra: Self.forward)
            let psql = try rig.gateway.clients(rig.free).startPsql(input: .pipe)
            try psql.send("SELECT 1 AS one;\n")
            try await eventually("its session goes on") {
                try await !rig.gateway.json(["sessions", "list", "--identity", "free-1", "--open"]).list.isEmpty
            }
            await rig.gateway.stop()
            let ends = try Self.lines(rig).filter { try Self.id($0).hasSuffix("/ended") }
            let starts = try Self.lines(rig).filter { try Self.id($0).hasSuffix("/started") }
            #expect(!starts.isEmpty && ends.count == starts.count)
            await rig.stop()
        }
    }
}
