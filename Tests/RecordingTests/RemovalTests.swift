import Contract
import Foundation
import Testing

@testable import Recording

@Suite struct RemovalTests {
    private static let second: UInt64 = 1_000_000_000

    @Test func removedSegmentsAreNotedAndTheRestIsProven() throws {
        let scratch = try Scratch()
        var writer = try sixSegments(scratch)
        let count = scratch.segments.count
        let order = RemovalOrder(.remove, 1...3, reason: "older than 90 days")
        try order.give(to: scratch.replica, key: scratch.key)
        #expect(try order.state(in: scratch.replica, signedBy: [scratch.key.verification]) == .waiting)
        writer.tick(now: 2 * Self.second)
        #expect(try order.state(in: scratch.replica, signedBy: [scratch.key.verification]) == .done)
        #expect(scratch.segments.count >= count - 3)
        #expect(scratch.segments.first?.hasSuffix("00000004.slseg") == true)
        _ = try writer.append([try batch([command("a", 7)])], now: 0)
        try writer.finish()
        let report = scratch.verified()
        #expect(report.problems == [])
        #expect(report.notes.contains { $0.contains("3 segments were removed") })
        #expect(try scratch.records(of: "").contains { $0.notice.text == "removed: segments 1-3: older than 90 days" })
        // The next start does not need them.
        var next = try recorder(again: scratch)
        _ = try next.append([try batch([ended("a", 8)])], now: 0)
        try next.finish()
        #expect(scratch.verified().problems == [])
    }

    private func recorder(again scratch: Scratch) throws -> ReplicaWriter {
        try ReplicaWriter(directory: scratch.replica, key: scratch.key)
    }

    @Test func theOpenSegmentIsSealedFirst() throws {
        let scratch = try Scratch()
        var writer = try ReplicaWriter(directory: scratch.replica, key: scratch.key)
        _ = try writer.append([try batch([started("a"), command("a", 2)])], now: 0)
        let order = RemovalOrder(.remove, 1...1, reason: "asked for")
        try order.give(to: scratch.replica, key: scratch.key)
        writer.tick(now: 2 * Self.second)
        #expect(try order.state(in: scratch.replica, signedBy: [scratch.key.verification]) == .done)
        #expect(scratch.segments.map { $0.suffix(14) } == ["00000002.slseg", "00000003.slseg"])
        try writer.finish()
        // What sessions there are is known from the seal that stays.
        var next = try recorder(again: scratch)
        let acknowledged = try next.append([try batch([command("a", 3)])], now: 0)
        #expect(acknowledged[0]["a"]?.through == 3)
        try next.finish()
        #expect(scratch.verified().problems == [])
    }

    /// A process that died between the notice and the end of what it announced.
    @Test func anOrderIsCarriedOutByTheNextProcess() throws {
        let scratch = try Scratch()
        let writer = try sixSegments(scratch)
        try writer.finish()
        let order = RemovalOrder(.remove, 1...2, reason: "older than 90 days")
        try order.give(to: scratch.replica, key: scratch.key)
        try FileManager.default.removeItem(atPath: scratch.segments[0])
        var next = try recorder(again: scratch)
        _ = try next.append([try batch([command("a", 7)])], now: 0)
        next.tick(now: 2 * Self.second)
        #expect(try order.state(in: scratch.replica, signedBy: [scratch.key.verification]) == .done)
        try next.finish()
        #expect(scratch.verified().problems == [])
    }

    /// What is not sealed never expires.
    @Test func anOldSegmentIsSealed() throws {
        let scratch = try Scratch()
        var options = SegmentWriter.Options()
        options.segmentSeconds = 60
        let writer = try scratch.writer(options)
        let later = currentMicroseconds() + 61 * 1_000_000
        try writer.sealWhenOld(at: later)
        #expect(scratch.segments.count == 1)
        _ = try writer.append(records: [started("a"), command("a", 2)], durability: .written)
        try writer.sealWhenOld(at: currentMicroseconds())
        #expect(scratch.segments.count == 1)
        for _ in 1...2 { try writer.sealWhenOld(at: later) }
        #expect(scratch.segments.count == 2)
        _ = try writer.append(records: [ended("a", 3)], durability: .written)
        try writer.finish()
        #expect(scratch.verified().problems == [])
    }

