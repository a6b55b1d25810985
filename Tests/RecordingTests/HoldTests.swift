import Contract
import Foundation
import Testing

@testable import Recording

/// What is under a legal hold stays, whoever can write there.
@Suite struct HoldTests {
    private static let second: UInt64 = 1_000_000_000

    /// Six segments of a block each.
    private static func recorder(_ scratch: Scratch) throws -> ReplicaWriter {
        var options = SegmentWriter.Options()
        options.segmentBytes = 300
        var writer = try ReplicaWriter(directory: scratch.replica, key: scratch.key, options: options)
        _ = try writer.append([try batch([started("a")])], now: 0)
        for sequence in UInt64(2)...6 { _ = try writer.append([try batch([command("a", sequence)])], now: 0) }
        return writer
    }

    private static func holds(_ scratch: Scratch) throws -> [LegalHold] {
        try LegalHold.all(in: scratch.replica, signedBy: [scratch.key.verification])
    }

    private static func place(_ name: String, _ segments: ClosedRange<UInt64>, _ scratch: Scratch) throws -> LegalHold {
        let hold = try LegalHold(name, segments, reason: "litigation")
        try hold.place(in: scratch.replica, key: scratch.key)
        return hold
    }

    private static func order(_ writer: inout ReplicaWriter, _ scratch: Scratch, at second: UInt64) throws
        -> RemovalOrder.State
    {
        let order = RemovalOrder(.remove, 1...3, reason: "older than 90 days")
        try order.give(to: scratch.replica, key: scratch.key)
        writer.tick(now: second * Self.second)
        return try order.state(in: scratch.replica)
    }

    private static func path(_ hold: LegalHold, _ scratch: Scratch) -> String {
        scratch.replica + "/holds/" + hold.fileName
    }

    @Test func untilItIsReleased() throws {
        let scratch = try Scratch()
        var writer = try Self.recorder(scratch)
        let hold = try Self.place("case-17", 2...2, scratch)
        #expect(try Self.holds(scratch) == [hold])
        let refused = RemovalOrder.State.refused("segments are under legal hold: case-17")
        #expect(try Self.order(&writer, scratch, at: 2) == refused)
        #expect(scratch.segments.first?.hasSuffix("00000001.slseg") == true)
        try hold.release(in: scratch.replica, key: scratch.key)
        #expect(try Self.holds(scratch) == [])
        #expect(try Self.order(&writer, scratch, at: 4) == .done)
        let again = #expect(throws: RecordingError.self) { try hold.place(in: scratch.replica, key: scratch.key) }
        #expect(again?.detail.contains("was released") == true)
        try writer.finish()
        let notices = try scratch.records(of: "").map(\.notice.text)
        #expect(notices.contains("held: segments 2-2 as case-17"))
        #expect(notices.contains("released: segments 2-2 as case-17"))
        #expect(scratch.verified().problems == [])
    }

    @Test(arguments: ["", "two\nlines", String(repeating: "x", count: 501)])
    func aReasonIsALine(reason: String) throws {
        let scratch = try Scratch()
        #expect(throws: RecordingError.self) {
            try LegalHold("case-17", 1...1, reason: reason).place(in: scratch.path, key: scratch.key)
        }
    }

    /// Whoever can write there and has not the key: what is not proven holds too, and is said to be so.
    @Test func changedHoldsHold() throws {
        let scratch = try Scratch()
        var writer = try Self.recorder(scratch)
        let hold = try Self.place("case-17", 2...2, scratch)
        let path = Self.path(hold, scratch)
        let other = try Self.place("case-18", 9...9, scratch)
        try other.release(in: scratch.replica, key: scratch.key)
        let (note, released) = (try scratch.bytes(path), try scratch.bytes(Self.path(other, scratch)))
        let elsewhere = scratch.path + "/recorder-2"
        try FileManager.default.createDirectory(atPath: elsewhere + "/holds", withIntermediateDirectories: true)
        try hold.release(in: elsewhere, key: scratch.key)
        for forge in [
            { try scratch.overwrite(path, []) },
            { try scratch.overwrite(path, Array("litigation".utf8)) },
            { try scratch.overwrite(path, note.map { $0 == UInt8(ascii: "l") ? UInt8(ascii: "1") : $0 }) },
            { try scratch.overwrite(path, released) },
            { try scratch.overwrite(path, try scratch.bytes(elsewhere + "/holds/" + hold.fileName)) },
            { try hold.release(in: scratch.replica, key: testKey(9)) },
            {
                try FileManager.default.removeItem(atPath: path)
                try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
            },
        ] {
            try forge()
            let found = try Self.holds(scratch)
            #expect(found.map(\.fileName) == [hold.fileName] && found.first?.problem != nil)
        }
        let refused = RemovalOrder.State.refused("segments are under legal hold: case-17")
        #expect(try Self.order(&writer, scratch, at: 2) == refused)
        try writer.finish()
    }

    /// The recorder that saw it holds on, and says so in its recording.
    @Test func aHoldThatVanishes() throws {
        let scratch = try Scratch()
        var writer = try Self.recorder(scratch)
        let hold = try Self.place("case-17", 2...2, scratch)
        writer.tick(now: 2 * Self.second)
        try FileManager.default.removeItem(atPath: Self.path(hold, scratch))
        guard case .refused(let reason) = try Self.order(&writer, scratch, at: 4) else {
            Issue.record("it was carried out")
            return
        }
        #expect(reason.contains("vanished without a release: case-17"))
        try hold.place(in: scratch.replica, key: scratch.key)
        writer.tick(now: 6 * Self.second)
        try hold.release(in: scratch.replica, key: scratch.key)
        #expect(try Self.order(&writer, scratch, at: 8) == .done)
        try writer.finish()
        #expect(try scratch.records(of: "").contains { $0.notice.text == "a hold vanished: segments 2-2 as case-17" })
        #expect(scratch.verified().problems == [])
    }

    /// An order is refused then; records are taken.
    @Test func holdsThatCannotBeRead() throws {
        let scratch = try Scratch()
        var writer = try Self.recorder(scratch)
        try Data().write(to: URL(filePath: scratch.replica + "/holds"))
        guard case .refused(let reason) = try Self.order(&writer, scratch, at: 2) else {
            Issue.record("it was carried out")
            return
        }
        #expect(reason.contains("cannot be read"))
        _ = try writer.append([try batch([command("a", 7)])], now: 0)
        #expect(writer.takesWork)
        try writer.finish()
    }
}
