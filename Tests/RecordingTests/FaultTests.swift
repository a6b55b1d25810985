import Contract
import Foundation
import Recording
import Testing

@Suite struct FaultTests {
    @Test func shortAndInterruptedWritesAreFinished() throws {
        let scratch = try Scratch()
        let files = FaultyFiles()
        let writer = try scratch.writer(files: files)
        files.set(.shortWrites)
        #expect(try writer.append(records: [started("a")], durability: .written)["a"]?.through == 1)
        files.set(.interruptedOnce)
        #expect(try writer.append(records: [command("a", 2)], durability: .written)["a"]?.through == 2)
        #expect(scratch.verified().problems == [])
    }

    @Test(arguments: [FaultyFiles.Fault.write(ENOSPC), .write(EIO), .writeAndTruncate(ENOSPC)])
    func failedWritesLeaveNothing(_ fault: FaultyFiles.Fault) throws {
        let scratch = try Scratch()
        let files = FaultyFiles()
        let writer = try scratch.writer(files: files)
        _ = try writer.append(records: [started("a")], durability: .written)
        files.set(fault)
        for _ in 0..<3 {
            #expect(throws: RecordingError.self) {
                try writer.append(records: [command("a", 2, String(repeating: "y", count: 5000))], durability: .written)
            }
        }
        files.set(.none)
        #expect(try writer.append(records: [command("a", 2)], durability: .written)["a"]?.through == 2)
        try writer.finish()
        let report = scratch.verified()
        #expect(report.problems == [])
        #expect(report.records == 2)
        #expect(report.notes == [])
    }

    @Test func failedSyncStopsTheWriter() throws {
        let scratch = try Scratch()
        let files = FaultyFiles()
        let writer = try scratch.writer(files: files)
        _ = try writer.append(records: [started("a")], durability: .synced)
        files.set(.synchronize)
        #expect(throws: RecordingError.self) { try writer.append(records: [command("a", 2)], durability: .synced) }
        files.set(.none)
        #expect(throws: RecordingError.self) { try writer.append(records: [command("a", 2)], durability: .synced) }
        #expect(throws: RecordingError.self) { try writer.finish() }
    }

    /// fdatasync(2) tells once: what another writer reads back may stand in memory alone.
    @Test(arguments: [FaultyFiles.Fault.synchronize, .synchronizeAndTruncate])
    func aFolderWithAFailedSyncTakesNothingMore(_ fault: FaultyFiles.Fault) throws {
        let scratch = try Scratch()
        let files = FaultyFiles()
        let writer = try scratch.writer(files: files)
        _ = try writer.append(records: [started("a")], durability: .synced)
        files.set(fault)
        #expect(throws: RecordingError.self) { try writer.append(records: [command("a", 2)], durability: .synced) }
        #expect(throws: RecordingError.self) { try writer.finish() }
        files.set(.none)
        do {
            _ = try scratch.writer()
            Issue.record("a writer began in the folder")
        } catch let error as RecordingError {
            #expect(error.code == .diskFailed)
            #expect(error.detail.contains("replace the disk, then move the folder"))
        }
        let report = scratch.verified()
        #expect(report.problems == [])
        #expect(report.records == 1)
        #expect(report.notes.contains { $0.contains("its disk failed") })
        // Even without the mark, the block that was not acknowledged is not found.
        try scratch.remove("recorder-1/failed")
        let next = try scratch.writer()
        #expect(next.recovery.keptBlocks == 0)
        #expect(try next.append(records: [command("a", 2, "another")], durability: .synced)["a"]?.through == 2)
        #expect(scratch.verified().problems == [])
    }

    @Test func aFailedSyncAtTheStartIsFinalToo() throws {
        let scratch = try Scratch()
        let files = FaultyFiles()
        try scratch.writer().finish()
        files.set(.synchronize)
        #expect(throws: RecordingError.self) { try scratch.writer(files: files) }
        files.set(.none)
        #expect(throws: RecordingError.self) { try scratch.writer(files: files) }
    }

    @Test func failedRollIsTriedAgain() throws {
        let scratch = try Scratch()
        let files = FaultyFiles()
        var options = SegmentWriter.Options()
        options.segmentBytes = 300
        let writer = try scratch.writer(options, files: files)
        _ = try writer.append(records: [started("a")], durability: .written)
        files.set(.write(ENOSPC))
        #expect(throws: RecordingError.self) { try writer.append(records: [command("a", 2)], durability: .written) }
        files.set(.none)
        #expect(try writer.append(records: [command("a", 2)], durability: .written)["a"]?.through == 2)
        #expect(scratch.verified().problems == [])
        #expect(scratch.segments.count == 2)
    }

    /// The state that a kill leaves: a head of an earlier time and more bytes in the segment.
    @Test func wholeBlocksBeyondTheHeadAreKeptAndTornOnesCut() throws {
        let scratch = try Scratch()
        let writer = try scratch.writer()
        _ = try writer.append(records: [started("a")], durability: .written)
        let head = try scratch.bytes(scratch.replica + "/head")
        let checkpoint = try scratch.bytes(scratch.replica + "/checkpoint")
        _ = try writer.append(records: [command("a", 2)], durability: .written)
        let two = try scratch.bytes(scratch.segments[0]).count
        _ = try writer.append(records: [command("a", 3)], durability: .written)
        try writer.finish()
        let whole = try scratch.bytes(scratch.segments[0])
        let headFile = scratch.replica + "/head"
        for length in two..<whole.count {
            try scratch.overwrite(scratch.segments[0], Array(whole[..<length]))
            try scratch.overwrite(headFile, head)
            try scratch.overwrite(scratch.replica + "/checkpoint", checkpoint)
            let report = scratch.verified()
            #expect(report.problems == [])
            #expect(!report.notes.isEmpty)
            let next = try scratch.writer()
            #expect(next.recovery.keptBlocks == 1)
            #expect(next.recovery.cutBytes == Int64(length - two))
            #expect(try next.append(records: [command("a", 3)], durability: .written)["a"]?.through == 3)
            try next.finish()
            #expect(scratch.verified().problems == [])
            #expect(try scratch.records(of: "").first?.notice.text.hasPrefix("recovered") == true)
        }
    }

    @Test func damageBeforeTheHeadStopsTheStart() throws {
        let scratch = try Scratch()
        let writer = try scratch.writer()
        _ = try writer.append(records: [started("a"), command("a", 2)], durability: .written)
        try writer.finish()
        let file = scratch.segments[0]
        let whole = try scratch.bytes(file)
        for index in whole.indices {
            var changed = whole
            changed[index] ^= 0x40
            try scratch.overwrite(file, changed)
            do {
                _ = try scratch.writer()
                Issue.record("started with byte \(index) changed")
            } catch let error as RecordingError {
                #expect(error.file == file)
                #expect(error.offset != nil)
            }
        }
        try scratch.overwrite(file, Array(whole.dropLast()))
        #expect(throws: RecordingError.self) { try scratch.writer() }
        try scratch.overwrite(file, whole)
        try FileManager.default.removeItem(atPath: scratch.replica + "/head")
        #expect(throws: RecordingError.self) { try scratch.writer() }
    }
}
