import Configuration
import Contract
import Foundation
import GRDB
import Testing

@testable import Recording
@testable import Retention

/// What retention removes has to prove itself that it is due.
@Suite struct RetentionDueTests {
    private static let day: TimeInterval = 86_400
    private static let retention = "keep: 30d, exceptions: [{resource: ledger, keep: 90d}, {rule: audit, keep: 60d}]"

    private static func retention(_ text: String = retention) throws -> RecordingRetention {
        let configuration = try Configuration.parse(
            """
            state: s
            listeners: {postgres: 127.0.0.1:1}
            resources:
              - {name: orders, protocol: postgres, target: "h:1/d", credentials: {user: u}}
              - {name: ledger, protocol: postgres, target: "h:1/e", credentials: {user: u}}
            policy: p.yaml
            recording: {retention: {\(text)}}
            """, file: "/srv/sluice.yaml")
        return try #require(configuration.recording.retention)
    }

    /// A segment for each session, and an open one.
    private static func record(
        _ scratch: Scratch, _ sessions: [String], _ recipients: [Recipient] = [], rule: String = "anything",
        resource: String = "orders"
    ) throws -> SegmentWriter {
        var options = SegmentWriter.Options()
        options.segmentBytes = 300
        options.recipients = recipients
        let writer = try scratch.writer(options)
        for session in sessions {
            var start = started(session)
            start.sessionStarted.resource = resource
            var decided = command(session, 2)
            decided.command.memoised.verdict = .allow
            decided.command.memoised.rule = rule
            _ = try writer.append(records: [start, decided, ended(session, 3)], durability: .written)
        }
        return writer
    }

    private static func due(
        _ scratch: Scratch, _ index: RecordingIndex, days: Double, key: RecordingKey? = nil
    ) throws -> RetentionDue {
        try RetentionDue(
            index, RecordingArchive(recordings: scratch.path), retention(),
            signedBy: [(key ?? scratch.key).verification],
            now: Date(timeIntervalSinceNow: days * day))
    }

    private static func numbers(_ due: RetentionDue) -> [UInt64] { due.segments.flatMap { Array($0.range) } }

    private static func index(_ scratch: Scratch) throws -> RecordingIndex {
        let index = try RecordingIndex(recordings: scratch.path)
        try index.catchUp(replica: "recorder-1")
        return index
    }

    private static func change(_ scratch: Scratch, _ sql: String) throws {
        let database = try DatabaseQueue(path: scratch.path + "/index.sqlite")
        try database.write { try $0.execute(sql: sql) }
    }

    @Test(arguments: [("orders", "anything", 30.0), ("ledger", "anything", 90), ("orders", "audit", 60)])
    func eachIsDueAtItsTime(_ resource: String, _ rule: String, _ days: Double) throws {
        let scratch = try Scratch()
        let writer = try Self.record(scratch, ["a", "b", "c"], rule: rule, resource: resource)
        // Records of the tests are older than their blocks.
        #expect(try Self.numbers(Self.due(scratch, Self.index(scratch), days: days - 0.1)) == [])
        let due = try Self.due(scratch, Self.index(scratch), days: days + 0.1)
        #expect(Self.numbers(due) == [1, 2] && due.problems == [])
        #expect(due.orders.map(\.order.reason) == ["past its retention"])
        try writer.finish()
    }

    /// As whoever can write the list and has not the key would like it.
    @Test(arguments: [
        "UPDATE sessions SET ended_us = 1", "UPDATE sessions SET ended_us = 1, started_us = 1",
        "DELETE FROM session_marks; UPDATE sessions SET ended_us = 1",
    ])
    func aChangedListMakesNothingDueEarlier(_ change: String) throws {
        let scratch = try Scratch()
        let writer = try Self.record(scratch, ["a", "b", "c"])
        let index = try Self.index(scratch)
        try Self.change(scratch, change)
        #expect(try Self.numbers(Self.due(scratch, index, days: 29)) == [])
        #expect(try Self.numbers(Self.due(scratch, index, days: 31)) == [1, 2])
        try writer.finish()
    }

