import Foundation
import TestKit
import Testing

extension Integration {
    /// Styles as clients see them: a token is the same in every type and form, and what is shown is valid for its type.
    @Suite(.serialized)
    struct StyleTests {
        private struct Styled: Sendable {
            let server: PostgresServer
            let gateway: Gateway
            let agent: Token

            static let shared = Task { try await start() }

            static let masks = """
                mask:
                  - {columns: ["*.account", "*.account_text", "*.mail", "*.token"], style: tokenize}
                  - {columns: ["*.born", "*.seen", "*.seen_here"], style: {shift: {days: 30}}}
                  - {columns: ["*.age", "*.salary", "*.rate"], style: {bucket: {width: 10}}}
                  - {columns: ["*.hired"], style: {bucket: {unit: month}}}
                  - {columns: ["*.card"], style: {partial: {first: 2, last: 4}}}
                  - {columns: ["*.name"], style: {partial: {first: 1}}}

                """

            private static let schema = """
                CREATE TABLE staff (id int PRIMARY KEY, account bigint, account_text text, mail text, token uuid, born date,
                    seen timestamp, seen_here timestamptz, age int, salary numeric(12,2), rate float8, hired date, card text,
                    name text);
                INSERT INTO staff VALUES
                    (1, 4111111111111111, '4111111111111111', 'ann@example.com', '0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9',
                     '1980-03-12', '1980-03-12 10:20:30.5', '1980-03-12 10:20:30+00', 37, 51234.56, -0.5, '2020-05-17',
                     '4111111111111234', 'Žofie'),
                    (2, 5, '5', '…', NULL, '0044-03-15 BC', 'infinity', '-infinity', -37, -1, 1e20, 'infinity', 'ab', 'x');
                GRANT ALL ON staff TO PUBLIC;
                """

            private static func start() async throws -> Styled {
                let server = try await PostgresServer.start()
                _ = try await server.direct.query(schema)
                let rule = masks.split(separator: "\n").map { "    \($0)" }.joined(separator: "\n")
                let policy = """
                    rules:
                      - {name: anything, who: {groups: [styles]}, then: allow}
                      - name: personal data
                    \(rule)

                    """
                let gateway = try await Gateway.start(.init(policy: policy), before: server)
                return Styled(
                    server: server, gateway: gateway,
                    agent: try await gateway.createToken("styles-1", groups: ["styles"], expires: "24h"))
            }

            func rows(_ sql: String) async throws -> [[String]] {
                let ran = try await gateway.clients(agent).psql(
                    "\\pset null @\n\\pset format unaligned\n\\pset tuples_only on\n\(sql);")
                try #require(ran.status == 0 && ran.errors.isEmpty, "\(ran.transcript)")
                return ran.output.split(separator: "\n").map {
                    $0.split(separator: "|", omittingEmptySubsequences: false).map(String.init)
                }.filter { $0.count > 1 }
            }
        }

        @Test func psqlShowsValuesOfTheirType() async throws {
            let styled = try await Styled.shared.value
            let rows = try await styled.rows("SELECT * FROM staff ORDER BY id")
            try #require(rows.count == 2 && rows.allSatisfy { $0.count == 14 }, "\(rows)")
            let first = rows[0]
            #expect(
                first[1] == first[2] && Int64(first[1]) != nil && first[1].count == 16 && first[1] != "4111111111111111"
            )
            #expect(first[3].contains("@") && first[3].hasSuffix(".") == false && first[3] != "ann@example.com")
            #expect(UUID(uuidString: first[4]) != nil && first[4] != "0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9")
            #expect(first[5] != "1980-03-12" && first[5].count == 10)
            #expect(first[6] == "\(first[5]) 10:20:30.5")
            #expect(first[7].hasPrefix(first[5]))
            #expect(Array(first[8...]) == ["30", "51230.00", "-10", "2020-05-01", "41***1234", "Ž***"])
            let second = rows[1]
            #expect(second[1] == "@" && second[2].hasPrefix("tok_") && second[3].hasPrefix("tok_") && second[4] == "@")
            #expect(second[5].hasSuffix(" BC") && second[5] != "0044-03-15 BC")
            #expect(
                Array(second[6...]) == [
                    "infinity", "-infinity", "-40", "-10.00", "100000000000000000000", "infinity", "***b", "***",
                ])
            #expect(try await styled.rows("SELECT * FROM staff ORDER BY id") == rows)
        }

        /// What a server reads from masked rows: COPY, and the same values through a view and by another name.
        @Test func copyAndViewsShowTheSame() async throws {
            let styled = try await Styled.shared.value
            let rows = try await styled.rows("SELECT * FROM staff ORDER BY id")
            let copied = try await styled.gateway.clients(styled.agent).psql(
                "COPY staff TO STDOUT (DELIMITER '|', NULL '@');")
            #expect(copied.output.split(separator: "\n").map(String.init) == rows.map { $0.joined(separator: "|") })
            let renamed = try await styled.rows(
                "SELECT v.mail AS a, v.born AS b, v.card FROM (SELECT * FROM staff) v ORDER BY v.id")
            #expect(renamed == rows.map { [$0[3], $0[5], $0[12]] })
            // What is computed from a column is redacted.
            let computed = try await styled.rows("SELECT lower(mail), age + 1 FROM staff ORDER BY id")
            #expect(computed == [["[redacted]", "@"], ["[redacted]", "@"]])
        }

        /// The filter makes the same of the same rows.
        @Test func theFilterShowsTheSame() async throws {
            let styled = try await Styled.shared.value
            let rows = try await styled.rows("SELECT mail, account, born, age, card FROM staff WHERE id = 1 AND true")
            let directory = try TemporaryDirectory()
            try directory.write(Styled.masks, to: "rules.yaml")
            let names = ["mail", "account", "born", "age", "card"]
            let values = ["ann@example.com", "4111111111111111", "1980-03-12", "37", "4111111111111234"]
            func csv(_ values: [String]) -> String {
                names.joined(separator: ",") + "\n" + values.joined(separator: ",") + "\n"
            }
            func json(_ values: [String]) -> String {
                "{\"mail\":\"\(values[0])\",\"account\":\(values[1]),\"born\":\"\(values[2])\",\"age\":\(values[3]),"
                    + "\"card\":\"\(values[4])\"}\n"
            }
            for (format, document) in [("csv", csv), ("json", json)] {
                let masked = try await Child(
                    Project.binaries + "/sluice",
                    [
                        "mask", "--rules", directory.file("rules.yaml"), "--format", format, "--config",
                        styled.gateway.directory.file("sluice.yaml"),
                    ], input: .text(document(values)), directory: directory, label: "mask"
                ).finish()
                #expect(masked.status == 0 && masked.output == document(rows[0]), "\(masked.transcript)")
            }
        }
    }
}
