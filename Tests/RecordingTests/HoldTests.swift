import Contract
import Foundation
import Testing

@testable import Recording

/// What is under a legal hold stays, whoever can write there.
@Suite struct HoldTests {
    private static let second: UInt64 = 1_000_000_000

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
        return try order.state(in: scratch.replica, signedBy: [scratch.key.verification])
    }

    private static func path(_ hold: LegalHold, _ scratch: Scratch) -> String {
        scratch.replica + "/holds/" + hold.fileName
    }

    @Test func untilItIsReleased() throws {
        let scratch = try Scratch()
        var writer = try sixSegments(scratch)
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
        var writer = try sixSegments(scratch)
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
        var writer = try sixSegments(scratch)
        let hold = try Self.place("case-17", 2...2, scratch)
        writer.tick(now: 2 * Self.second)
        // As if the folder had not changed.
        let folder = LegalHold.folder(scratch.replica)
        var before = stat()
        #expect(stat(folder, &before) == 0)
        try FileManager.default.removeItem(atPath: Self.path(hold, scratch))
        #expect(utimensat(AT_FDCWD, folder, [before.st_atim, before.st_mtim], 0) == 0)
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

    /// A release that somebody copied is of the hold that it released, not of the next one of that name.
    @Test func aReleaseThatIsPutBack() throws {
        let scratch = try Scratch()
        var writer = try sixSegments(scratch)
        let first = try Self.place("case-17", 2...2, scratch)
        try first.release(in: scratch.replica, key: scratch.key)
        let released = try scratch.bytes(Self.path(first, scratch))
        try FileManager.default.removeItem(atPath: Self.path(first, scratch))
        let second = try Self.place("case-17", 2...2, scratch)
        try scratch.overwrite(Self.path(second, scratch), released)
        try scratch.overwrite(Self.path(first, scratch), released)
        #expect(try Self.holds(scratch).map(\.name) == ["case-17"])
        let refused = RemovalOrder.State.refused("segments are under legal hold: case-17")
        #expect(try Self.order(&writer, scratch, at: 2) == refused)
        try writer.finish()
    }

    /// A notice can go with its segment.
    @Test func everySegmentSaysWhatIsHeld() throws {
        let scratch = try Scratch()
        var writer = try sixSegments(scratch)
        _ = try Self.place("case-17", 2...2, scratch)
        for round in UInt64(1)...3 {
            writer.tick(now: 2 * round * Self.second)
            for sequence in 1...6 {
                _ = try writer.append([try batch([command("a", 6 * round + UInt64(sequence))])], now: 0)
            }
        }
        try writer.finish()
        let held = try scratch.records(of: "").map(\.notice.text).filter { $0 == "held: segments 2-2 as case-17" }
        #expect(held.count == 3)
    }

    /// A segment with nothing but what is held is not sealed for that, or one would follow the other.
    @Test func holdsAloneFillNoSegments() throws {
        let scratch = try Scratch()
        var options = SegmentWriter.Options()
        options.segmentSeconds = 0
        var writer = try ReplicaWriter(directory: scratch.replica, key: scratch.key, options: options)
        _ = try writer.append([try batch([started("a"), ended("a", 2)])], now: 0)
        _ = try Self.place("case-17", 1...1, scratch)
        for round in UInt64(1)...6 { writer.tick(now: 2 * round * Self.second) }
        #expect(scratch.segments.count == 2)
        _ = try writer.append([try batch([started("b")])], now: 0)
        writer.tick(now: 20 * Self.second)
        try writer.finish()
        let held = try scratch.records(of: "").map(\.notice.text).filter { $0 == "held: segments 1-1 as case-17" }
        #expect(held.count == 2)
    }

    /// Records do not wait for thousands of them.
    @Test func ordersThatNobodySigned() throws {
        let scratch = try Scratch()
        var writer = try sixSegments(scratch)
        let folder = RemovalOrder.folder(scratch.replica)
        try makeDirectory(folder)
        for number in 1...100 { try scratch.overwrite(folder + "/remove-\(number)-\(number)", Array("x".utf8)) }
        func left() throws -> Int { try directoryEntries(folder).filter { !$0.hasSuffix(".refused") }.count }
        writer.tick(now: 2 * Self.second)
        #expect(try left() == 68)
        for second in UInt64(2)...4 { writer.tick(now: 2 * second * Self.second) }
        #expect(try left() == 0)
        try writer.finish()
    }

    /// An order is refused then; records are taken.
    @Test func holdsThatCannotBeRead() throws {
        let scratch = try Scratch()
        var writer = try sixSegments(scratch)
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

    /// What it would hold is not known.
    @Test func aFileThatIsNoHoldKeepsEverything() throws {
        let scratch = try Scratch()
        var writer = try sixSegments(scratch)
        let folder = LegalHold.folder(scratch.replica)
        try makeDirectory(folder)
        try scratch.overwrite(folder + "/README", Array("case 17".utf8))
        let state = try Self.order(&writer, scratch, at: 2)
        guard case .refused(let reason) = state else {
            Issue.record("\(state)")
            return
        }
        #expect(reason.contains("not the name of a hold"))
        #expect { try Self.holds(scratch) } throws: { "\($0)".contains("README") }
        try writer.finish()
    }

    /// Placed when the recorder has looked at the holds, and before it says what it removes.
    @Test func aHoldThatComesInBetweenHolds() throws {
        let scratch = try Scratch()
        let files = InterruptedFiles(before: "/removals.new") { _ = try Self.place("case-17", 2...2, scratch) }
        var options = SegmentWriter.Options()
        options.segmentBytes = 300
        let writer = try scratch.writer(options, files: files)
        _ = try writer.append(records: [started("a")], durability: .written)
        for sequence in UInt64(2)...6 { _ = try writer.append(records: [command("a", sequence)], durability: .written) }
        let refusal = try writer.carryOut(RemovalOrder(.remove, 1...3, reason: "older than 90 days"))
        #expect(refusal?.contains("case-17") == true)
        #expect(scratch.segments.first?.hasSuffix("00000001.slseg") == true)
        #expect(try RecordingArchive(recordings: scratch.path).removed(1...3, of: "recorder-1") == [])
        let notices = try scratch.records(of: "").map(\.notice.text)
        #expect(notices.contains("taken back: removed: segments 1-3: older than 90 days"))
        try writer.finish()
        #expect(scratch.verified().problems == [])
    }

    /// An order that somebody took away is not done.
    @Test func anOrderThatVanishedIsNotDone() throws {
        let scratch = try Scratch()
        let writer = try sixSegments(scratch)
        let order = RemovalOrder(.remove, 1...3, reason: "older than 90 days")
        try order.give(to: scratch.replica, key: scratch.key)
        try FileManager.default.removeItem(atPath: RemovalOrder.folder(scratch.replica) + "/remove-1-3")
        let state = try order.state(in: scratch.replica, signedBy: [scratch.key.verification])
        #expect(state == .refused("the order vanished before it was carried out: give it again"))
        try writer.finish()
    }
}

/// Files with something that happens before one is renamed, once.
private final class InterruptedFiles: FileLayer, @unchecked Sendable {
    private let system = SystemFiles()
    private let name: String
    private var body: (() throws -> Void)?

    init(before name: String, _ body: @escaping () throws -> Void) {
        self.name = name
        self.body = body
    }

    func rename(_ path: String, to other: String) throws(FileError) {
        if path.hasSuffix(name), let body {
            self.body = nil
            do { try body() } catch { Issue.record("\(error)") }
        }
        try system.rename(path, to: other)
    }

    func create(_ path: String) throws(FileError) -> Int32 { try system.create(path) }
    func open(_ path: String) throws(FileError) -> Int32 { try system.open(path) }
    func write(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32, at offset: Int64) throws(FileError) -> Int {
        try system.write(bytes, to: descriptor, at: offset)
    }
    func synchronize(_ descriptor: Int32) throws(FileError) { try system.synchronize(descriptor) }
    func truncate(_ descriptor: Int32, to length: Int64) throws(FileError) {
        try system.truncate(descriptor, to: length)
    }
    func synchronizeDirectory(_ path: String) throws(FileError) { try system.synchronizeDirectory(path) }
    func reserve(_ length: Int64, in descriptor: Int32, at offset: Int64) throws(FileError) {
        try system.reserve(length, in: descriptor, at: offset)
    }
    func setAside(_ length: Int64, in descriptor: Int32) { system.setAside(length, in: descriptor) }
}
