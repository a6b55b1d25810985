import Contract
import Foundation
import Testing

@testable import Recording

/// What was removed leaves the search index and the list of sessions, every byte of it.
@Suite struct SearchForgettingTests {
    /// A segment for each session, of one command; the last is open.
    private static func record(
        _ sessions: [String], in scratch: Scratch, _ recipients: [Recipient] = []
    ) throws -> SegmentWriter {
        var options = SegmentWriter.Options()
        options.segmentBytes = 400
        options.recipients = recipients
        let writer = try scratch.writer(options)
        for session in sessions { try record(session, writer) }
        return writer
    }

    private static func record(_ session: String, _ writer: SegmentWriter) throws {
        var record = command(
            session, 2, "SELECT word\(session) + 17\(session) + żółw\(session) + é7\(session) FROM common -- \(filler)")
        record.command.memoised.verdict = .allow
        record.command.memoised.rule = "rule-\(session)"
        record.command.memoised.tables = ["table-\(session)"]
        _ = try writer.append(
            records: [started(session, identity: "id-\(session)"), record, ended(session, 3)], durability: .written)
    }

    private static let filler = String(repeating: "padding ", count: 40)

    private static func index(_ scratch: Scratch, _ access: RecordingAccess = .init()) throws -> SearchIndex {
        try SearchIndex(
            writing: scratch.path + "/" + SearchIndex.fileName, of: scratch.path, .commands, access: access)
    }

    private static func found(_ index: SearchIndex, _ words: String) throws -> [String] {
        try index.find(SearchFilter(query: try SearchQuery(words)), replies: nil).map {
            $0.session + ($0.problem == nil ? "" : "!")
        }.sorted()
    }

    /// Files of an index in which a text stands.
    private static func files(
        with text: String, _ scratch: Scratch, _ index: String = SearchIndex.fileName
    ) throws -> [String] {
        try scratch.names.filter { $0.hasPrefix(index) }.filter {
            try Data(scratch.bytes(scratch.path + "/" + $0)).range(of: Data(text.utf8)) != nil
        }
    }

    private static let names = ["alpha", "bravo", "charlie", "delta", "echo"]

    @Test func noByteStays() throws {
        let scratch = try Scratch()
        let writer = try Self.record(Self.names, in: scratch)
        let index = try Self.index(scratch)
        #expect(try index.update(replies: nil) == 5)
        // What begins as the word before is kept without that, in the table of words.
        for text in ["wordbravo", "id-bravo", "table-bravo", "rule-bravo"] {
            #expect(try !Self.files(with: text, scratch).isEmpty, "\(text)")
        }
        #expect(try writer.carryOut(RemovalOrder(.remove, 2...2, reason: "asked for")) == nil)
        #expect(try SearchIndex(reading: index.path, of: scratch.path).hasRemoved())
        #expect(try index.forgetRemoved())
        #expect(try !SearchIndex(reading: index.path, of: scratch.path).hasRemoved())
        #expect(try Self.files(with: "bravo", scratch).isEmpty)
        for text in ["wordalpha", "id-delta", "table-echo", "rule-alpha"] {
            #expect(try !Self.files(with: text, scratch).isEmpty, "\(text)")
        }
        #expect(try index.update(replies: nil) == 0)
        #expect(try Self.found(index, "common") == ["alpha", "charlie", "delta", "echo"])
        #expect(try Self.found(index, "word*") == ["alpha", "charlie", "delta", "echo"])
        #expect(try Self.found(index, "wordbravo").isEmpty)
        try Self.record("foxtrot", writer)
        #expect(try index.update(replies: nil) == 1)
        #expect(try Self.found(index, "padding") == ["alpha", "charlie", "delta", "echo", "foxtrot"])
    }

