import Contract
import Foundation
import Recording
import Testing

@Suite struct VerificationTests {
    /// Three segments, two sealed, the last one open.
    private func recording() throws -> Scratch {
        let scratch = try Scratch()
        var options = SegmentWriter.Options()
        options.segmentBytes = 500
        let writer = try scratch.writer(options)
        _ = try writer.append(records: [started("a"), started("b")], durability: .written)
        var sequence: UInt64 = 2
        while scratch.segments.count < 3 {
            _ = try writer.append(records: [command("a", sequence), command("b", sequence)], durability: .written)
            sequence += 1
        }
        _ = try writer.append(records: [ended("b", sequence)], durability: .written)
        let index = try RecordingIndex(recordings: scratch.path)
        try index.apply(writer.takeIndexChanges())
        try writer.finish()
        return scratch
    }

    private func blocks(_ file: String) throws -> [SegmentReader.Block] {
        let reader = try SegmentReader(path: file)
        var found: [SegmentReader.Block] = []
        while let block = try reader.next() { found.append(block) }
        return found
    }

    @Test func everyChangedByteIsFound() throws {
        let scratch = try recording()
        #expect(scratch.verified().problems == [])
        #expect(scratch.verified().notes == [])
        for file in scratch.segments + [scratch.replica + "/head"] {
            let whole = try scratch.bytes(file)
            let starts = file.hasSuffix("head") ? [] : try blocks(file).map { Int($0.offset) }
            for index in whole.indices {
                var changed = whole
                changed[index] ^= 0x01
                try scratch.overwrite(file, changed)
                let first = scratch.verified().problems.first
                #expect(first?.file == file, "byte \(index)")
                if let place = first?.offset {
                    let block = starts.last { $0 <= index } ?? 0
                    #expect(place >= Int64(block) && place <= Int64(index), "byte \(index) named as \(place)")
                }
            }
            try scratch.overwrite(file, whole)
        }
        #expect(scratch.verified().problems == [])
    }

    @Test func removedBlocksAreFound() throws {
        let scratch = try recording()
        for file in scratch.segments {
            let whole = try scratch.bytes(file)
            for block in try blocks(file) {
                var changed = whole
                changed.removeSubrange(Int(block.offset)..<(Int(block.offset) + block.length))
                try scratch.overwrite(file, changed)
                let first = scratch.verified().problems.first
                #expect(first?.file == file)
                #expect((first?.offset ?? -1) - block.offset >= 0)
            }
            try scratch.overwrite(file, whole)
        }
    }

    @Test func cutTailsAreFoundAtEveryLength() throws {
        let scratch = try recording()
        for file in scratch.segments {
            let whole = try scratch.bytes(file)
            for length in whole.indices {
                try scratch.overwrite(file, Array(whole[..<length]))
                let report = scratch.verified()
                #expect(report.problems.first?.file == file, "cut at \(length)")
                #expect((report.problems.first?.offset ?? .max) <= Int64(length))
            }
            try scratch.overwrite(file, whole)
        }
    }

    @Test func missingFilesAreFound() throws {
        let scratch = try recording()
        for file in scratch.segments + [scratch.replica + "/head"] {
            let whole = try scratch.bytes(file)
            try FileManager.default.removeItem(atPath: file)
            #expect(scratch.verified().problems.first?.file == file)
            try scratch.overwrite(file, whole)
        }
        try FileManager.default.removeItem(atPath: scratch.replica)
        #expect(scratch.verified().problems.first?.file == scratch.replica)
    }

    @Test func sessionsOnlyInTheIndexAreFound() throws {
        let scratch = try recording()
        let other = try Scratch()
        let writer = try other.writer()
        _ = try writer.append(records: [started("c")], durability: .written)
        try writer.finish()
        // Another recording, whole in itself and under the same key, in the place of this one.
        try FileManager.default.removeItem(atPath: scratch.replica)
        try FileManager.default.copyItem(atPath: other.replica, toPath: scratch.replica)
        let problems = scratch.verified().problems
        #expect(problems.count == 2)
        #expect(problems.allSatisfy { $0.reason.contains("no segment holds it") })
    }

    @Test func verifyingChangesNothingBesideTheSegments() throws {
        let scratch = try recording()
        let names = scratch.names
        #expect(names.contains("index.sqlite") && !names.contains("index.sqlite-wal"))
        #expect(scratch.verified().warnings == [])
        #expect(scratch.names == names)
        let index = scratch.path + "/index.sqlite"
        let whole = try scratch.bytes(index)
        // A later release's.
        var other = whole
        other[63] = 99
        try scratch.overwrite(index, other)
        #expect(scratch.verified().isWhole)
        #expect(scratch.verified().warnings.contains { $0.contains("another version") })
        #expect(try scratch.bytes(index) == other)
        try FileManager.default.removeItem(atPath: index)
        #expect(scratch.verified().isWhole)
        #expect(scratch.verified().warnings.contains { $0.contains("no index") })
        #expect(!scratch.names.contains("index.sqlite"))
    }

    @Test func aDamagedIndexStopsNothing() throws {
        let scratch = try recording()
        let index = scratch.path + "/index.sqlite"
        try scratch.overwrite(index, Array("not a database at all".utf8))
        let report = scratch.verified()
        #expect(report.problems.map(\.file) == [index])
        #expect(report.segments == 3)
        // Nor does it hide anything.
        try scratch.overwrite(scratch.segments[2], Array(scratch.bytes(scratch.segments[2]).dropLast()))
        #expect(scratch.verified().problems.contains { $0.file == scratch.segments[2] })
    }

    @Test func aLiveRecordingVerifies() throws {
        let scratch = try Scratch()
        let writer = try scratch.writer()
        for sequence in UInt64(1)...20 {
            _ = try writer.append(records: [command("a", sequence)], durability: .written)
            let report = scratch.verified()
            #expect(report.problems == [])
            #expect(report.notes == [])
            #expect(report.records == sequence)
        }
        // Half a block beyond the head, as a reader sees it during a write.
        let file = try #require(FileHandle(forWritingAtPath: scratch.segments[0]))
        try file.seekToEnd()
        try file.write(contentsOf: Data("SLBLOCK2".utf8))
        #expect(scratch.verified().notes == [])
        try writer.finish()
        #expect(scratch.verified().problems == [])
        #expect(scratch.verified().notes.count == 1)
    }

    @Test func singleSegmentsAndOtherPaths() throws {
        let scratch = try recording()
        #expect(verify([scratch.replica], keys: VerificationKeys(recording: [scratch.key])).isWhole)
        #expect(verify([scratch.segments[1]], keys: VerificationKeys()).isWhole)
        #expect(!verify([scratch.path + "/nothing"], keys: VerificationKeys()).isWhole)
        try scratch.overwrite(scratch.path + "/random", (0..<5000).map { UInt8(truncatingIfNeeded: $0 &* 31) })
        #expect(!verify([scratch.path + "/random"], keys: VerificationKeys()).isWhole)
    }
}
