import NIOCore
@testable import PostgresAccept
import PostgresWire
import Testing

@Suite("Rewritten replies")
struct RewrittenReplyTests {
    private static func bytes(_ messages: [(Character, String)]) -> ByteBuffer {
        var buffer = ByteBuffer()
        for (type, text) in messages {
            buffer.writeImmutableBuffer(message(type.asciiValue ?? 0, Array(text.utf8)).bytes)
        }
        return buffer
    }

    private static let sent = bytes([("T", "columns"), ("D", "one"), ("D", "two"), ("C", "SELECT 2\0")])

    private func objection(_ messages: [(Character, String)], for sent: ByteBuffer = Self.sent) throws -> String? {
        try RewrittenReply.objection(to: Self.bytes(messages), for: sent)
    }

    @Test func contentsMayChangeAndSoMayCopyDataAndNotices() throws {
        #expect(try objection([("T", "x"), ("D", "1"), ("D", "2"), ("C", "SELECT 2\0")]) == nil)
        #expect(try objection([("T", "x"), ("N", "n"), ("D", "1"), ("D", "2"), ("C", "s")]) == nil)
        let copy = Self.bytes([("d", "one"), ("d", "two"), ("c", "")])
        #expect(try objection([("d", "one two"), ("c", "")], for: copy) == nil)
        #expect(try objection([("c", "")], for: copy) == nil)
        #expect(try RewrittenReply.objection(to: Self.sent, for: Self.sent) == nil)
    }

    // One message less, more, or in another place: the client would wait for ever, or take the next answer for this one.
    @Test(arguments: ["TDC", "TDDDC", "TDD", "DDC", "TDDCC", "TDDCZ", "CDDT", "TDDE", ""])
    func nothingElseMayChange(_ types: String) throws {
        #expect(try objection(types.map { ($0, "x") }) != nil)
    }

    /// The client was told how many columns a row has.
    @Test func rowsHaveAsManyFieldsAsTheClientWasTold() throws {
        let sent = Self.bytes([("D", "\0\u{3}"), ("C", "SELECT 1\0")])
        let dropped = Self.bytes([("D", "\0\u{2}"), ("C", "SELECT 1\0")])
        #expect(try RewrittenReply.objection(to: dropped, for: sent, fields: 2) == nil)
        #expect(try RewrittenReply.objection(to: sent, for: sent, fields: 2) != nil)
        #expect(try RewrittenReply.objection(to: Self.bytes([("D", "\0"), ("C", "")]), for: sent, fields: 2) != nil)
        #expect(try RewrittenReply.objection(to: dropped, for: sent) == nil)
    }

    @Test func cutOffMessagesAreNone() throws {
        for length in 0..<Self.sent.readableBytes {
            let cut = try #require(Self.sent.getSlice(at: 0, length: length))
            #expect(try RewrittenReply.objection(to: cut, for: Self.sent) != nil, "\(length)")
        }
        var longer = Self.sent
        longer.writeBytes([0x44, 0, 0, 0])
        #expect(try RewrittenReply.objection(to: longer, for: Self.sent) != nil)
        var invalid = Self.sent
        invalid.setInteger(Int32(-1), at: 1)
        #expect(try RewrittenReply.objection(to: invalid, for: Self.sent) != nil)
    }

    @Test func aSettingThatChangesHowTextsAreReadIsRefused() throws {
        let sent = Self.bytes([("S", "standard_conforming_strings\0on\0")])
        #expect(try objection([("S", "standard_conforming_strings\0on\0")], for: sent) == nil)
        #expect(try objection([("S", "standard_conforming_strings\0off\0")], for: sent) != nil)
        #expect(throws: WireError.self) { try objection([("S", "no end")], for: sent) }
    }
}
