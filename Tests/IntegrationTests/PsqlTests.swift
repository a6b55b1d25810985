import Foundation
import TestKit
import Testing

extension Integration {
    /// An unmodified psql as an agent.
    @Suite(.serialized)
    struct PsqlTests {
        @Test func readsRowsWithPersonalDataMasked() async throws {
            let world = try await World.shared.value
            let first = SampleDatabase.customer(1)
            let read = try await world.clients(world.agent).psql(
                "SELECT id, name, email, ssn, card FROM customers WHERE id = 1;")
            #expect(read.status == 0, "\(read.transcript)")
            let columns = read.output.trimmingCharacters(in: .newlines).split(
                separator: "|", omittingEmptySubsequences: false)
            try #require(columns.count == 5, "\(read.transcript)")
            #expect(columns[0] == "1" && columns[1] == "Customer 1")
            #expect(columns[2] != first.email && columns[2].contains("@"), "partial keeps the shape of an address")
            #expect(!columns[3].contains(first.ssn) && !columns[4].contains(first.card))
            #expect(!columns[2].isEmpty && !columns[3].isEmpty && !columns[4].isEmpty)
            #expect(Clear.values(in: read.output).isEmpty)
        }

        @Test func refusalNamesRuleAndHintAndLeavesTheSessionUsable() async throws {
            let world = try await World.shared.value
            let before = try await world.logCount()
            let ran = try await world.clients(world.agent).psql(
                """
                SELECT 'before';
                CREATE TABLE intruder (x integer);
                SELECT 'after';
                """)
            #expect(ran.errors.contains("ERROR:  42501:"), "\(ran.transcript)")
            #expect(ran.errors.contains("nobody creates things"))
            #expect(ran.errors.contains("HINT:"))
            #expect(ran.lines == ["before", "after"], "\(ran.transcript)")
            let log = try await world.logged(since: before)
            #expect(!log.contains { $0.text.contains("intruder") })
        }

        @Test func nothingMatchedIsRefused() async throws {
            let world = try await World.shared.value
            let stranger = try await world.gateway.createToken("stranger", groups: ["no-such-group"])
            let ran = try await world.clients(stranger).psql("SELECT count(*) FROM customers;")
            #expect(
                ran.errors.contains("FATAL:  no policy rule allows anything on orders for stranger"),
                "\(ran.transcript)")
            #expect(ran.output.isEmpty)
        }

        @Test func refusalInsideATransactionAbortsIt() async throws {
            let world = try await World.shared.value
            let ran = try await world.clients(world.agent).psql(
                """
                BEGIN;
                INSERT INTO scratch VALUES (501, 'lost');
                CREATE TABLE intruder (x integer);
                SELECT 'in an aborted transaction';
                ROLLBACK;
                SELECT count(*) FROM scratch WHERE id = 501;
                """)
            #expect(ran.errors.contains("42501"), "\(ran.transcript)")
            #expect(ran.errors.contains("25P02"), "\(ran.transcript)")
            #expect(ran.lines.last == "0", "\(ran.transcript)")
            #expect(!ran.output.contains("in an aborted transaction"))
        }

        @Test func abortedTransactionCannotCommit() async throws {
            let world = try await World.shared.value
            let ran = try await world.clients(world.agent).psql(
                """
                BEGIN;
                INSERT INTO scratch VALUES (502, 'lost');
                CREATE TABLE intruder (x integer);
                COMMIT;
                SELECT count(*) FROM scratch WHERE id = 502;
                """)
            #expect(ran.errors.contains("42501"), "\(ran.transcript)")
            #expect(ran.lines.last == "0", "\(ran.transcript)")
        }

        @Test func changesRowsThatItNames() async throws {
            let world = try await World.shared.value
            let ran = try await world.clients(world.agent).psql(
                """
                INSERT INTO scratch VALUES (503, 'one');
                UPDATE scratch SET note = 'two' WHERE id = 503;
                SELECT note FROM scratch WHERE id = 503;
                DELETE FROM scratch WHERE id = 503;
                """)
            #expect(ran.lines == ["two"] && ran.errors.isEmpty, "\(ran.transcript)")
        }

        @Test func talkingAboutDeletionIsNotDeletion() async throws {
            let world = try await World.shared.value
            let ran = try await world.clients(world.agent).psql(
                """
                SELECT 'please delete me; DROP TABLE customers';
                SELECT 1 AS "delete"; -- DROP TABLE customers
                /* TRUNCATE customers */ SELECT 2;
                """)
            #expect(ran.errors.isEmpty && ran.lines.count == 3, "\(ran.transcript)")
        }

        @Test func metaCommandsWork() async throws {
            let world = try await World.shared.value
            let ran = try await world.clients(world.plain).psql(#"\dt"# + "\n" + #"\d customers"# + "\n" + #"\l"#)
            #expect(
                ran.errors.isEmpty && ran.output.contains("customers") && ran.output.contains("email"),
                "\(ran.transcript)")
        }

        @Test func targetErrorsComeThroughAsTheyAre() async throws {
            let world = try await World.shared.value
            let ran = try await world.clients(world.agent).psql(
                "SELECT 1/0;\nSELECT nothing FROM customers;\nSELECT 'on';")
            #expect(
                ran.errors.contains("22012") && ran.errors.contains("42703") && ran.lines == ["on"], "\(ran.transcript)"
            )
        }
    }
}

/// Personal data of the sample database, as it must not be seen.
enum Clear {
    private static let secrets: [String] = (1...SampleDatabase.customers).flatMap { id in
        let customer = SampleDatabase.customer(id)
        return [customer.email, customer.ssn, customer.card]
    }

    /// The values that `text` shows, at most a few.
    static func values(in text: String) -> [String] {
        let data = Data(text.utf8)
        return Array(secrets.lazy.filter { data.range(of: Data($0.utf8)) != nil }.prefix(3))
    }
}
