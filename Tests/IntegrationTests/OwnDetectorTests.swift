import Foundation
import TestKit
import Testing

extension Integration {
    /// Detectors, dictionaries and tags that a policy brings itself, on the way from its files to the client.
    @Suite(.serialized)
    struct OwnDetectorTests {
        private static let policy = """
            detectors:
              client:
                pattern: 'Customer [0-9]+'
                examples: [Customer 17]
                counter_examples: [Customer]
            dictionaries:
              article: {file: articles.txt}
            tags: orders.tags.yaml
            vars: {ours: [client, article]}
            rules:
              - {name: everything, then: allow}
              - name: ours
                who: {groups: [veiled]}
                mask:
                  - {detect: [$ours], style: redact}
                  - {columns: ["tag:pii.*"], style: redact}
              - name: numbers are not read
                who: {groups: [sealed]}
                when: {columns_read: ["tag:pii.us_ssn"]}
                then: refuse

            """
        private static let tags = """
            tags:
              public.customers.phone: [pii.phone]
              public.customers.ssn: [pii.us_ssn]

            """

        private struct Setting {
            let gateway: Gateway
            let veiled: Clients
            let sealed: Clients

            static func start() async throws -> Setting {
                let server = try await World.shared.value.server
                let directory = try TemporaryDirectory()
                let port = try freePort()
                try Gateway.configure(
                    .init(policy: OwnDetectorTests.policy), port: port, target: server.port, in: directory)
                try directory.write("# what is sold\nitem 7\nITEM 9\n", to: "articles.txt")
                try directory.write(OwnDetectorTests.tags, to: "orders.tags.yaml")
                let gateway = try await Gateway.start(in: directory, port: port)
                return Setting(
                    gateway: gateway,
                    veiled: gateway.clients(try await gateway.createToken("veiled-1", groups: ["veiled"])),
                    sealed: gateway.clients(try await gateway.createToken("sealed-1", groups: ["sealed"])))
            }

            func shows(_ sql: String) async throws -> String {
                let ran = try await veiled.psql(sql + ";")
                #expect(ran.errors.isEmpty, "\(ran.transcript)")
                return ran.output
            }
        }

