import Foundation
import TestKit
import Testing

extension Integration {
    /// What was done can be read back, and nobody can change it unseen.
    @Suite(.serialized)
    struct RecordingTests {
        @Test func sessionsTellWhatRan() async throws {
            let world = try await World.shared.value
            let token = try await world.gateway.createToken("recorded-1", groups: ["veiled"])
            let ran = try await world.clients(token).psql(
                """
                SELECT id, email FROM customers WHERE id = 1;
                CREATE TABLE intruder (x integer);
                INSERT INTO scratch VALUES (601, 'recorded');
                DELETE FROM scratch WHERE id = 601;
                SELECT 1/0;
                """)
            #expect(ran.status == 0)
            let id = try await eventually("the session is listed as ended") {
                try await world.gateway.json(["sessions", "list"]).list.first {
                    $0["identity"].string == "recorded-1" && $0["ended"].string != nil && $0["commands"].int == 5
                }?["id"].string
            }
            let listed = try await world.gateway.json(["sessions", "list"]).list.first { $0["id"].string == id }
            #expect(listed?["resource"].string == "orders")
            #expect(listed?["protocol"].string == "postgres")
            #expect(listed?["commands"].int == 5)

            let shown = try await world.gateway.session(id)
            for part in ["SELECT id, email FROM customers", "CREATE TABLE intruder", "nobody creates things", "22012"] {
                #expect(shown.contains(part), "\(part) is not in \(shown)")
            }
            let replay = try await world.gateway.sluice(["sessions", "replay", id, "--no-delay"])
            #expect(replay.status == 0, "\(replay.transcript)")
            for part in ["SELECT id, email FROM customers", "CREATE TABLE intruder", "division by zero"] {
                #expect(replay.output.contains(part), "\(replay.transcript)")
            }
            // A replay shows what the client saw: the masked address.
            let seen = try #require(ran.lines.first?.split(separator: "|").last)
            #expect(replay.output.contains(seen), "\(seen) is not in \(replay.output)")
            #expect(Clear.values(in: replay.output).isEmpty)
        }

        @Test func unknownSessionsAreRefused() async throws {
            let world = try await World.shared.value
            for id in ["no-such-session", "../../../etc/passwd", ""] {
                let shown = try await world.gateway.sluice(["sessions", "show", id])
                #expect(shown.status == 1 || shown.status == 2, "\(shown.transcript)")
            }
        }

        /// PostgreSQL's own log is the witness: every statement that reached it is a recorded command.
        @Test func everyStatementThatRanWasRecorded() async throws {
            let world = try await World.shared.value
            let token = try await world.gateway.createToken("recorded-2", groups: ["plain"])
            let before = try await world.logCount()
            _ = try await world.clients(token).psql(
                "SELECT 1;\nSELECT 'it''s';\nBEGIN;\nSELECT 2;\nCOMMIT;\nTABLE contacts;")
            let ran = try await world.clients(token).python(
                client("driver.py"), ["formats", "prepared", "pipeline", "copy_out", "copy_in", "cursors"])
            #expect(ran.status == 0, "\(ran.transcript)")
            let log = try await world.logged(since: before)
            #expect(log.count > 300)
            try await Recorded.covers(log, in: world.gateway, identity: "recorded-2")
        }

