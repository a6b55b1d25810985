import Contract
import Foundation
import Recording
import Testing

/// A session that goes on with another recorder: what the new one takes.
@Suite struct ResumptionTests {
    let scratch: Scratch
    let first: SegmentWriter
    let second: SegmentWriter

    init() throws {
        scratch = try Scratch()
        first = try scratch.writer(named: "recorder-0")
        second = try scratch.writer(named: "recorder-1")
    }

    private func resumed(_ writer: SegmentWriter) throws -> [Record] {
        let archive = RecordingArchive(recordings: scratch.path)
        var found: [Record] = []
        try archive.forEachRecord(
            of: "a", in: [.init(replica: writer.replica, segment: 1, firstBlock: 1)]
        ) { record throws(RecordingError) in found.append(record) }
        return found.filter { $0.sessionResumed != Resumption() }
    }

    @Test func acknowledgementsNameTheLastBlock() throws {
        let one = try first.append(records: [started("a")], durability: .written)
        #expect(one.replica == "recorder-0")
        #expect(one.block == 1)
        #expect(one.chain.count == 32)
        let two = try first.append(records: [command("a", 2)], durability: .written)
        #expect(two.block == 2)
        #expect(two.chain != one.chain)
        // A late duplicate is answered with the block that is the last one now.
        #expect(try first.append(records: [started("a")], durability: .written).chain == two.chain)
        try first.finish()
        let again = try scratch.writer(named: "recorder-0")
        #expect(try again.append(records: [started("a")], durability: .written).chain == two.chain)
    }

    @Test func blocksAreNamedAcrossSegments() throws {
        var options = SegmentWriter.Options()
        options.segmentBytes = 400
        var writer = try scratch.writer(named: "recorder-7", options)
        _ = try writer.append(records: [started("a")], durability: .written)
        for sequence in UInt64(2)...20 {
            let ack = try writer.append(records: [command("a", sequence)], durability: .written)
            try writer.finish()
            writer = try scratch.writer(named: "recorder-7", options)
            let repeated = try writer.append(records: [command("a", sequence)], durability: .written)
            #expect(repeated.block == ack.block && repeated.chain == ack.chain)
            let other = try scratch.writer(named: "to-\(sequence)")
            _ = try other.append(
                records: [command("a", sequence + 1)], durability: .written, resumptions: [repeated.resumption("a")])
        }
        #expect(scratch.verified().problems == [])
    }

    @Test func goesOnWhereTheFormerWasAcknowledged() throws {
        let ack = try first.append(records: [started("a"), command("a", 2)], durability: .written)
        let taken = try second.append(
            records: [command("a", 3), command("a", 4)], durability: .written, resumptions: [ack.resumption("a")])
        #expect(taken["a"]?.through == 4)
        #expect(taken["a"]?.error == "")
        #expect(try scratch.records(of: "a").map(\.sequence) == [1, 2, 2, 3, 4])
        #expect(try resumed(second).map(\.sessionResumed) == [ack.resumption("a")])
        #expect(scratch.verified().problems == [])
    }

    @Test func resendsAreTakenOnce() throws {
        let ack = try first.append(records: [started("a"), command("a", 2)], durability: .written)
        var writer = second
        for step in 0..<4 {
            let taken = try writer.append(
                records: [command("a", 3), command("a", 4)], durability: .written, resumptions: [ack.resumption("a")])
            #expect(taken["a"]?.through == 4)
            if step == 1 {
                try writer.finish()
                writer = try scratch.writer(named: "recorder-1")
            }
        }
        #expect(try resumed(second).count == 1)
        #expect(scratch.verified().records == 5)
        #expect(scratch.verified().problems == [])
    }