    /// Nothing was recorded since it started.
    @Test func anIdleRecorderCarriesOutOrders() throws {
        let scratch = try Scratch()
        let writer = try sixSegments(scratch)
        try writer.finish()
        var next = try recorder(again: scratch)
        let order = RemovalOrder(.remove, 1...2, reason: "older than 90 days")
        try order.give(to: scratch.replica, key: scratch.key)
        next.tick(now: 2 * Self.second)
        #expect(try order.state(in: scratch.replica, signedBy: [scratch.key.verification]) == .done)
        try next.finish()
        #expect(scratch.verified().problems == [])
    }

    /// A recorder that was scaled away.
    @Test func ordersToAReplicaThatNobodyHasOpen() throws {
        let scratch = try Scratch()
        let writer = try sixSegments(scratch)
        let order = RemovalOrder(.remove, 1...2, reason: "older than 90 days")
        try order.give(to: scratch.replica, key: scratch.key)
        func carryOut() throws -> Bool {
            try ReplicaWriter.carryOutOrders(to: scratch.replica, key: scratch.key, options: .init())
        }
        #expect(try !carryOut())
        #expect(try order.state(in: scratch.replica, signedBy: [scratch.key.verification]) == .waiting)
        try writer.finish()
        #expect(try carryOut())
        #expect(try order.state(in: scratch.replica, signedBy: [scratch.key.verification]) == .done)
        #expect(scratch.segments.first?.hasSuffix("00000003.slseg") == true)
        #expect(scratch.verified().problems == [])
    }

    @Test(arguments: ["", "two\nlines", String(repeating: "x", count: 501)])
    func aReasonIsALine(reason: String) throws {
        let scratch = try Scratch()
        #expect(throws: RecordingError.self) {
            try RemovalOrder(.erase, 1...1, reason: reason).give(to: scratch.path, key: scratch.key)
        }
    }

    @Test func ordersBeyondTheEndAreRefused() throws {
        let scratch = try Scratch()
        var writer = try sixSegments(scratch)
        let order = RemovalOrder(.remove, 1...99, reason: "a slip")
        try order.give(to: scratch.replica, key: scratch.key)
        writer.tick(now: 2 * Self.second)
        #expect(
            try order.state(in: scratch.replica, signedBy: [scratch.key.verification])
                == .refused("there is no such segment yet"))
        try writer.finish()
        #expect(scratch.verified().problems == [])
    }

    /// Whoever can write there: without the key, with an old order, with one to another replica or of another name.
    @Test func onlyTheKeysOwnerOrders() throws {
        let scratch = try Scratch()
        var writer = try sixSegments(scratch)
        let count = scratch.segments.count
        let order = RemovalOrder(.remove, 1...2, reason: "nobody asked")
        let path = scratch.replica + "/orders/" + order.name
        try order.give(to: scratch.replica, key: testKey(9))
        writer.tick(now: 2 * Self.second)
        #expect(try order.state(in: scratch.replica, signedBy: [scratch.key.verification]) != .done)
        let past = currentMicroseconds() - 2 * RemovalOrder.validity
        for forge in [
            { try order.give(to: scratch.replica, key: scratch.key, at: past) },
            {
                try RemovalOrder(.remove, 3...3, reason: "asked for").give(to: scratch.replica, key: scratch.key)
                try FileManager.default.moveItem(atPath: scratch.replica + "/orders/remove-3-3", toPath: path)
            },
            {
                try FileManager.default.createDirectory(
                    atPath: scratch.path + "/recorder-2", withIntermediateDirectories: true)
                try order.give(to: scratch.path + "/recorder-2", key: scratch.key)
                try FileManager.default.moveItem(
                    atPath: scratch.path + "/recorder-2/orders/" + order.name, toPath: path)
            },
            { try Data("nobody asked".utf8).write(to: URL(filePath: path)) },
        ] {
            let orders = try RemovalOrder.waiting(
                in: scratch.replica, signedBy: [scratch.key.verification], files: SystemFiles())
            #expect(orders.isEmpty)
            try? FileManager.default.removeItem(atPath: path + ".refused")
            try forge()
            let found = try RemovalOrder.waiting(
                in: scratch.replica, signedBy: [scratch.key.verification], files: SystemFiles())
            #expect(found.isEmpty)
            #expect(try order.state(in: scratch.replica, signedBy: [scratch.key.verification]) != .done)
        }
        #expect(scratch.segments.count == count)
        try writer.finish()
    }
}