        @Test func mask() async throws {
            let setting = try await Setting.start()
            #expect(try await setting.shows("SELECT id, name FROM customers WHERE id = 17") == "17|[redacted:client]\n")
            #expect(
                try await setting.shows("COPY (SELECT 'for Customer 1, item 7') TO STDOUT")
                    == "for [redacted:client], [redacted:article]\n")
            #expect(
                try await setting.shows("SELECT item FROM orders WHERE id IN (7, 9, 77) ORDER BY id")
                    == "[redacted:article]\n[redacted:article]\nitem 77\n")
            // Tags follow the column through aliases and views.
            #expect(try await setting.shows("SELECT phone AS x, id FROM customers WHERE id = 1") == "[redacted]|1\n")
            #expect(
                try await setting.shows("SELECT s.y FROM (SELECT ssn AS y FROM customers WHERE id = 1) s")
                    == "[redacted]\n")
            let refused = try await setting.sealed.psql("SELECT ssn FROM customers;")
            #expect(refused.errors.contains("numbers are not read"), "\(refused.transcript)")
            #expect(try await setting.sealed.psql("SELECT phone FROM customers WHERE id = 1;").errors.isEmpty)
            await setting.gateway.stop()
        }

        /// A masker that starts anew knows them, and changes of the files hold from then on: the dictionary's too.
        @Test func lastAndChange() async throws {
            let setting = try await Setting.start()
            let masker = try await setting.gateway.readyProcess(of: "masker")
            kill(masker, SIGKILL)
            #expect(try await setting.shows("SELECT name FROM customers WHERE id = 1") == "[redacted:client]\n")
            try setting.gateway.directory.write("item 8\n", to: "articles.txt")
            try await eventually("the dictionary is read again") {
                try await setting.shows("SELECT item FROM orders WHERE id IN (7, 8) ORDER BY id")
                    == "item 7\n[redacted:article]\n"
            }
            // One with a mistake keeps the former.
            try setting.gateway.directory.write(
                Self.policy.replacing("[Customer 17]", with: "[Client 17]"), to: "policy.yaml")
            let check = try await setting.gateway.sluice(["check"])
            #expect(
                check.status == 1 && check.errors.contains(":4:16: the example of “client” is not found"),
                "\(check.transcript)")
            #expect(try await setting.shows("SELECT name FROM customers WHERE id = 1") == "[redacted:client]\n")
            await setting.gateway.stop()
        }

        /// A masker that starts anew while the files have mistakes knows the definitions without one.
        @Test func aMaskerThatStartsBesideAMistakeElsewhereMasks() async throws {
            let setting = try await Setting.start()
            let sql = "SELECT name FROM customers WHERE id = 17"
            #expect(try await setting.shows(sql) == "[redacted:client]\n")
            try setting.gateway.directory.write(
                Self.policy.replacing("then: allow", with: "then: alow").replacing("articles.txt", with: "gone.txt"),
                to: "policy.yaml")
            let masker = try await setting.gateway.readyProcess(of: "masker")
            kill(masker, SIGKILL)
            _ = try await setting.gateway.readyProcess(of: "masker", otherThan: masker)
            // Of the mask of both the other one is not known.
            let withheld = try await setting.veiled.psql(sql + ";")
            #expect(withheld.output.isEmpty && withheld.errors.contains("ERROR"), "\(withheld.transcript)")
            try setting.gateway.directory.write(
                Self.policy.replacing("then: allow", with: "then: alow"), to: "policy.yaml")
            try await eventually("what has no mistake is read") {
                try await setting.veiled.psql(sql + ";").output == "[redacted:client]\n"
            }
            await setting.gateway.stop()
        }

        /// What a definition with a mistake masks is withheld from every session until it is mended, by a masker that starts anew.
        @Test func aMaskerThatStartsBesideAMistakeWithholds() async throws {
            let setting = try await Setting.start()
            let sql = "SELECT name FROM customers WHERE id = 17"
            #expect(try await setting.shows(sql) == "[redacted:client]\n")
            try setting.gateway.directory.write(
                Self.policy.replacing("[Customer 17]", with: "[Client 17]"), to: "policy.yaml")
            let masker = try await setting.gateway.readyProcess(of: "masker")
            kill(masker, SIGKILL)
            _ = try await setting.gateway.readyProcess(of: "masker", otherThan: masker)
            let withheld = try await setting.veiled.psql(sql + ";")
            #expect(withheld.output.isEmpty && withheld.errors.contains("ERROR"), "\(withheld.transcript)")
            #expect(!withheld.errors.contains("Customer 17"), "\(withheld.transcript)")
            try setting.gateway.directory.write(Self.policy, to: "policy.yaml")
            try await eventually("the mended files are read") {
                try await setting.veiled.psql(sql + ";").output == "[redacted:client]\n"
            }
            await setting.gateway.stop()
        }

        /// A session that is older than a change goes on, by what holds now; what its former masks cover alone is withheld once
        /// no masker knows them.
        @Test func sessionsOutliveAChangeAndAMasker() async throws {
            let setting = try await Setting.start()
            let session = try setting.veiled.startPsql(input: .pipe)
            try session.send("SELECT name FROM customers WHERE id = 1;\n")
            try await eventually("it is masked") { session.output == "[redacted:client]\n" }
            try setting.gateway.directory.write(
                Self.policy.replacing("'Customer [0-9]+'", with: "'Customer [0-9]'").replacing(
                    "[Customer 17]", with: "[Customer 1]"),
                to: "policy.yaml")
            try await eventually("the change holds") {
                try await setting.shows("SELECT name FROM customers WHERE id = 17") == "[redacted:client]7\n"
            }
            let masker = try await setting.gateway.readyProcess(of: "masker")
            kill(masker, SIGKILL)
            _ = try await setting.gateway.readyProcess(of: "masker", otherThan: masker)
            try session.send(
                "DO $$BEGIN RAISE EXCEPTION 'Customer 17'; END$$;\nSELECT name FROM customers WHERE id = 17;\n")
            try await eventually("it goes on") { session.output.hasSuffix("\n[redacted:client]7\n") }
            #expect(!session.errors.contains("Customer"), "\(session.errors)")
            #expect(session.errors.contains("ERROR"), "\(session.errors)")
            session.closeInput()
            #expect(try await session.finish().status == 0)
            await setting.gateway.stop()
        }

        /// Tags that are gone leave a mask of nothing: the former policy stays.
        @Test func aTagsFileWithoutTheTagsKeepsTheFormer() async throws {
            let setting = try await Setting.start()
            try setting.gateway.directory.write("tags: {}\n", to: "orders.tags.yaml")
            let supervisor = setting.gateway.supervisor
            try await eventually("the mistake is told") {
                let shown = try await setting.shows("SELECT phone FROM customers WHERE id = 1")
                #expect(shown == "[redacted]\n")
                return (supervisor.output + supervisor.errors).contains("no column has the tag")
            }
            await setting.gateway.stop()
        }

        @Test func areExplainedAndTested() async throws {
            let setting = try await Setting.start()
            let explained = try await setting.gateway.sluice(
                ["explain", "--as", "veiled-1", "--on", "orders", "SELECT phone FROM customers"])
            for part in ["client, article → redact", "column public.customers.phone → redact"] {
                #expect(explained.output.contains(part), "\(explained.transcript)")
            }
            try setting.gateway.directory.write(
                """
                policy: policy.yaml
                catalog: {tables: {public.customers: [id, phone]}}
                defaults: {as: a, groups: [veiled], on: orders}
                cases:
                  - {sql: SELECT phone FROM customers, expect: allow, outputs: [1 redact], mask: ["public.customers.phone redact",
                      "public.customers.ssn redact", client redact, article redact, output 1 redact]}

                """, to: "policy.test.yaml")
            let tested = try await Child(
                Project.binaries + "/sluice", ["policy", "test", setting.gateway.directory.file("policy.test.yaml")],
                directory: setting.gateway.directory, label: "test"
            ).finish()
            #expect(tested.status == 0, "\(tested.transcript)")
            try setting.gateway.directory.write(
                Self.policy.replacing("pii.us_ssn", with: "pii.us_sn"), to: "policy.yaml")
            let check = try await setting.gateway.sluice(["check"])
            #expect(
                check.status == 1
                    && check.errors.contains("no column has the tag “pii.us_sn”; did you mean “pii.us_ssn”?"),
                "\(check.transcript)")
            await setting.gateway.stop()
        }
    }
}