    @Test func strangersWithoutAResumptionAreRefused() throws {
        let ack = try first.append(records: [started("a"), command("a", 2)], durability: .written)
        let refused = try second.append(records: [command("a", 3)], durability: .written)
        #expect(refused["a"]?.error.isEmpty == false)
        #expect(refused["a"]?.through == 0)
        // Another session's does not help.
        var other = ack.resumption("a")
        other.session = "b"
        let still = try second.append(records: [command("a", 3)], durability: .written, resumptions: [other])
        #expect(still["a"]?.error.isEmpty == false)
        // A resumption before other records than these is a gap: nothing is taken, and nothing is wrong for ever.
        let gap = try second.append(
            records: [command("a", 4)], durability: .written, resumptions: [ack.resumption("a")])
        #expect(gap["a"]?.error == "")
        #expect(gap["a"]?.through == 0)
        #expect(scratch.verified().sessions == 1)
    }

    @Test func aFormerRecorderThatIsNotNamedIsRefused() throws {
        let ack = try first.append(records: [started("a"), command("a", 2)], durability: .written)
        let whole = ack.resumption("a")
        var broken = [whole, whole, whole]
        broken[0].replica = "../elsewhere"
        broken[1].block = 0
        broken[2].chain = Data(repeating: 1, count: 31)
        for resumption in broken {
            let refused = try second.append(
                records: [command("a", 3)], durability: .written, resumptions: [resumption])
            #expect(refused["a"]?.error.isEmpty == false)
        }
    }

    @Test func ingressCannotForgeAResumption() throws {
        _ = try first.append(records: [started("a"), command("a", 2)], durability: .written)
        var forged = command("a", 3)
        forged.sessionResumed.session = "a"
        forged.sessionResumed.after = 3
        let refused = try first.append(records: [forged], durability: .written)
        #expect(refused["a"]?.error.isEmpty == false)
        #expect(refused["a"]?.through == 2)
    }

    @Test func backToAFormerRecorder() throws {
        var ack = try first.append(records: [started("a"), command("a", 2)], durability: .written)
        var sequence: UInt64 = 3
        for writer in [second, first, second, first] {
            ack = try writer.append(
                records: [command("a", sequence), command("a", sequence + 1)], durability: .written,
                resumptions: [ack.resumption("a")])
            #expect(ack["a"]?.through == sequence + 1)
            sequence += 2
        }
        _ = try first.append(records: [ended("a", sequence)], durability: .written)
        let report = scratch.verified()
        #expect(report.problems == [])
        #expect(report.notes == [])
        #expect(report.sessions == 1)
        #expect(report.openSessions == 0)
        let shown = try scratch.records(of: "a").filter { $0.sessionResumed == Resumption() }
        #expect(shown.map(\.sequence) == Array(1...sequence))
    }

    /// A recorder that was given up had written more than it acknowledged, and gets the session back.
    @Test func whatItHasAlreadyNeedsNoResumption() throws {
        let ack = try first.append(records: [started("a"), command("a", 2)], durability: .written)
        _ = try first.append(records: [command("a", 3), command("a", 4)], durability: .written)
        let moved = try second.append(
            records: [command("a", 3)], durability: .written, resumptions: [ack.resumption("a")])
        let back = try first.append(
            records: [command("a", 4), command("a", 5)], durability: .written, resumptions: [moved.resumption("a")])
        #expect(back["a"]?.through == 5)
        #expect(try resumed(first).isEmpty)
        let report = scratch.verified()
        #expect(report.problems == [])
        #expect(report.notes.count == 1)
        #expect(
            try scratch.records(of: "a").filter { $0.sessionResumed == Resumption() }.map(\.sequence) == [
                1, 2, 3, 4, 5,
            ])
    }

    @Test func anEndedSessionIsNotTakenUpAgain() throws {
        _ = try first.append(records: [started("a"), ended("a", 2)], durability: .written)
        let other = try second.append(
            records: [started("b"), command("b", 2), command("b", 3)], durability: .written)
        var resumption = other.resumption("b")
        resumption.session = "a"
        let refused = try first.append(
            records: [command("a", 4)], durability: .written, resumptions: [resumption])
        #expect(refused["a"]?.error.isEmpty == false)
    }
}
