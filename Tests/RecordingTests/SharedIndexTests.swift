import Contract
import Foundation
import SharedIndex
import Synchronization
import TestKit
import Testing

@testable import Recording

/// An index in PostgreSQL that several folders of recordings share, as those of several hosts do.
@Suite struct SharedIndexTests {
    private static func result(_ session: String, _ sequence: UInt64) -> Record {
        var record = command(session, sequence)
        record.result.bytes = sequence
        return record
    }

    /// Sessions that moved from one host's recorder to the other's, and records that both of them have.
    @Test func twoHostsAddToTheSameSessionsAtOnce() async throws {
        let database = try await IndexDatabaseOnServer.make()
        let (first, second) = (try Scratch(), try Scratch())
        let sessions = (0..<40).map { "session-\($0)" }
        let former = try first.writer(named: "recorder-a")
        let latter = try second.writer(named: "recorder-b")
        let moved = try former.append(
            records: sessions.flatMap { id in (UInt64(1)...10).map { Self.result(id, $0) } }, durability: .written)
        _ = try latter.append(
            records: sessions.map { Self.result($0, 11) }, durability: .written,
            resumptions: sessions.map { moved.resumption($0) })
        try await withThrowingTaskGroup(of: Void.self) { group in
            // In another order on each host.
            for (path, writer, order) in [(first.path, former, sessions), (second.path, latter, sessions.reversed())] {
                let start: UInt64 = writer === former ? 11 : 12
                group.addTask {
                    let index = try database.index(path)
                    for sequence in start...30 {
                        _ = try writer.append(records: order.map { Self.result($0, sequence) }, durability: .written)
                        try index.apply(writer.takeIndexChanges())
                    }
                    try writer.finish()
                }
            }
            try await group.waitForAll()
        }
        let index = try database.index(first.path)
        let found = try index.list(.init(limit: 100))
        #expect(found.count == sessions.count)
        // Each sequence once.
        #expect(Set(found.map(\.bytes)) == [(1...30).reduce(0, +)])
        #expect(try index.totals(.init(), by: .identity).map(\.sessions) == [40])
        for session in sessions {
            #expect(try Set(index.locations(of: session).map(\.replica)) == ["recorder-a", "recorder-b"])
        }
    }

    /// What was committed is not counted twice, whether or not the answer came.
    @Test(arguments: IndexStore.allCases)
    func anUnknownOutcomeIsNotCountedTwice(store: IndexStore) async throws {
        let scratch = try Scratch()
        let writer = try scratch.writer()
        let index = try await store.index(scratch)
        let deaf = RecordingIndex(recordings: scratch.path, database: Deaf(database: index.database))
        for sequence in UInt64(1)...4 {
            _ = try writer.append(records: [Self.result("a", sequence)], durability: .written)
            #expect(throws: RecordingError.self) { try deaf.apply(writer.takeIndexChanges()) }
            if sequence == 3 { try index.catchUp(replica: "recorder-1") }
        }
        try index.catchUp(replica: "recorder-1")
        #expect(try index.session("a").bytes == 1 + 2 + 3 + 4)
    }

