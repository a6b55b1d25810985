import Foundation
import TestKit
import Testing

extension Pipeline {
    /// The three example stages with real psql, as their READMEs declare them.
    @Suite(.serialized)
    struct ExampleStageTests {
        private static func stage(_ name: String, lane: String, _ command: [String]) -> String {
            let list = command.map { "\"\($0)\"" }.joined(separator: ", ")
            return "\(name):\n  lane: \(lane)\n  command: [\(list)]\n"
        }

        private static func conforms(_ command: [String], lane: String = "request") async throws {
            let tested = try await Child(
                Project.binaries + "/sluice", ["stage", "test", "--lane", lane, "--"] + command,
                directory: try TemporaryDirectory(), label: "stage-test"
            ).finish(deadline: .seconds(200))
            #expect(tested.status == 0, "\(tested.transcript)")
        }

        // MARK: - Office hours

        @Test func officeHoursCloseAndOpen() async throws {
            let interpreter = try await PythonEnvironment.shared.value
            let folder = try TemporaryDirectory()
            try folder.write(
                """
                [[hours]]
                groups = ["unlimited"]
                timezone = "UTC"
                days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
                from = "00:00"
                to = "23:59:59.999999"
                holidays = "holidays.txt"

                """, to: "hours.toml")
            try folder.write("", to: "holidays.txt")
            let command = [
                interpreter, Project.root + "/examples/stages/office-hours/office_hours.py", folder.file("hours.toml"),
            ]
            try await Self.conforms(command)
            try await Rig.with(stages: Self.stage("office-hours", lane: "request", command)) { rig in
                let clients = rig.gateway.clients(rig.free)
                let client = try clients.startPsql(input: .pipe)
                try client.send("SELECT 'at' || ' work';\n")
                try await client.waitFor("at work")
                // Today and the days around it, so that midnight does not open it.
                let day = ISO8601DateFormatter()
                day.formatOptions = [.withFullDate]
                let dates = (-1...1).map { day.string(from: Date.now.addingTimeInterval(Double($0) * 86400)) }
                try folder.write(dates.joined(separator: "\n"), to: "holidays.txt")
                try await eventually("it closes") {
                    try client.send("SELECT 'during the holidays';\n")
                    return client.errors.contains("42501") && client.errors.contains("closed now, opens")
                }
                let login = try await clients.psql("SELECT 1;")
                #expect(login.errors.contains("closed now, opens"), "\(login.transcript)")
                // Another group is not concerned.
                #expect(try await rig.gateway.clients(rig.agent).psql("SELECT 'agents';").lines == ["agents"])
                try folder.write("no date", to: "holidays.txt")
                try await eventually("a mistake closes it") {
                    try client.send("SELECT 1;\n")
                    return client.errors.contains("57P03") && client.errors.contains("its hours cannot be read")
                }
                try folder.write("", to: "holidays.txt")
                try await eventually("it opens") {
                    try client.send("SELECT 'open' || ' again';\n")
                    return client.output.contains("open again")
                }
                client.closeInput()
                _ = try await client.finish()
            }
        }

        // MARK: - Budget

        /// Nothing to mask, so that the masker is not asked: the budget stage sees the rows all the same.
        private static let unmasked = """
            rules:
              - name: anything
                who: {groups: [unlimited, ai-agents]}
                then: allow

            """

        private static let budget = """
            [[budget]]
            groups = ["unlimited"]
            commands_per_hour = 12
            rows_per_hour = 50

            """

        private static func budgetCommand(_ text: String, in folder: TemporaryDirectory) async throws -> [String] {
            try folder.write(text, to: "budget.toml")
            return [
                try await PythonEnvironment.shared.value, Project.root + "/examples/stages/budget/budget.py",
                folder.file("budget.toml"),
            ]
        }

        @Test func theBudgetStageConforms() async throws {
            let folder = try TemporaryDirectory()
            for text in [Self.budget, Self.budget.replacing("unlimited", with: "ai-agents")] {
                try await Self.conforms(try await Self.budgetCommand(text, in: folder), lane: "both")
            }
        }

