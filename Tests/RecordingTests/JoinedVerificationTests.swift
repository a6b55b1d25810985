import Contract
import Foundation
import Recording
import Testing

/// What `sluice verify` finds where several replicas have parts of a session.
@Suite struct JoinedVerificationTests {
    /// `a` begins with recorder-0, goes on with recorder-1 and ends with recorder-2; `b` stays with recorder-0.
    /// recorder-0 has one record of `a` more than it acknowledged.
    private func recording(_ scratch: Scratch, overlap: Record? = nil) throws {
        let writers = try (0..<3).map { try scratch.writer(named: "recorder-\($0)") }
        _ = try writers[0].append(records: [started("a"), started("b")], durability: .written)
        let left = try writers[0].append(records: [command("a", 2), command("a", 3)], durability: .written)
        _ = try writers[0].append(
            records: [overlap ?? command("a", 4), command("b", 2)], durability: .written)
        let second = try writers[1].append(
            records: [command("a", 4), command("a", 5)], durability: .written, resumptions: [left.resumption("a")])
        _ = try writers[2].append(
            records: [command("a", 6), ended("a", 7)], durability: .written, resumptions: [second.resumption("a")])
        _ = try writers[0].append(records: [ended("b", 3)], durability: .written)
        for writer in writers { try writer.finish() }
    }

    private func whole() throws -> Scratch {
        let scratch = try Scratch()
        try recording(scratch)
        return scratch
    }

    @Test func partsJoin() throws {
        let scratch = try whole()
        let report = scratch.verified()
        #expect(report.problems == [])
        #expect(report.sessions == 2)
        #expect(report.openSessions == 0)
        #expect(report.notes.count == 1)
        #expect(report.notes.first?.contains("1 records of 1 sessions stand in two replicas") == true)
        let shown = try scratch.records(of: "a")
        #expect(shown.filter { $0.sessionResumed == Resumption() }.map(\.sequence) == Array(1...7))
        #expect(shown.filter { $0.sessionResumed != Resumption() }.map(\.sequence) == [3, 5])
        #expect(shown.map(\.sequence) == shown.map(\.sequence).sorted())
    }

    @Test(arguments: ["recorder-0", "recorder-1"]) func aMissingPartIsFound(_ replica: String) throws {
        let scratch = try whole()
        try FileManager.default.removeItem(atPath: scratch.path + "/" + replica)
        let problems = scratch.verified().problems
        #expect(problems.contains { $0.reason.contains("session 'a'") && $0.reason.contains("'\(replica)'") })
        #expect(problems.allSatisfy { !$0.reason.contains("session 'b'") })
        #expect(problems.first?.file.hasSuffix(".slseg") == true)
    }

    /// Another recording under the same name, whole in itself and under the same key.
    @Test func anExchangedPartIsFound() throws {
        let scratch = try whole()
        let other = try Scratch()
        let writer = try other.writer(named: "recorder-1")
        _ = try writer.append(records: [started("z")], durability: .written)
        _ = try writer.append(records: [command("z", 2)], durability: .written)
        try writer.finish()
        try FileManager.default.removeItem(atPath: scratch.path + "/recorder-1")
        try FileManager.default.copyItem(atPath: other.path + "/recorder-1", toPath: scratch.path + "/recorder-1")
        let problems = scratch.verified().problems
        #expect(problems.contains { $0.reason.contains("does not have the session's records") })
        #expect(problems.contains { $0.reason.contains("another chain value") })
        #expect(problems.contains { $0.reason.contains("no replica has its records 4 to 5") } == false)
    }

    /// The same records written anew by someone who has the key.
    @Test func aForgedPartIsFound() throws {
        let scratch = try whole()
        let other = try Scratch()
        try recording(other, overlap: command("a", 4))
        for file in ["head", "checkpoint", "00000001.slseg"] {
            let path = "/recorder-1/" + file
            try scratch.overwrite(scratch.path + path, try other.bytes(other.path + path))
        }
        let problems = scratch.verified().problems
        #expect(problems.count { $0.reason.contains("another chain value") } >= 1, "\(problems)")
        #expect(problems.allSatisfy { $0.reason.contains("session 'a'") })
    }