    @Test func aServerThatIsKilledLeavesARightIndex() async throws {
        let server = try await PostgresServer.start(connections: 30)
        let database = try await IndexDatabaseOnServer.make(on: server)
        let scratch = try Scratch()
        var options = SegmentWriter.Options()
        options.segmentBytes = 100_000
        let writer = try scratch.writer(options)
        let index = try database.index(scratch.path)
        let isOver = Flag()
        let failures = Task.detached {
            var failures = 0
            var sequences: [String: UInt64] = [:]
            while !isOver.isSet {
                for session in (0..<50).map({ "s\($0)" }) {
                    let sequence = sequences[session, default: 0] + 1
                    sequences[session] = sequence
                    _ = try writer.append(
                        records: [sequence == 1 ? started(session) : Self.result(session, sequence)],
                        durability: .written)
                }
                do throws(RecordingError) {
                    try index.apply(writer.takeIndexChanges())
                } catch {
                    failures += 1
                }
            }
            return failures
        }
        for _ in 0..<3 {
            let before = try database.index(scratch.path).list().map(\.bytes).reduce(0, +)
            try await eventually("the index goes on") {
                try database.index(scratch.path).list().map(\.bytes).reduce(0, +) > before
            }
            try await server.restart(by: SIGQUIT)
        }
        isOver.set()
        #expect(try await failures.value > 0)
        // The last failure may have been a moment ago, and is then told again.
        try await eventually("the rest is read") {
            do throws(RecordingError) {
                try index.catchUp(replica: "recorder-1")
                return true
            } catch {
                return false
            }
        }
        let file = try RecordingIndex(recordings: scratch.path)
        try file.rebuild()
        #expect(try index.list(.init(limit: 100)) == file.list(.init(limit: 100)))
        #expect(try index.totals(.init(), by: .resource) == file.totals(.init(), by: .resource))
        for session in try file.list() {
            #expect(try index.locations(of: session.id) == file.locations(of: session.id))
        }
        await server.stop()
        #expect { try index.list() } throws: { error in
            "\(error)".contains("the index cannot be used")
        }
    }

    /// What belongs to other folders stays, whatever is done here.
    @Test func onlyWhatIsHereIsMadeAnew() async throws {
        let database = try await IndexDatabaseOnServer.make()
        let (here, there) = (try Scratch(), try Scratch())
        let former = try here.writer(named: "recorder-a")
        let latter = try there.writer(named: "recorder-b")
        let moved = try former.append(records: [started("recorder-a"), started("both")], durability: .written)
        _ = try latter.append(
            records: [started("recorder-b"), Self.result("both", 2)], durability: .written,
            resumptions: [moved.resumption("both")])
        try former.finish()
        try latter.finish()
        try database.index(here.path).catchUp(replica: "recorder-a")
        try database.index(there.path).catchUp(replica: "recorder-b")
        let index = try database.index(here.path)
        let before = try index.list()
        try index.rebuild()
        #expect(try index.list() == before && before.count == 3)
        #expect(try index.segmentSessions().map(\.session) == ["both", "recorder-a"])
        let parts = try index.parts(of: "both")
        #expect(parts.here.map(\.replica) == ["recorder-a"])
        let absence = try #require(parts.absence)
        #expect(absence.hasPrefix("a part of it is recorded on host ") && absence.hasSuffix("\(there.path)/recorder-b"))
        // A replica that is gone from here goes with the rebuilding, and its sessions but those that others have too.
        try here.remove("recorder-a")
        try index.rebuild()
        #expect(try Set(index.list().map(\.id)) == ["both", "recorder-b"])
        #expect(try index.parts(of: "both").absence?.hasPrefix("it is recorded on host ") == true)
        // Only where it is.
        try index.forget(1...1, of: "recorder-b")
        #expect(try Set(index.list().map(\.id)) == ["both", "recorder-b"])
        try database.index(there.path).forget(1...1, of: "recorder-b")
        #expect(try index.list().isEmpty)
    }

    /// Two folders with a recording named alike, each of the session that is called as the folder is here.
    private static func sameName() throws -> (here: Scratch, there: Scratch) {
        let (here, there) = (try Scratch(), try Scratch())
        for (scratch, session) in [(there, "there"), (here, "here")] {
            let writer = try scratch.writer(named: "recorder-0")
            _ = try writer.append(records: [started(session)], durability: .written)
            try writer.finish()
        }
        return (here, there)
    }

    /// Former releases named replicas alike on all hosts.
    @Test func anotherHostsRecordingOfTheSameNameIsLeftAlone() async throws {
        let database = try await IndexDatabaseOnServer.make()
        let (here, there) = try Self.sameName()
        try database.index(there.path).catchUp(replica: "recorder-0")
        #expect { try database.index(here.path).catchUp(replica: "recorder-0") } throws: { error in
            "\(error)".contains("the index knows another recording of this name, on host ")
        }
        #expect(throws: RecordingError.self) { try database.index(here.path).rebuild() }
        let index = try database.index(here.path)
        #expect(try index.list().map(\.id) == ["there"])
        // What the index says of the name is not said of the folder here.
        #expect(try index.segmentSessions().isEmpty)
        let parts = try index.parts(of: "there")
        #expect(parts.here.isEmpty && parts.absence?.contains("\(there.path)/recorder-0") == true)
        try index.forget(1...1, of: "recorder-0")
        #expect(try database.index(there.path).segmentSessions().map(\.session) == ["there"])
    }

    /// Retention removes the first segment, by which a recording was known.
    @Test(arguments: [true, false])
    func theSameNameIsLeftAloneOnceFirstSegmentsAreGone(isLonger: Bool) async throws {
        let database = try await IndexDatabaseOnServer.make()
        let (here, there) = (try Scratch(), try Scratch())
        for (scratch, count) in [(there, UInt64(20)), (here, isLonger ? 40 : 10)] {
            var options = SegmentWriter.Options()
            options.segmentBytes = 400
            let writer = try scratch.writer(named: "recorder-0", options)
            let session = scratch === there ? "there" : "here"
            _ = try writer.append(records: [started(session)], durability: .written)
            let index = try database.index(scratch.path)
            if scratch === there { try index.catchUp(replica: "recorder-0") }
            for sequence in 2...count {
                _ = try writer.append(records: [command(session, sequence)], durability: .written)
                if scratch === there { try index.apply(writer.takeIndexChanges()) }
            }
            try writer.finish()
            try scratch.remove("recorder-0/" + Format.segmentName(1))
        }
        let before = try database.index(there.path).segmentSessions()
        #expect(!before.isEmpty)
        let index = try database.index(here.path)
        let attempts: [() throws -> Void] = [
            { _ = try index.catchUp(replica: "recorder-0") }, { try index.rebuild() },
        ]
        for attempt in attempts {
            #expect { try attempt() } throws: { "\($0)".contains("the index knows another recording of this name") }
        }
        #expect(try index.segmentSessions().isEmpty && index.parts(of: "there").here.isEmpty)
        // The one that is known goes on, also when its folder is moved.
        let moved = there.path + "-moved"
        try FileManager.default.moveItem(atPath: there.path, toPath: moved)
        defer { try? FileManager.default.removeItem(atPath: moved) }
        let other = try database.index(moved)
        try other.catchUp(replica: "recorder-0")
        #expect(try other.segmentSessions() == before)
        try other.rebuild()
        #expect(try other.segmentSessions().map(\.segment) == before.map(\.segment).filter { $0 > 1 })
    }

    /// What the refusal says to do.
    @Test func aFolderThatIsMovedOutMakesRoomForOneWithItsOwnName() async throws {
        let database = try await IndexDatabaseOnServer.make()
        let (here, there) = try Self.sameName()
        try database.index(there.path).catchUp(replica: "recorder-0")
        let index = try database.index(here.path)
        #expect { try index.catchUp(replica: "recorder-0") } throws: { "\($0)".contains("move this folder out of ") }
        let aside = try Scratch()
        try FileManager.default.moveItem(atPath: here.path + "/recorder-0", toPath: aside.path + "/recorder-0")
        let name = try ReplicaFolder.find(for: "recorder-0", in: here.path)
        #expect(name.hasPrefix("recorder-0-"))
        let writer = try here.writer(named: name)
        _ = try writer.append(records: [started("new")], durability: .written)
        try index.apply(writer.takeIndexChanges())
        try index.rebuild()
        #expect(try Set(index.list().map(\.id)) == ["there", "new"])
        // What was moved is read where it is now.
        let former = try RecordingIndex(recordings: aside.path)
        try former.rebuild()
        #expect(try former.list().map(\.id) == ["here"])
    }

    @Test func whatIsMissingIsSaid() async throws {
        let scratch = try Scratch()
        let database = try await IndexDatabaseOnServer.make()
        _ = try await database.query("CREATE ROLE \(database.name)_r LOGIN PASSWORD 'pw'")
        let reader = database.name + "_r"
        for (index, message) in [
            (try database.index(scratch.path, password: "wrong"), "password authentication failed for user \"owner\""),
            (try database.index(scratch.path, user: reader, password: "pw"), "CREATE SCHEMA sluice AUTHORIZATION"),
        ] {
            #expect { try index.list() } throws: { "\($0)".contains(message) }
        }
        #expect(try database.index(scratch.path).list().isEmpty)
        #expect { try database.index(scratch.path, user: reader, password: "pw").list() } throws: { error in
            "\(error)".contains("GRANT USAGE ON SCHEMA sluice")
        }
        _ = try await database.query(
            "GRANT USAGE ON SCHEMA sluice TO \(reader); GRANT SELECT ON ALL TABLES IN SCHEMA sluice TO \(reader)")
        let index = try database.index(scratch.path, user: reader, password: "pw")
        #expect(try index.list().isEmpty)
        #expect { try index.forget(1...1, of: "recorder-1") } throws: { "\($0)".contains("permission denied") }
        _ = try await database.query("UPDATE sluice.version SET version = 2")
        #expect { try database.index(scratch.path).list() } throws: { "\($0)".contains("another release of Sluice") }
        let latin = try await IndexDatabaseOnServer.make(
            options: "ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0")
        #expect { try latin.index(scratch.path).list() } throws: { "\($0)".contains("must have UTF8") }
    }

    @Test func theServerIsKnownByItsCertificate() async throws {
        let directory = try TemporaryDirectory()
        let made = try await Child(
            "openssl",
            [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
                "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", directory.file("key.pem"),
                "-out", directory.file("ca.pem"),
            ], directory: directory
        ).finish()
        #expect(made.status == 0, "\(made.transcript)")
        func text(_ name: String) throws -> String { try String(contentsOfFile: directory.file(name), encoding: .utf8) }
        let server = try await PostgresServer.start(
            connections: 20, certificate: (chain: try text("ca.pem"), key: try text("key.pem")))
        let database = try await IndexDatabaseOnServer.make(on: server)
        func index(_ host: String, _ keys: String) throws -> RecordingIndex {
            let server = try indexServer(
                "\(host):\(server.port)/\(database.name)", keys, user: PostgresServer.owner,
                password: PostgresServer.password)
            return RecordingIndex(recordings: "/nonexistent", database: PostgresIndex(server))
        }
        let authority = "ca: \(directory.file("ca.pem"))"
        #expect(try index("localhost", "tls: verify-full, \(authority)").list().isEmpty)
        #expect(try index("127.0.0.1", "tls: require").list().isEmpty)
        for (host, keys, message) in [
            ("127.0.0.1", "tls: verify-full, \(authority)", "does not match host name \"127.0.0.1\""),
            ("localhost", "tls: verify-full", "certificate verify failed"),
            ("localhost", "tls: verify-full, ca: /nonexistent/ca.pem", "/nonexistent/ca.pem"),
        ] {
            #expect { try index(host, keys).list() } throws: { "\($0)".contains(message) }
        }
        // One that asks for the password itself, as whoever is in between would, does not get it from who cannot tell.
        let access = server.directory.file("data/pg_hba.conf")
        let rules = try String(contentsOfFile: access, encoding: .utf8)
        try Data("host \(database.name) all all password\n\(rules)".utf8).write(to: URL(fileURLWithPath: access))
        _ = try await Clients(server.endpoint(database: "postgres"), in: server.directory)
            .query("SELECT pg_reload_conf()")
        try await eventually("the password is asked for") {
            do {
                _ = try index("127.0.0.1", "tls: require").list()
                return false
            } catch {
                return "\(error)".contains("channel binding")
            }
        }
        #expect(try index("localhost", "tls: verify-full, \(authority)").list().isEmpty)
        await server.stop()
    }

    /// What the environment says for other programs is not for the index.
    @Test func theEnvironmentDoesNotSayWhereTheIndexIs() async throws {
        let database = try await IndexDatabaseOnServer.make()
        for (name, value) in [
            ("PGHOSTADDR", "192.0.2.1"), ("PGSERVICE", "none"), ("PGOPTIONS", "-c no.such=1 -c nothing=1"),
        ] { setenv(name, value, 1) }
        #expect(try database.index("/nonexistent").list().isEmpty)
        #expect(getenv("PGSERVICE") == nil)
    }

    /// More than are read at once.
    @Test(arguments: IndexStore.allCases)
    func sessionsOfSegmentsComeInPages(store: IndexStore) async throws {
        let scratch = try Scratch()
        var options = SegmentWriter.Options()
        options.segmentBytes = 20_000
        let writer = try scratch.writer(options)
        let names = (0..<4_500).map { "session-\($0)" }
        for start in stride(from: 0, to: names.count, by: 500) {
            _ = try writer.append(records: names[start..<(start + 500)].map { started($0) }, durability: .written)
        }
        try writer.finish()
        let index = try await store.index(scratch)
        try index.catchUp(replica: "recorder-1")
        let found = try index.segmentSessions()
        #expect(found.map(\.session).sorted() == names.sorted() && Set(found.map(\.segment)).count > 1)
        #expect(found.map(\.segment) == found.map(\.segment).sorted())
        let last = try #require(found.last)
        let beside = try index.sessions(in: last.segment...last.segment, of: "recorder-1", beside: last.session)
        #expect(beside == Set(found.filter { $0.segment == last.segment }.map(\.session)).subtracting([last.session]))
    }

    /// A role that may not make schemas, in one that was made for it.
    @Test func aSchemaThatIsThereIsEnough() async throws {
        let scratch = try Scratch()
        let database = try await IndexDatabaseOnServer.make()
        let role = database.name + "_w"
        _ = try await database.query(
            "CREATE ROLE \(role) LOGIN PASSWORD 'pw'; CREATE SCHEMA sluice AUTHORIZATION \(role)")
        let writer = try scratch.writer()
        _ = try writer.append(records: [started("a")], durability: .written)
        let index = try database.index(scratch.path, user: role, password: "pw")
        try index.apply(writer.takeIndexChanges())
        #expect(try index.list().map(\.id) == ["a"])
    }

    /// Several at once find nothing.
    @Test func theTablesAreMadeOnce() async throws {
        let database = try await IndexDatabaseOnServer.make()
        try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<8 {
                group.addTask { try database.index("/nonexistent").list().count }
            }
            for try await count in group { #expect(count == 0) }
        }
    }

    /// A server that takes connections and says nothing.
    @Test func aSilentServerIsGivenUp() throws {
        let listener = try SilentListener()
        let index = RecordingIndex(
            recordings: "/nonexistent", database: PostgresIndex(try indexServer("127.0.0.1:\(listener.port)/x")))
        #expect { try index.list() } throws: { "\($0)".contains("the index cannot be used") }
    }

    /// As a transaction whose answer is lost with the connection.
    private struct Deaf: IndexDatabase {
        let database: any IndexDatabase
        var name: String { database.name }
        var isShared: Bool { database.isShared }

        func read<Value>(
            _ body: (any IndexTransaction) throws(RecordingError) -> Value
        ) throws(RecordingError) -> Value { try database.read(body) }

        func write<Value>(
            _ body: (any IndexTransaction) throws(RecordingError) -> Value
        ) throws(RecordingError) -> Value {
            _ = try database.write(body)
            throw .index(name, "no answer")
        }

        func scrub() throws(RecordingError) { try database.scrub() }
    }
}

private final class Flag: Sendable {
    private let value = Atomic(false)
    var isSet: Bool { value.load(ordering: .relaxed) }
    func set() { value.store(true, ordering: .relaxed) }
}
