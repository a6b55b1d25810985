import Contract
import Foundation
import Testing

@testable import Recording

/// What shows that a replica's whole folder was removed.
@Suite struct ReplicaListTests {
    /// Two recorders as processes run them; the first begins again when the second is there, and so names it.
    private func recording() throws -> Scratch {
        let scratch = try Scratch()
        for name in ["recorder-0", "recorder-1", "recorder-0"] {
            var writer = try ReplicaWriter(directory: scratch.path + "/" + name, key: scratch.key)
            _ = try writer.append([try batch([started("\(name)-\(UUID().uuidString)")])], now: 1)
            try writer.finish()
        }
        #expect(scratch.verified().problems == [])
        #expect(scratch.verified().notes == [])
        return scratch
    }

    @Test func aRemovedFolderIsFound() throws {
        let scratch = try recording()
        try scratch.remove("recorder-1")
        let problems = scratch.verified().problems
        #expect(problems.count == 1)
        #expect(problems.first?.file == scratch.path + "/recorder-1")
    }

    @Test func anEmptiedFolderIsFound() throws {
        let scratch = try recording()
        try scratch.remove("recorder-1")
        let folder = scratch.path + "/recorder-1"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
        #expect(scratch.verified().problems.contains { $0.file == scratch.path + "/recorder-1/head" })
    }

    /// It was moved to another place, which is given too.
    @Test func aMovedFolderIsGivenToo() throws {
        let scratch = try recording()
        let elsewhere = try Scratch()
        try FileManager.default.moveItem(
            atPath: scratch.path + "/recorder-1", toPath: elsewhere.path + "/recorder-1")
        #expect(!verify([scratch.path], keys: VerificationKeys(recording: [scratch.key])).isWhole)
        #expect(
            verify([scratch.path, elsewhere.path + "/recorder-1"], keys: VerificationKeys(recording: [scratch.key]))
                .isWhole)
    }

    @Test func aMissingListIsFound() throws {
        let scratch = try recording()
        try scratch.remove("replicas", "recorder-1")
        let problems = scratch.verified().problems
        #expect(problems.contains { $0.file == scratch.path + "/replicas" })
        #expect(problems.contains { $0.file == scratch.path + "/recorder-1" })
    }

    @Test func formerReleasesKeptNoList() throws {
        let scratch = try Scratch()
        let writer = try scratch.writer()
        _ = try writer.append(records: [started("a")], durability: .written)
        try writer.finish()
        try scratch.remove("replicas")
        #expect(scratch.verified().problems == [])
        #expect(scratch.verified().notes.contains { $0.contains("no list of replicas") })
        // The next start makes one of what is there.
        try scratch.writer(named: "recorder-2").finish()
        #expect(scratch.verified().notes == [])
        try scratch.remove("recorder-1")
        #expect(scratch.verified().problems.count == 1)
    }

    @Test func anOlderListIsFound() throws {
        let scratch = try Scratch()
        try scratch.writer(named: "recorder-0").finish()
        let older = try scratch.bytes(scratch.path + "/replicas")
        for name in ["recorder-1", "recorder-0"] {
            var writer = try ReplicaWriter(directory: scratch.path + "/" + name, key: scratch.key)
            _ = try writer.append([try batch([started(name)])], now: 1)
            try writer.finish()
        }
        try scratch.overwrite(scratch.path + "/replicas", older)
        #expect(scratch.verified().problems.contains { $0.reason.contains("an older list was put back") })
        try scratch.remove("recorder-1")
        #expect(scratch.verified().problems.contains { $0.file == scratch.path + "/recorder-1" })
    }

    @Test func everyChangedByteOfTheListIsFound() throws {
        let scratch = try recording()
        let path = scratch.path + "/replicas"
        let whole = try scratch.bytes(path)
        for index in whole.indices {
            var changed = whole
            changed[index] ^= 1
            try scratch.overwrite(path, changed)
            #expect(scratch.verified().problems.contains { $0.file == path }, "byte \(index)")
            #expect(throws: RecordingError.self) { try scratch.writer(named: "recorder-2") }
        }
        for length in whole.indices {
            try scratch.overwrite(path, Array(whole[..<length]))
            #expect(scratch.verified().problems.contains { $0.file == path }, "cut at \(length)")
        }
    }

    @Test func aRunningRecorderNamesNewOnes() throws {
        let scratch = try Scratch()
        var first = try ReplicaWriter(directory: scratch.path + "/recorder-0", key: scratch.key)
        _ = try first.append([try batch([started("a")])], now: 1)
        try scratch.writer(named: "recorder-1").finish()
        first.tick(now: 10_000_000_000)
        try first.finish()
        #expect(
            try scratch.records(of: "").map(\.notice.text) == [
                "replicas: recorder-0", "replicas: recorder-0 recorder-1",
            ])
        try scratch.remove("recorder-1", "replicas")
        #expect(scratch.verified().problems.contains { $0.file == scratch.path + "/recorder-1" })
    }

    @Test func recordersBeginAtOnce() async throws {
        let scratch = try Scratch()
        let (path, key) = (scratch.path, scratch.key)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<16 {
                group.addTask {
                    let name = try ReplicaFolder.find(for: "recorder-\(number)", in: path)
                    try SegmentWriter(directory: path + "/" + name, key: key).finish()
                }
            }
            try await group.waitForAll()
        }
        let listed = try #require(try ReplicaList.read(path, keys: [key.verification]))
        #expect(listed.count == 16)
        #expect(listed == Set(try RecordingArchive(recordings: path).replicas()))
    }

    @Test func folderNamesAreFoundAgainAndDifferOnHosts() throws {
        let (one, two) = (try Scratch(), try Scratch())
        let name = try ReplicaFolder.find(for: "recorder-0", in: one.path + "/recordings")
        #expect(name.hasPrefix("recorder-0-") && name.utf8.count == "recorder-0-".utf8.count + 8)
        #expect(try ReplicaFolder.find(for: "recorder-0", in: one.path + "/recordings/") == name)
        #expect(try ReplicaFolder.find(for: "recorder-0", in: two.path) != name)
        #expect(try ReplicaFolder.find(for: "recorder-00", in: one.path + "/recordings") != name)
        // A former release's folder goes on.
        try two.remove(two.names.first { $0.hasPrefix("recorder-0") } ?? "")
        try two.writer(named: "recorder-0").finish()
        #expect(try ReplicaFolder.find(for: "recorder-0", in: two.path) == "recorder-0")
        try two.writer(named: "recorder-0-0badcafe").finish()
        #expect(try ReplicaFolder.find(for: "recorder-0", in: two.path) == "recorder-0-0badcafe")
        try two.writer(named: "recorder-0-0badbeef").finish()
        #expect(throws: RecordingError.self) { try ReplicaFolder.find(for: "recorder-0", in: two.path) }
    }
}