    /// Older copies of one replica's files: whole in themselves, but others name what it acknowledged since.
    @Test func aPartThatWasSetBackIsFound() throws {
        let scratch = try Scratch()
        let first = try scratch.writer(named: "recorder-0")
        _ = try first.append(records: [started("a")], durability: .written)
        let files = ["/recorder-0/head", "/recorder-0/00000001.slseg"].map { scratch.path + $0 }
        let older = try files.map { try scratch.bytes($0) }
        let left = try first.append(records: [command("a", 2)], durability: .written)
        try first.finish()
        let second = try scratch.writer(named: "recorder-1")
        _ = try second.append(
            records: [command("a", 3)], durability: .written, resumptions: [left.resumption("a")])
        try second.finish()
        #expect(scratch.verified().problems == [])
        for (file, bytes) in zip(files, older) { try scratch.overwrite(file, bytes) }
        let problems = scratch.verified().problems
        #expect(problems.contains { $0.reason.contains("what it acknowledged is gone") })
        #expect(problems.contains { $0.reason.contains("no replica has its records 2 to 2") })
    }

    @Test func copiesThatDifferAreFound() throws {
        let scratch = try Scratch()
        try recording(scratch, overlap: command("a", 4, "DROP TABLE orders"))
        let problems = scratch.verified().problems
        #expect(problems.count == 1)
        #expect(problems.first?.reason == "session 'a': record 4 is another one than in 'recorder-0'")
        #expect(problems.first?.file.hasSuffix("recorder-1/00000001.slseg") == true)
    }

    /// A session whose first record was never acknowledged begins again elsewhere.
    @Test func aSessionMayBeginTwice() throws {
        let scratch = try Scratch()
        let first = try scratch.writer(named: "recorder-0")
        let second = try scratch.writer(named: "recorder-1")
        _ = try first.append(records: [started("a")], durability: .written)
        _ = try second.append(records: [started("a"), ended("a", 2)], durability: .written)
        let report = scratch.verified()
        #expect(report.problems == [])
        #expect(report.sessions == 1)
        #expect(report.openSessions == 0)
        #expect(try scratch.records(of: "a").map(\.sequence) == [1, 2])
    }

    @Test func aResumptionWithoutItsRecordsIsFound() throws {
        let scratch = try Scratch()
        let first = try scratch.writer(named: "recorder-0")
        let second = try scratch.writer(named: "recorder-1")
        let ack = try first.append(records: [started("a"), command("a", 2)], durability: .written)
        var resumption = ack.resumption("a")
        resumption.after = 5
        _ = try second.append(records: [command("a", 6)], durability: .written, resumptions: [resumption])
        let problems = scratch.verified().problems
        #expect(problems.contains { $0.reason.contains("does not have the session's records up to there") })
        #expect(problems.contains { $0.reason.contains("no replica has its records 3 to 5") })
    }

    /// A record that lies behind the block that is named as the last acknowledged one.
    @Test func aRecordBehindTheNamedBlockIsFound() throws {
        let scratch = try Scratch()
        let first = try scratch.writer(named: "recorder-0")
        let second = try scratch.writer(named: "recorder-1")
        let ack = try first.append(records: [started("a")], durability: .written)
        _ = try first.append(records: [command("a", 2)], durability: .written)
        var resumption = ack.resumption("a")
        resumption.after = 2
        _ = try second.append(records: [command("a", 3)], durability: .written, resumptions: [resumption])
        #expect(scratch.verified().problems.contains { $0.reason.contains("the record stands behind that block") })
    }

    @Test func oneReplicaAloneIsWholeWithANote() throws {
        let scratch = try whole()
        let report = verify([scratch.path + "/recorder-1"], keys: VerificationKeys(recording: [scratch.key]))
        #expect(report.problems == [])
        #expect(report.notes.contains { $0.contains("1 sessions began in other replicas") })
    }

