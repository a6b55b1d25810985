import Foundation
import TestKit
import Testing

extension Integration {
    /// Every type, in every way in which PostgreSQL sends it, against what PostgreSQL itself sends.
    @Suite(.serialized)
    struct TypeTests {
        private static let policy = """
            rules:
              - {name: all may do all, who: {groups: [scanned, strict, open]}, then: allow}
              - name: personal data
                who: {groups: [scanned]}
                mask:
                  - {detect: [email, credit_card, ip_address, mac_address], style: redact}
              - name: nothing unread
                who: {groups: [strict]}
                mask:
                  - {detect: [email], style: redact, on_failure: refuse}

            """

        private struct Rig {
            let server: PostgresServer
            let gateway: Gateway
            let tokens: [String: Token]

            func clients(_ group: String) throws -> Clients { gateway.clients(try #require(tokens[group])) }
        }

        /// The server with the table of all types, and a gateway before it.
        private static let rig = Task {
            let server = try await PostgresServer.start()
            let gateway = try await Gateway.start(.init(policy: policy), before: server)
            let made = try await server.direct.python(client("everytype.py"), ["setup"])
            try #require(made.status == 0, "\(made.transcript)")
            let setup = try await server.direct.psql(made.output, options: ["-v", "ON_ERROR_STOP=1"])
            try #require(setup.status == 0, "\(setup.transcript)")
            var tokens: [String: Token] = [:]
            for group in ["open", "scanned", "strict"] {
                tokens[group] = try await gateway.createToken("\(group)-1", groups: [group], expires: "24h")
            }
            return Rig(server: server, gateway: gateway, tokens: tokens)
        }

        struct Key: Hashable {
            let how: String
            let column: Int
            let row: Int
        }

        /// Values in hexadecimal; nil for NULL.
        private struct Table {
            var values: [Key: String?] = [:]
            var types: [Int: String] = [:]

            init(_ transcript: String) {
                for line in transcript.split(separator: "\n") {
                    let parts = line.split(separator: " ").map(String.init)
                    guard parts.count == 5, let column = Int(parts[2]), let row = Int(parts[3]) else { continue }
                    types[column] = parts[1]
                    let key = Key(how: parts[0], column: column, row: row)
                    values.updateValue(parts[4] == "NULL" ? nil : String(parts[4].dropFirst()), forKey: key)
                }
            }
        }

        private static func hexadecimal(_ text: String) -> String {
            text.utf8.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        }

        @Test func everyTypeIsMaskedAlikeInEveryFormat() async throws {
            let rig = try await Self.rig.value
            func read(_ clients: Clients) async throws -> Table {
                let ran = try await clients.python(client("everytype.py"), ["read"])
                try #require(ran.status == 0, "\(ran.transcript.suffix(3000))")
                return Table(ran.output)
            }
            let direct = try await read(rig.server.direct)
            let open = try await read(rig.clients("open"))
            let masked = try await read(rig.clients("scanned"))
            #expect(direct.values == open.values)
            #expect(direct.types.count > 70 && Set(direct.values.keys) == Set(masked.values.keys))
            let clear = ["alice@example.com", "4111111111111111", "4.111111111111111"].map(Self.hexadecimal)
            for (key, original) in direct.values {
                let value = masked.values[key] ?? nil
                let about = "\(direct.types[key.column] ?? "?") \(key): \(original ?? "NULL") → \(value ?? "NULL")"
                if key.row == 0 || original == nil {
                    #expect(value == original, "\(about)")
                } else {
                    #expect(value != original, "\(about)")
                    #expect(!clear.contains { value?.contains($0) ?? false }, "\(about)")
                }
                let other = Key(how: key.how.hasSuffix("binary") ? "text" : "binary", column: key.column, row: key.row)
                #expect(((masked.values[other] ?? nil) == nil) == (value == nil), "\(about)")
            }
        }

        @Test func aRuleRefusesWhatCannotBeRead() async throws {
            let rig = try await Self.rig.value
            for (group, expected) in [("open", "shown"), ("scanned", "withheld"), ("strict", "refused")] {
                let ran = try await rig.clients(group).python(client("everytype.py"), ["unreadable", expected])
                #expect(ran.status == 0, "\(group): \(ran.transcript)")
            }
        }
    }
}
