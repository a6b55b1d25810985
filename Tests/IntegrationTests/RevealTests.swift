import Foundation
import TestKit
import Testing

extension Integration {
    /// Tokens are turned back for those alone whom a rule lets do so, and not before it is recorded.
    @Suite(.serialized)
    struct RevealTests {
        private struct Desk: Sendable {
            let server: PostgresServer
            let gateway: Gateway
            /// May do everything that is allowed by rules for everything.
            let agent: Token
            let support: Token
            /// At most two at a time.
            let intern: Token
            /// When another has approved it.
            let auditor: Token
            let chief: Token

            static let shared = Task { try await start() }

            private static func start() async throws -> Desk {
                let server = try await PostgresServer.start()
                let gateway = try await Gateway.start(.init(policy: policy), before: server)
                func token(_ name: String, _ group: String) async throws -> Token {
                    try await gateway.createToken(name, groups: [group], expires: "24h")
                }
                return Desk(
                    server: server, gateway: gateway, agent: try await token("agent-1", "agents"),
                    support: try await token("support-1", "support"), intern: try await token("intern-1", "interns"),
                    auditor: try await token("auditor-1", "auditors"), chief: try await token("chief-1", "chiefs"))
            }

            private static let policy = """
                rules:
                  - {name: anything, then: allow}
                  - name: no names
                    mask: [{columns: ["customers.email", "customers.card"], style: tokenize}]
                  - {name: support, who: {groups: [support]}, when: {operation: [reveal]}, then: allow}
                  - name: interns
                    who: {groups: [interns]}
                    when: {operation: [reveal]}
                    then: allow
                    limits: {max_rows: 2}
                  - name: audits
                    who: {groups: [auditors]}
                    when: {operation: [reveal]}
                    then: {hold: {approvers: {groups: [chiefs]}, quorum: 1, expires: 10m}}

                """

            /// A customer's e-mail address and card as a client sees them.
            func tokens(_ token: Token) async throws -> [String] {
                let row = try await gateway.clients(token).query("SELECT email, card FROM customers WHERE id = 7")
                return row.split(separator: "|").map(String.init)
            }

            func values() async throws -> [String] {
                let row = try await server.direct.query("SELECT email, card FROM customers WHERE id = 7")
                return row.split(separator: "|").map(String.init)
            }

            func reveal(_ tokens: [String], as token: Token?, _ options: [String] = []) async throws -> Finished {
                try await gateway.sluice(["reveal", "orders"] + options + tokens, as: token)
            }
        }