        @Test func verifyNamesFileAndByteOfAnyDamage() async throws {
            let world = try await World.shared.value
            let gateway = try await Gateway.start(.init(policy: Policies.everyone), before: world.server)
            let token = try await gateway.createToken("plain-1", groups: ["plain"])
            for round in 1...5 {
                let ran = try await gateway.clients(token).psql(
                    "SELECT \(round);\nSELECT repeat('x', 1000);\nTABLE contacts;")
                #expect(ran.status == 0)
            }
            let live = try await gateway.sluice(["verify"])
            #expect(live.status == 0, "while it runs: \(live.transcript)")
            #expect(await gateway.stop() == 0)
            let whole = try await gateway.sluice(["verify"])
            #expect(whole.status == 0, "\(whole.transcript)")

            let segment = try #require(Recordings(in: gateway.directory).segments.first)
            let size = try Data(contentsOf: URL(filePath: segment)).count
            func finds(_ what: String) async throws {
                let checked = try await gateway.sluice(["verify"])
                let said = checked.output + checked.errors
                #expect(checked.status == 1, "\(what): \(checked.transcript)")
                #expect(said.contains(URL(filePath: segment).lastPathComponent), "\(what) names no file: \(said)")
                #expect(said.contains(#/byte\s+[0-9]+/#), "\(what) names no byte: \(said)")
            }
            for step in 0..<24 {
                let place = step == 23 ? size - 1 : size * step / 23
                try await damaging(segment, { $0[place] ^= 0x01 }) {
                    try await finds("byte \(place) of \(size) flipped")
                }
            }
            for step in 0..<12 {
                let length = step == 0 ? size - 1 : size * step / 12
                try await damaging(segment, { $0 = $0.prefix(length) }) {
                    try await finds("cut to \(length) of \(size)")
                }
            }
            let blocks = Recordings.blocks(in: try Data(contentsOf: URL(filePath: segment)))
            try #require(blocks.count >= 4)
            for (first, next) in zip(blocks, blocks.dropFirst()) {
                try await damaging(segment, { $0.removeSubrange(first..<next) }) {
                    try await finds("block at \(first) removed")
                }
                try await damaging(segment, { $0 = $0.prefix(first) }) { try await finds("tail cut at block \(first)") }
            }
            try await damaging(
                segment,
                { data in
                    let block = data[blocks[1]..<blocks[2]]
                    data.insert(contentsOf: block, at: blocks[2])
                }
            ) { try await finds("a block repeated") }
            try await Self.findsMissingSegment(segment, gateway)
            try await Self.findsMissingFolder(segment, gateway)
            let restored = try await gateway.sluice(["verify"])
            #expect(restored.status == 0, "\(restored.transcript)")
        }

        /// The recorder's whole folder and the index are gone; then they are made good.
        private static func findsMissingFolder(_ segment: String, _ gateway: Gateway) async throws {
            func sessions(_ options: [String] = []) async throws -> [String] {
                try await gateway.json(["sessions", "list"] + options).list.compactMap { $0["id"].string }
            }
            let listed = try await sessions()
            // Those of the rounds, and the login with which the token was tried.
            #expect(listed.count == 6)
            let recordings = gateway.directory.file("state/recordings")
            let folder = URL(filePath: segment).deletingLastPathComponent().lastPathComponent
            let away = gateway.directory.file(folder)
            try FileManager.default.removeItem(atPath: recordings + "/index.sqlite")
            try FileManager.default.moveItem(atPath: recordings + "/" + folder, toPath: away)
            let checked = try await gateway.sluice(["verify"])
            #expect(checked.status == 1 && checked.output.contains(folder), "\(checked.transcript)")
            let joined = try await gateway.sluice(["verify", recordings, away])
            #expect(joined.status == 0, "\(joined.transcript)")
            #expect(!FileManager.default.fileExists(atPath: recordings + "/index.sqlite"))
            try FileManager.default.moveItem(atPath: away, toPath: recordings + "/" + folder)
            let made = try await gateway.sluice(["sessions", "reindex"])
            #expect(made.status == 0, "\(made.transcript)")
            #expect(try await sessions() == listed)
            #expect(try await sessions(["--recordings", recordings]) == listed)
        }

        private static func findsMissingSegment(_ segment: String, _ gateway: Gateway) async throws {
            try FileManager.default.moveItem(atPath: segment, toPath: segment + ".away")
            let checked = try await gateway.sluice(["verify"])
            #expect(checked.status == 1, "a segment is missing: \(checked.transcript)")
            try FileManager.default.moveItem(atPath: segment + ".away", toPath: segment)
        }

        @Test func explainAgreesWithTheGateway() async throws {
            let world = try await World.shared.value
            for (sql, decision) in [
                ("SELECT 1", "allow"), ("CREATE TABLE t (x int)", "refuse"), ("TRUNCATE customers", "hold"),
                ("DELETE FROM customers", "hold"), ("DELETE FROM customers WHERE id = 1", "allow"),
                ("no SQL at all", "refuse"),
            ] {
                let explained = try await world.gateway.json(["explain", "--as", "agent-1", "--on", "orders", sql])
                #expect(explained["decision"].string == decision, "\(sql): \(explained)")
            }
        }
    }
}