        @Test func rowsAreWithheldThenCommandsRefused() async throws {
            let folder = try TemporaryDirectory()
            let command = try await Self.budgetCommand(Self.budget, in: folder)
            try await Rig.with(stages: Self.stage("budget", lane: "both", command), policy: Self.unmasked) { rig in
                let clients = rig.gateway.clients(rig.free)
                let first = try await clients.psql(
                    "SELECT count(*) FROM (SELECT aid FROM pgbench_accounts LIMIT 600) x;")
                #expect(first.lines == ["600"], "\(first.transcript)")
                let rows = try await clients.psql(
                    "SELECT aid FROM pgbench_accounts LIMIT 30;\nCOPY (SELECT 7) TO STDOUT;")
                #expect(rows.lines.count == 31 && rows.lines.last == "7", "\(rows.transcript)")
                let exceeding = try await clients.psql(
                    "INSERT INTO pgbench_history(tid) SELECT 77 FROM generate_series(1, 40) RETURNING tid;\nSELECT 'next';"
                )
                #expect(exceeding.errors.contains("42501") && exceeding.errors.contains("of 50 rows per hour"))
                #expect(exceeding.errors.contains("The command itself ran."), "\(exceeding.transcript)")
                #expect(exceeding.output.isEmpty, "\(exceeding.transcript)")
                #expect(exceeding.errors.contains("50 rows per hour are spent"), "\(exceeding.transcript)")
                let counted = try await rig.server.direct.query("SELECT count(*) FROM pgbench_history WHERE tid = 77;")
                #expect(counted == "40")
                // Its process dies and its books do not.
                let pid = try await rig.gateway.readyProcess(of: "budget")
                kill(pid, SIGKILL)
                _ = try await rig.gateway.readyProcess(of: "budget", otherThan: pid)
                let after = try await clients.psql("SELECT 'after the restart';")
                #expect(after.errors.contains("rows per hour are spent"), "\(after.transcript)")
                #expect(!(try await rig.server.statements().contains { $0.text.contains("after the restart") }))
                // Another identity has its own.
                #expect(try await rig.gateway.clients(rig.agent).psql("SELECT 'agents';").lines == ["agents"])

                var shown = ""
                for id in try await rig.gateway.sessions(of: "free-1") { shown += try await rig.gateway.session(id) }
                for text in [
                    "budget: commands-left = ", "stage budget: row-budget-exceeded per-hour=50 rows=40",
                    "stage budget: reply-withheld rule=row budget", "stage budget: row-budget-spent",
                    "error 42501: reply withheld by rule “row budget”",
                ] {
                    #expect(shown.contains(text), "\(text) in \(shown)")
                }
                #expect(try await rig.gateway.sluice(["verify"]).status == 0)
            }
        }

        @Test func commandsAreCountedOnceInEveryProtocolForm() async throws {
            let folder = try TemporaryDirectory()
            let command = try await Self.budgetCommand(Self.budget, in: folder)
            try await Rig.with(stages: Self.stage("budget", lane: "both", command), policy: Self.unmasked) { rig in
                let clients = rig.gateway.clients(rig.free)
                try folder.write("SELECT 1;\n", to: "one.sql")
                let ran = try await clients.run(
                    "pgbench", ["-n", "-M", "prepared", "-t", "10", "-f", folder.file("one.sql")])
                #expect(try BenchReport(ran).processed == 10, "\(ran.transcript)")
                let last = try await clients.psql("SELECT 'eleventh';\nSELECT 'twelfth';\nSELECT 'thirteenth';")
                #expect(last.lines == ["eleventh", "twelfth"], "\(last.transcript)")
                #expect(last.errors.contains("12 commands per hour are spent"), "\(last.transcript)")
            }
        }

        // MARK: - OPA

        @Test func aPolicyAgentDecides() async throws {
            let interpreter = try await PythonEnvironment.shared.value
            let root = Project.root + "/examples/stages/opa/"
            let port = try freePort()
            let folder = try TemporaryDirectory()
            let agent = try Child(
                interpreter, [root + "opa_server.py", "\(port)", root + "sluice.rego"], directory: folder, label: "opa")
            try await agent.waitFor("listening")
            let command = [
                interpreter, root + "opa_stage.py", "--url", "http://127.0.0.1:\(port)", "--path", "sluice/decision",
                "--timeout", "5",
            ]
            try await Self.conforms(command)
            try await Rig.with(stages: Self.stage("opa", lane: "request", command)) { rig in
                _ = try await rig.server.direct.query("CREATE TABLE payroll AS SELECT 1 AS salary;")
                let clients = rig.gateway.clients(rig.agent)
                let ran = try await clients.psql("SELECT 'read';\nSELECT * FROM payroll;\nDROP TABLE payroll;")
                #expect(ran.lines == ["read"], "\(ran.transcript)")
                #expect(ran.errors.contains("42501") && ran.errors.contains("no policy allows it"), "\(ran.transcript)")
                let held = try clients.startPsql(input: .text("DELETE FROM payroll WHERE salary = 1;\n"))
                let id = try await eventually("the change is held") {
                    try await rig.gateway.pendingApprovals().first?["id"].string
                }
                let approved = try await rig.gateway.sluice(["approvals", "approve", id], as: rig.dba)
                #expect(approved.status == 0, "\(approved.transcript)")
                let done = try await held.finish()
                #expect(!done.errors.contains("ERROR"), "\(done.transcript)")
                #expect(try await rig.server.direct.query("SELECT count(*) FROM payroll;") == "0")
                await agent.stop()
                let away = try await clients.psql("SELECT 'unjudged';")
                #expect(away.errors.contains("the policy service did not answer"), "\(away.transcript)")
                #expect(!(try await rig.server.statements().contains { $0.text.contains("unjudged") }))
            }
            await agent.stop()
        }
    }
}