        @Test func whomARuleNamesGetsValues() async throws {
            let desk = try await Desk.shared.value
            let (tokens, values) = (try await desk.tokens(desk.support), try await desk.values())
            try #require(tokens.count == 2 && values.count == 2 && Set(tokens).isDisjoint(with: values))
            let ran = try await desk.reveal(tokens, as: desk.support)
            #expect(ran.status == 0 && ran.lines == values && ran.errors.isEmpty, "\(ran.transcript)")
            let json = try await desk.reveal([tokens[0], "tok_AAAA"], as: desk.support, ["--format", "json"])
            #expect(
                json.lines == [
                    "{\"token\":\"\(tokens[0])\",\"value\":\"\(values[0])\"}",
                    "{\"token\":\"tok_AAAA\",\"value\":null}",
                ], "\(json.transcript)")
            #expect(
                json.status == 1 && json.errors.contains("1 of 2 are no tokens of this installation"),
                "\(json.transcript)")
        }

        /// Any client may ask, within a transaction too.
        @Test func psqlMayAsk() async throws {
            let desk = try await Desk.shared.value
            let (tokens, values) = (try await desk.tokens(desk.support), try await desk.values())
            let ask = "SELECT sluice.reveal('\(tokens[0])', '\(tokens[1])')"
            let shown = zip(tokens, values).map { "\($0)|\($1)" }
            let ran = try await desk.gateway.clients(desk.support).psql(
                """
                \(ask);
                BEGIN;
                SELECT id FROM customers WHERE id = 7;
                \(ask);
                SELECT nothing;
                \(ask);
                ROLLBACK;
                \(ask);
                SELECT 'usable';
                """)
            #expect(ran.lines == shown + ["7"] + shown + shown + ["usable"], "\(ran.transcript)")
            #expect(ran.errors.contains("25P02"), "\(ran.transcript)")
        }

        /// A rule for everything is none for this.
        @Test func aRuleHasToNameIt() async throws {
            let desk = try await Desk.shared.value
            let (tokens, values) = (try await desk.tokens(desk.agent), try await desk.values())
            let ran = try await desk.reveal(tokens, as: desk.agent)
            #expect(
                ran.status == 1 && ran.output.isEmpty && ran.errors.contains("no policy rule allows reveal on orders"),
                "\(ran.transcript)")
            let psql = try await desk.gateway.clients(desk.agent).psql("SELECT sluice.reveal('\(tokens[0])');")
            #expect(psql.errors.contains("42501") && !psql.output.contains(values[0]), "\(psql.transcript)")
            let nobody = try await desk.reveal(tokens, as: nil)
            #expect(nobody.status == 1 && nobody.errors.contains("SLUICE_TOKEN=NAME:SECRET"), "\(nobody.transcript)")
            let wrong = try await desk.reveal(tokens, as: Token(name: desk.support.name, secret: "wrong"))
            #expect(
                wrong.status == 1 && wrong.output.isEmpty && wrong.errors.contains("cannot be asked"),
                "\(wrong.transcript)")
        }

        /// Within other statements nothing is revealed, and the target is not asked.
        @Test(arguments: [
            "SELECT sluice.reveal(email) FROM customers", "SELECT sluice.reveal('T'), 1",
            "SELECT sluice.reveal('T' || 'x')",
            "SELECT sluice.reveal('T') WHERE true", "SELECT sluice.reveal()", "SELECT sluice.reveal(4111111111111111)",
            #"SELECT sluice.reveal('T')\; SELECT 1"#, "EXPLAIN SELECT sluice.reveal('T')",
            "PREPARE p AS SELECT sluice.reveal('T')", "SELECT * FROM sluice.reveal('T')",
            "COPY (SELECT sluice.reveal('T')) TO STDOUT", "SELECT sluice.reveal(VARIADIC ARRAY['T'])",
            "SELECT (SELECT sluice.reveal('T'))",
        ])
        func itStandsAlone(_ statement: String) async throws {
            let desk = try await Desk.shared.value
            let (tokens, values) = (try await desk.tokens(desk.support), try await desk.values())
            let before = try await desk.server.statements().count
            let sql = statement.replacing("'T'", with: "'\(tokens[0])'")
            let ran = try await desk.gateway.clients(desk.support).psql(sql + ";\nSELECT 'usable';")
            #expect(ran.errors.contains("0A000") && ran.errors.contains("of its own"), "\(ran.transcript)")
            #expect(!ran.output.contains(values[0]) && ran.lines.last == "usable", "\(ran.transcript)")
            #expect(
                try await desk.server.statements().dropFirst(before).allSatisfy { !$0.text.contains("reveal") })
        }

        @Test func theExtendedProtocolIsTold() async throws {
            let desk = try await Desk.shared.value
            let (tokens, values) = (try await desk.tokens(desk.support), try await desk.values())
            let ran = try await desk.gateway.clients(desk.support).python(
                client("reveal.py"), [tokens[0]])
            #expect(ran.lines == ["0A000", "0A000", values[0], "usable"], "\(ran.transcript)")
        }

        @Test func limitsCountTokens() async throws {
            let desk = try await Desk.shared.value
            let (tokens, values) = (try await desk.tokens(desk.intern), try await desk.values())
            let two = try await desk.reveal(tokens, as: desk.intern)
            #expect(two.status == 0 && two.lines == values, "\(two.transcript)")
            let three = try await desk.reveal(tokens + [tokens[0]], as: desk.intern)
            #expect(
                three.status == 1 && three.output.isEmpty
                    && three.errors.contains("3 tokens are to be revealed, at most 2 are allowed"),
                "\(three.transcript)")
        }

        @Test func whatIsHeldWaitsForApproval() async throws {
            let desk = try await Desk.shared.value
            let (tokens, values) = (try await desk.tokens(desk.auditor), try await desk.values())
            async let waiting = desk.reveal(tokens, as: desk.auditor)
            let request = try await eventually("the request is listed") {
                try await desk.gateway.pendingApprovals().first
            }
            #expect(request["command"].string?.contains(tokens[0]) == true)
            let id = try #require(request["id"].string)
            let approved = try await desk.gateway.sluice(["approvals", "approve", id], as: desk.chief)
            #expect(approved.status == 0, "\(approved.transcript)")
            let ran = try await waiting
            #expect(ran.status == 0 && ran.lines == values, "\(ran.transcript)")
            #expect(ran.errors.contains("held for approval: request \(id)"), "\(ran.transcript)")
        }

        /// Who asked for which tokens is in the recording, and what they stand for is not.
        @Test func itIsRecordedWithoutValues() async throws {
            let desk = try await Desk.shared.value
            let (tokens, values) = (try await desk.tokens(desk.support), try await desk.values())
            let ran = try await desk.reveal(tokens, as: desk.support)
            #expect(ran.status == 0 && ran.lines == values, "\(ran.transcript)")
            var told = ""
            for id in try await desk.gateway.sessions(of: desk.support.name) {
                told += try await desk.gateway.session(id)
            }
            #expect(told.contains("sluice.reveal") && tokens.allSatisfy(told.contains), "\(told)")
            #expect(values.allSatisfy { !told.contains($0) }, "\(told)")
            let verified = try await desk.gateway.sluice(["verify"])
            #expect(verified.status == 0, "\(verified.transcript)")
        }

        /// While nothing can be recorded nothing is revealed; without a masker neither.
        @Test(arguments: ["recorder", "masker"])
        func withoutAStageNothingIsShown(_ stage: String) async throws {
            let desk = try await Desk.shared.value
            let (tokens, values) = (try await desk.tokens(desk.support), try await desk.values())
            let process = try await desk.gateway.readyProcess(of: stage)
            // It takes work, and does none.
            kill(process, SIGSTOP)
            let ran: Finished
            do {
                ran = try await desk.reveal(tokens, as: desk.support)
            } catch {
                kill(process, SIGCONT)
                throw error
            }
            kill(process, SIGCONT)
            #expect(ran.status == 1 && values.allSatisfy { !ran.output.contains($0) }, "\(ran.transcript)")
            try await eventually("values are revealed again") {
                try await desk.reveal(tokens, as: desk.support).lines == values
            }
        }
    }
}