    /// Ended between any two of its transactions, it goes on from there.
    @Test func interruptedAnywhere() throws {
        let scratch = try Scratch()
        let writer = try Self.record(Self.names, in: scratch)
        try Self.index(scratch).update(replies: nil)
        #expect(try writer.carryOut(RemovalOrder(.remove, 1...2, reason: "asked for")) == nil)
        var turns = 0
        var isDone = false
        while !isDone, turns < 200 {
            turns += 1
            var asked = 0
            isDone = try Self.index(scratch).forgetRemoved {
                asked += 1
                return asked <= turns
            }
        }
        #expect(isDone && turns > 1)
        for text in ["alpha", "bravo"] { #expect(try Self.files(with: text, scratch).isEmpty, "\(text)") }
        #expect(try Self.found(try Self.index(scratch), "common") == ["charlie", "delta", "echo"])
    }

    /// It is read again, without what is to be removed and still there.
    @Test func mostOfIt() throws {
        let scratch = try Scratch()
        let writer = try Self.record(Self.names, in: scratch)
        let index = try Self.index(scratch)
        try index.update(replies: nil)
        let first = try #require(scratch.segments.first)
        let bytes = try scratch.bytes(first)
        #expect(try writer.carryOut(RemovalOrder(.remove, 1...4, reason: "past its retention")) == nil)
        try scratch.overwrite(first, bytes)
        #expect(try index.update(replies: nil) == 1)
        #expect(try Self.found(index, "common") == ["echo"])
        for name in Self.names.dropLast() { #expect(try Self.files(with: "word" + name, scratch).isEmpty, "\(name)") }
    }

    /// Commands that wait for a reviewer are kept with their text.
    @Test func whatIsNotDecided() throws {
        let scratch = try Scratch()
        let writer = try Self.record(Self.names, in: scratch)
        _ = try writer.append(
            records: [started("late"), command("late", 2, "DELETE FROM waiting"), ended("late", 3)],
            durability: .written)
        let index = try Self.index(scratch)
        try index.update(replies: nil)
        #expect(try Self.found(index, "waiting") == ["late"])
        #expect(try writer.carryOut(RemovalOrder(.remove, 6...6, reason: "asked for")) == nil)
        try index.update(replies: nil)
        #expect(try Self.found(index, "waiting").isEmpty)
        #expect(try index.pending().isEmpty)
    }

    /// With the data keys destroyed nobody can read them: their words go, and the index goes on behind them.
    @Test func erased() throws {
        let scratch = try Scratch()
        let folder = try Scratch()
        let pair = try KeyPair("one", KeyPair.x25519, in: folder.path)
        let writer = try Self.record(Self.names, in: scratch, [pair.recipient])
        let access = RecordingAccess(keys: try pair.keys)
        let index = try Self.index(scratch, access)
        #expect(try index.update(replies: nil) == 5)
        #expect(try writer.carryOut(RemovalOrder(.erase, 2...2, reason: "asked for")) == nil)
        try index.update(replies: nil)
        #expect(try Self.files(with: "wordbravo", scratch).isEmpty)
        #expect(try Self.found(index, "common") == ["alpha", "charlie", "delta", "echo"])
        try index.clear()
        #expect(try index.update(replies: nil) == 4)
        let scan = try TextScan(recordings: scratch.path, text: "FROM common", access: access)
        #expect(try scan.find(SearchFilter()).hits.count == 4)
    }

    @Test func theListOfSessions() throws {
        let scratch = try Scratch()
        let writer = try Self.record(Self.names, in: scratch)
        let index = try RecordingIndex(recordings: scratch.path)
        try index.catchUp(replica: "recorder-1")
        #expect(try !Self.files(with: "id-bravo", scratch, "index.sqlite").isEmpty)
        #expect(try writer.carryOut(RemovalOrder(.remove, 2...2, reason: "asked for")) == nil)
        try index.forget(2...2, of: "recorder-1")
        for text in ["id-bravo", "rule-bravo"] {
            #expect(try Self.files(with: text, scratch, "index.sqlite").isEmpty, "\(text)")
        }
        #expect(try !Self.files(with: "id-alpha", scratch, "index.sqlite").isEmpty)
    }

    /// As `sluice sessions reindex` does beside the recorder that keeps it.
    @Test func madeAnewByAnotherProcess() throws {
        let scratch = try Scratch()
        let writer = try Self.record(Self.names, in: scratch)
        let index = try Self.index(scratch)
        try index.update(replies: nil)
        #expect(try writer.carryOut(RemovalOrder(.remove, 2...2, reason: "asked for")) == nil)
        try index.update(replies: nil)
        let other = try SearchIndex(reading: scratch.path + "/" + SearchIndex.fileName, of: scratch.path)
        try other.clear()
        #expect(try index.update(replies: nil) == 4)
        try index.update(replies: nil)
        #expect(try !other.hasRemoved())
        try writer.finish()
    }

    /// So many that pages of the files were split and joined again.
    @Test func ofMany() throws {
        let scratch = try Scratch()
        var options = SegmentWriter.Options()
        options.segmentBytes = 2_000
        let writer = try scratch.writer(options)
        var generator = SystemRandomNumberGenerator()
        var names: [[String]] = []
        while names.count < 40 {
            let some = (0..<60).map { _ in "x\(String(generator.next(), radix: 36))x" }
            let records = some.flatMap { name -> [Record] in
                var record = command(name, 2, "SELECT \(name)")
                record.command.memoised.verdict = .allow
                record.command.memoised.rule = name
                return [started(name, identity: name), record, ended(name, 3)]
            }
            _ = try writer.append(records: records, durability: .written)
            names.append(some)
        }
        let index = try Self.index(scratch)
        try index.update(replies: nil)
        let list = try RecordingIndex(recordings: scratch.path)
        try list.catchUp(replica: "recorder-1")
        let kept = try (1...4).map { try SessionNames.of(segment: UInt64($0) * 5, scratch) }
        for first in stride(from: UInt64(1), through: 16, by: 5) {
            let segments = first...(first + 3)
            #expect(try writer.carryOut(RemovalOrder(.remove, segments, reason: "past its retention")) == nil)
            try list.forget(segments, of: "recorder-1")
        }
        try index.update(replies: nil)
        let left = Set(kept.joined()).union(try SessionNames.after(segment: 20, scratch))
        for file in [SearchIndex.fileName, "index.sqlite"] {
            let bytes = try scratch.names.filter { $0.hasPrefix(file) }.map {
                try Data(scratch.bytes(scratch.path + "/" + $0))
            }
            let gone = names.joined().filter { name in
                !left.contains(name) && bytes.contains { $0.range(of: Data(name.utf8)) != nil }
            }
            #expect(gone == [], "\(file)")
            #expect(left.contains { name in bytes.contains { $0.range(of: Data(name.utf8)) != nil } })
        }
    }
}

/// Sessions by what the segments say.
private enum SessionNames {
    static func of(segment: UInt64, _ scratch: Scratch) throws -> Set<String> {
        let archive = RecordingArchive(recordings: scratch.path)
        return Set(
            try archive.contents(of: segment, in: "recorder-1", signedBy: [scratch.key.verification]).sessions.keys)
    }

    static func after(segment: UInt64, _ scratch: Scratch) throws -> Set<String> {
        let archive = RecordingArchive(recordings: scratch.path)
        var names: Set<String> = []
        for segment in try archive.readable(replica: "recorder-1", fromBlock: 1) where segment.number > 20 {
            let reader = try segment.reader()
            while try reader.next(limit: segment.limit) != nil {
                names.formUnion(try reader.manifest().runs.map(\.session))
            }
        }
        return names
    }
}