    /// A list that is behind knows a session of a segment and not the one that came to it later.
    @Test func aSegmentWithASessionThatTheListDoesNotKnowStays() throws {
        let scratch = try Scratch()
        let writer = try Self.record(scratch, ["a", "b", "c"])
        let index = try Self.index(scratch)
        try Self.change(scratch, "DELETE FROM session_segments WHERE session = 'a'")
        try Self.change(scratch, "UPDATE session_segments SET segment = 1 WHERE session = 'b'")
        let due = try Self.due(scratch, index, days: 31)
        #expect(Self.numbers(due) == [])
        #expect(due.problems.contains { $0.contains("segment 1 stays") && $0.contains("sluice sessions reindex") })
        try writer.finish()
    }

    @Test func aSegmentThatIsNotTheRecordersStays() throws {
        let scratch = try Scratch()
        let writer = try Self.record(scratch, ["a", "b", "c"])
        let index = try Self.index(scratch)
        let due = try Self.due(scratch, index, days: 31, key: testKey(9))
        #expect(Self.numbers(due) == [])
        #expect(due.problems.contains { $0.contains("its seal is not this recorder's") })
        var bytes = try scratch.bytes(scratch.segments[0])
        bytes[bytes.count / 2] ^= 1
        try scratch.overwrite(scratch.segments[0], bytes)
        let damaged = try Self.due(scratch, index, days: 31)
        #expect(Self.numbers(damaged) == [2])
        #expect(damaged.problems.count == 1)
        try writer.finish()
    }

    /// What was caught up with without a key may have been on any resource, and decided by any rule.
    @Test func whatCouldNotBeReadIsKeptTheLongest() throws {
        let scratch = try Scratch()
        let folder = try Scratch()
        let pair = try KeyPair("one", KeyPair.x25519, in: folder.path)
        let writer = try Self.record(scratch, ["a", "b", "c"], [pair.recipient])
        let index = try Self.index(scratch)
        #expect(try Self.numbers(Self.due(scratch, index, days: 89)) == [])
        #expect(try Self.numbers(Self.due(scratch, index, days: 91)) == [1, 2])
        let read = try RecordingIndex(recordings: scratch.path, access: RecordingAccess(keys: pair.keys))
        try read.rebuild()
        #expect(try Self.numbers(Self.due(scratch, read, days: 31)) == [1, 2])
        try writer.finish()
    }

    /// Nothing is taken for followed because a file that nobody signed says so.
    @Test func whatWasFollowedIsSigned() throws {
        let scratch = try Scratch()
        let writer = try Self.record(scratch, ["a", "b", "c"])
        let order = RemovalOrder(.remove, 1...1, reason: "gdpr")
        #expect(try writer.carryOut(order) == nil)
        try writer.finish()
        let keys = [scratch.key.verification]
        let path = scratch.replica + "/removals.followed"
        func left() throws -> [RemovalOrder] { try FollowedRemovals(scratch.replica, signedBy: keys).left }
        try scratch.overwrite(path, Array("removed 1-1 gdpr\n".utf8))
        #expect(try left() == [order])
        #expect(truncate(path, 8 << 40) == 0)
        #expect(try left() == [order])
        var followed = try FollowedRemovals(scratch.replica, signedBy: keys)
        try followed.add(order, key: testKey(9))
        #expect(try left() == [order])
        try followed.add(order, key: scratch.key)
        #expect(try left() == [])
    }

    @Test func aClockThatIsFarAheadWaitsForAPerson() throws {
        let scratch = try Scratch()
        let clock = RetentionClock(scratch.path)
        let now = Date()
        try clock.check(now)
        try clock.note(now)
        try clock.check(now.addingTimeInterval(-400 * Self.day))
        try clock.check(now.addingTimeInterval(31 * Self.day))
        let ahead = now.addingTimeInterval(33 * Self.day)
        #expect { try clock.check(ahead) } throws: { "\($0)".contains("the last look was 33 days ago") }
        try clock.note(ahead)
        try clock.check(ahead)
        try scratch.overwrite(scratch.path + "/.retention-clock", Array("now\n".utf8))
        #expect { try clock.check(now) } throws: { "\($0)".contains("has no time") }
        try scratch.remove(".retention-clock")
        #expect(mkfifo(scratch.path + "/.retention-clock", 0o600) == 0)
        #expect { try clock.check(now) } throws: { "\($0)".contains("is not a regular file") }
    }
}
