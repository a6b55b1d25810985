import Contract
import Foundation
import Testing

@testable import Recording

/// Words of encrypted recordings are only found with a recipient's key.
@Suite struct EncryptedSearchTests {
    private static func append(_ records: [Record], to scratch: Scratch, for recipients: [Recipient]) throws {
        var options = SegmentWriter.Options()
        options.recipients = recipients
        let writer = try scratch.writer(options)
        for record in records { _ = try writer.append(records: [record], durability: .written) }
        try writer.finish()
    }

    private static func decided(_ sequence: UInt64, _ text: String) -> Record {
        var record = command("a", sequence, text)
        record.command.memoised.verdict = .allow
        return record
    }

    /// An index that recorders kept until recordings were encrypted has what was recorded before, and says so.
    @Test func plainUntilThen() throws {
        let scratch = try Scratch()
        let folder = try Scratch()
        let pair = try KeyPair("one", KeyPair.x25519, in: folder.path)
        let access = RecordingAccess(keys: try pair.keys)
        let query = SearchFilter(query: try SearchQuery("select"))
        func commands(_ index: SearchIndex) throws -> [UInt64] {
            let hits = try index.find(query, replies: nil)
            #expect(hits.allSatisfy { $0.problem == nil && $0.text != nil })
            return hits.map(\.command)
        }
        let kept = scratch.path + "/" + SearchIndex.fileName
        try Self.append([started("a"), Self.decided(2, "SELECT 1")], to: scratch, for: [])
        try SearchIndex(writing: kept, of: scratch.path, .commands).update(replies: nil)
        try Self.append([Self.decided(3, "SELECT 'zanzibar'")], to: scratch, for: [pair.recipient])
        do {
            let index = try SearchIndex(reading: kept, of: scratch.path)
            #expect(try commands(index) == [2])
            #expect(try index.blocksBehind().keys.sorted() == ["recorder-1"])
        }
        let own = folder.path + "/words.sqlite"
        for _ in 1...2 {
            let index = try SearchIndex(writing: own, of: scratch.path, .commands)
            let error = #expect(throws: RecordingError.self) { try index.update(replies: nil) }
            #expect(error?.code == .encrypted && error?.detail.contains("--decryption-key") == true)
        }
        do {
            let index = try SearchIndex(writing: own, of: scratch.path, .commands, access: access)
            #expect(try index.update(replies: nil) == 2)
            try Self.append([Self.decided(4, "SELECT 2")], to: scratch, for: [pair.recipient])
            #expect(try index.update(replies: nil) == 1)
            #expect(try commands(index) == [4, 3, 2])
            #expect(try index.blocksBehind().isEmpty)
        }
        // Without the key only the index names what is encrypted.
        let hits = try SearchIndex(reading: own, of: scratch.path).find(query, replies: nil)
        #expect(hits.map { $0.problem?.contains("--decryption-key") } == [true, true, nil])
        #expect(hits.map { $0.text == nil } == [true, true, false])
    }

    @Test func piecesOfText() throws {
        let scratch = try Scratch()
        let folder = try Scratch()
        let pair = try KeyPair("one", KeyPair.x25519, in: folder.path)
        try Self.append([started("a"), Self.decided(2, "SELECT 'zanzibar'")], to: scratch, for: [pair.recipient])
        func found(_ keys: DecryptionKeys?) throws -> [UInt64] {
            let access = RecordingAccess(keys: keys)
            return try TextScan(recordings: scratch.path, text: "'zan", access: access).find(SearchFilter()).hits
                .map(\.command)
        }
        #expect(try found(try pair.keys) == [2])
        let error = #expect(throws: RecordingError.self) { try found(nil) }
        #expect(error?.code == .encrypted && error?.detail.contains("--decryption-key") == true)
    }
}