    /// Two hosts, each with its own folder of recordings.
    @Test func partsJoinAcrossFolders() throws {
        let (one, two) = (try Scratch(), try Scratch())
        let first = try one.writer(named: "recorder-0-00000001")
        let second = try two.writer(named: "recorder-0-00000002")
        let left = try first.append(records: [started("a"), command("a", 2)], durability: .written)
        _ = try second.append(
            records: [command("a", 3), ended("a", 4)], durability: .written, resumptions: [left.resumption("a")])
        for writer in [first, second] { try writer.finish() }
        for paths in [[one.path, two.path], [two.path, one.path], [one.path, two.path + "/recorder-0-00000002"]] {
            let report = verify(paths, keys: VerificationKeys(recording: [one.key]))
            #expect(report.problems == [])
            #expect(report.sessions == 1 && report.openSessions == 0)
        }
        #expect(verify([one.path, one.path + "/"], keys: VerificationKeys(recording: [one.key])).isWhole)
        let alone = verify([two.path], keys: VerificationKeys(recording: [one.key])).problems
        #expect(alone.contains { $0.reason.contains("'recorder-0-00000001' is missing") })
        try two.overwrite(two.path + "/recorder-0-00000002/head", [])
        #expect(!verify([one.path, two.path], keys: VerificationKeys(recording: [one.key])).isWhole)
    }

    @Test func namesakesCannotBeJoined() throws {
        let (one, two) = (try Scratch(), try Scratch())
        for scratch in [one, two] {
            let writer = try scratch.writer(named: "recorder-0")
            _ = try writer.append(records: [started("a")], durability: .written)
            try writer.finish()
        }
        let report = verify([one.path, two.path], keys: VerificationKeys(recording: [one.key]))
        #expect(report.problems.count == 1)
        #expect(report.problems.first?.reason.contains("is named 'recorder-0' too") == true)
        #expect(report.segments == 2)
    }

    @Test func liveRecordingsJoinWhileSessionsMove() throws {
        let scratch = try Scratch()
        let writers = try (0..<3).map { try scratch.writer(named: "recorder-\($0)") }
        var ack = try writers[0].append(records: [started("a")], durability: .written)
        for sequence in UInt64(2)...30 {
            ack = try writers[Int(sequence) % 3].append(
                records: [command("a", sequence)], durability: .written, resumptions: [ack.resumption("a")])
            let report = scratch.verified()
            #expect(report.problems == [])
            #expect(report.notes == [])
        }
    }

    @Test func theIndexCountsWhatTwoReplicasHaveOnce() throws {
        let scratch = try Scratch()
        let writers = try (0..<2).map { try scratch.writer(named: "recorder-\($0)") }
        let index = try RecordingIndex(recordings: scratch.path)
        func result(_ sequence: UInt64) -> Record {
            var record = command("a", sequence)
            record.result.bytes = 100
            return record
        }
        let ack = try writers[0].append(records: [started("a"), result(2)], durability: .written)
        _ = try writers[0].append(records: [result(3), result(4)], durability: .written)
        _ = try writers[1].append(
            records: [result(3), result(4), result(5), ended("a", 6)], durability: .written,
            resumptions: [ack.resumption("a")])
        // In the other order than written, and with a part that comes late.
        try index.apply(writers[1].takeIndexChanges())
        #expect(try index.session("a").bytes == 300)
        try index.apply(writers[0].takeIndexChanges())
        #expect(try index.session("a").bytes == 400)
        #expect(try index.session("a").identity == "agent-1")
        #expect(try index.session("a").endReason == "client closed")
        let listed = try index.list()
        try index.rebuild()
        #expect(try index.list() == listed)
        #expect(try index.locations(of: "a").map(\.replica) == ["recorder-0", "recorder-1"])
    }

    /// Two processes share the index file: neither loses what it adds.
    @Test func writersShareTheIndex() async throws {
        let scratch = try Scratch()
        let names = (0..<4).map { "recorder-\($0)" }
        let path = scratch.path
        let key = scratch.key
        try await withThrowingTaskGroup(of: Void.self) { group in
            for name in names {
                group.addTask {
                    let writer = try SegmentWriter(directory: path + "/" + name, key: key)
                    let index = try RecordingIndex(recordings: path)
                    for number in 0..<200 {
                        _ = try writer.append(records: [started("\(name)-\(number)")], durability: .written)
                        try index.apply(writer.takeIndexChanges())
                    }
                    try writer.finish()
                }
            }
            try await group.waitForAll()
        }
        let index = try RecordingIndex(recordings: path)
        #expect(try index.list(.init(limit: 10_000)).count == 800)
        #expect(scratch.verified().problems == [])
    }
}
