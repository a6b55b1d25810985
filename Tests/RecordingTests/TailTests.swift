import Contract
import Foundation
import Recording
import Testing

/// Reading a replica goes on from any place, and notices when another recording stands there.
@Suite struct TailTests {
    private static func small() -> SegmentWriter.Options {
        var options = SegmentWriter.Options()
        options.segmentBytes = 400
        return options
    }

    private static func rest(_ tail: ReplicaTail) throws -> [UInt64] {
        var found: [UInt64] = []
        while let record = try tail.next() { found.append(record.sequence) }
        return found
    }

    @Test func goesOnFromEveryPlace() throws {
        let scratch = try Scratch()
        let writer = try scratch.writer(Self.small())
        for first in stride(from: UInt64(1), to: 30, by: 3) {
            _ = try writer.append(
                records: [command("a", first), command("a", first + 1), command("a", first + 2)], durability: .written)
        }
        #expect(scratch.segments.count > 3)
        let archive = RecordingArchive(recordings: scratch.path)
        let whole = try ReplicaTail.open(archive, "recorder-1", at: .beginning).tail
        var place = whole.place
        var expected = Array(UInt64(1)...30)
        while true {
            let (tail, finding) = try ReplicaTail.open(archive, "recorder-1", at: place)
            #expect(finding == .followed)
            #expect(try tail.waiting() == UInt64(expected.count))
            #expect(try Self.rest(tail) == expected)
            #expect(try tail.waiting() == 0)
            guard try whole.next() != nil else { break }
            place = whole.place
            expected.removeFirst()
        }
        #expect(expected.isEmpty)
    }

    @Test func atTheHead() throws {
        let scratch = try Scratch()
        let archive = RecordingArchive(recordings: scratch.path)
        let writer = try scratch.writer(Self.small())
        for sequence in UInt64(1)...12 {
            let tail = try ReplicaTail.openAtHead(archive, "recorder-1")
            let again = try ReplicaTail.open(archive, "recorder-1", at: tail.place)
            #expect(again.finding == .followed)
            _ = try writer.append(records: [command("a", sequence)], durability: .written)
            #expect(try Self.rest(tail) == [sequence])
            #expect(try Self.rest(again.tail) == [sequence])
        }
    }

    @Test func anotherRecordingIsReadFromItsBeginning() throws {
        let scratch = try Scratch()
        let archive = RecordingArchive(recordings: scratch.path)
        let place: ReplicaTail.Place
        do {
            let writer = try scratch.writer()
            _ = try writer.append(records: [command("a", 1)], durability: .written)
            let tail = try ReplicaTail.open(archive, "recorder-1", at: .beginning).tail
            _ = try tail.next()
            place = tail.place
            try writer.finish()
        }
        try FileManager.default.removeItem(atPath: scratch.replica)
        try scratch.remove("replicas")
        let writer = try scratch.writer()
        _ = try writer.append(records: [command("b", 1), command("b", 2)], durability: .written)
        let (tail, finding) = try ReplicaTail.open(archive, "recorder-1", at: place)
        #expect(finding == .exchanged)
        #expect(try Self.rest(tail) == [1, 2])
    }

    @Test func missingSegmentsAreNamed() throws {
        let scratch = try Scratch()
        let archive = RecordingArchive(recordings: scratch.path)
        let writer = try scratch.writer(Self.small())
        for sequence in UInt64(1)...20 {
            _ = try writer.append(records: [command("a", sequence)], durability: .written)
        }
        let place = try ReplicaTail.open(archive, "recorder-1", at: .beginning).tail.place
        try FileManager.default.removeItem(atPath: scratch.segments[0])
        let (tail, finding) = try ReplicaTail.open(archive, "recorder-1", at: place)
        guard case .missing(let block) = finding else {
            Issue.record("\(finding)")
            return
        }
        #expect(block > 1)
        #expect(try Self.rest(tail).last == 20)
    }

    @Test func segmentsThatAreRemovedWhileItReadsAreNamed() throws {
        let scratch = try Scratch()
        let archive = RecordingArchive(recordings: scratch.path)
        let writer = try scratch.writer(Self.small())
        for sequence in UInt64(1)...20 {
            _ = try writer.append(records: [command("a", sequence)], durability: .written)
        }
        let tail = try ReplicaTail.open(archive, "recorder-1", at: .beginning).tail
        _ = try tail.next()
        let removed = scratch.segments.dropLast()
        for path in removed { try FileManager.default.removeItem(atPath: path) }
        #expect(try Self.rest(tail).last == 20)
        let findings = tail.takeFindings()
        #expect(findings.count == 1)
        guard case .missing(let block)? = findings.first else {
            Issue.record("\(findings)")
            return
        }
        #expect(block > 1 && tail.takeFindings().isEmpty)
    }

    @Test func damageIsNamedAgainAndAgain() throws {
        let scratch = try Scratch()
        let archive = RecordingArchive(recordings: scratch.path)
        let writer = try scratch.writer()
        _ = try writer.append(records: [command("a", 1)], durability: .written)
        let before = try scratch.bytes(scratch.segments[0]).count
        _ = try writer.append(records: [command("a", 2)], durability: .written)
        var bytes = try scratch.bytes(scratch.segments[0])
        bytes[before + 70] ^= 1
        try scratch.overwrite(scratch.segments[0], bytes)
        let tail = try ReplicaTail.open(archive, "recorder-1", at: .beginning).tail
        #expect(try tail.next()?.sequence == 1)
        for _ in 0..<2 { #expect(throws: RecordingError.self) { try tail.next() } }
        #expect(throws: Never.self) { try ReplicaTail.open(archive, "recorder-1", at: tail.place) }
    }
}
