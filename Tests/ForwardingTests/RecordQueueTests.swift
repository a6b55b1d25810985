import Contract
import Foundation
import OCSF
import Recording
import Testing

@testable import Forwarding

/// A session that has moved comes in its order, whatever the clocks of its recorders say.
@Suite struct RecordQueueTests {
    private static func take(_ queue: RecordQueue, _ stream: inout EventStream) throws -> [String] {
        try queue.refresh()
        var ids: [String] = []
        while let taken = queue.next(stream.isNext) { ids += try stream.add(taken.record, in: taken.block).map(\.id) }
        return ids
    }

    @Test func aSessionThatMovedToAReplicaThatIsReadBefore() throws {
        let recordings = try Recordings()
        let (first, second) = (try recordings.writer("recorder-1"), try recordings.writer("recorder-0"))
        var scene = Scene("a")
        scene.start()
        scene.command("SELECT 1")
        let before = scene.takeRecords()
        scene.command("SELECT 2")
        scene.end()
        // The second recorder's host has a clock that is behind, and the last record of the first one comes twice.
        let after = scene.takeRecords().map { record in
            var record = record
            record.timeUs = 1
            return record
        }
        let answer = try first.append(before)
        var resumption = Resumption()
        resumption.session = "a"
        resumption.after = UInt64(before.count - 1)
        resumption.replica = "recorder-1"
        resumption.block = answer.block
        resumption.chain = answer.chain
        try second.append(before.suffix(1) + after, resumptions: [resumption])
        let queue = RecordQueue(recordings.archive, at: [:]) { _, _ in }
        var stream = EventStream { _ in nil }
        #expect(try Self.take(queue, &stream) == scene.expected)
    }

    /// Who acts cannot be asked for now: the record comes again, and keeps its place until then.
    @Test func whatCannotBeLookedUpNowIsTakenLater() throws {
        let recordings = try Recordings()
        let writer = try recordings.writer()
        var scene = Scene("a")
        scene.start()
        scene.command("SELECT 1")
        scene.end()
        try writer.append(scene.takeRecords())
        let tail = try ReplicaTail.open(recordings.archive, "recorder-0", at: .beginning).tail
        _ = try tail.next()
        let begin = tail.place
        let queue = RecordQueue(recordings.archive, at: ["recorder-0": begin]) { _, _ in }
        var isAway = true
        var stream = EventStream { id throws(RecordingError) in
            guard !isAway else { throw .index("index", "it does not answer") }
            var session = RecordedSession(id: id)
            session.identity = "agent-7"
            return session
        }
        try queue.refresh()
        #expect(queue.next(stream.isNext) == nil)
        for _ in 0..<3 {
            let taken = try #require(queue.next(stream.isNext))
            #expect(throws: RecordingError.self) { _ = try stream.add(taken.record, in: taken.block) }
            queue.putBack(taken)
            #expect(queue.takePlaces().values.allSatisfy { $0 == begin })
            #expect(stream.takeCheckpoint() == ForwardingProgress())
        }
        isAway = false
        var events: [ForwardedEvent] = []
        while let taken = queue.next(stream.isNext) { events += try stream.add(taken.record, in: taken.block) }
        #expect(events.map(\.id) == Array(scene.expected.dropFirst()))
        #expect(events.allSatisfy { $0.session.identity == "agent-7" })
    }

    /// What never comes is not waited for longer than one look at the others.
    @Test func aRecordThatIsMissingHoldsNothingUp() throws {
        let recordings = try Recordings()
        let writer = try recordings.writer()
        var scene = Scene("a")
        scene.start()
        scene.command("SELECT 1")
        scene.end()
        try writer.append(scene.takeRecords())
        let place = try ReplicaTail.open(recordings.archive, "recorder-0", at: .beginning).tail
        _ = try place.next()
        let queue = RecordQueue(recordings.archive, at: ["recorder-0": place.place]) { _, _ in }
        var stream = EventStream { _ in nil }
        #expect(try Self.take(queue, &stream).isEmpty)
        #expect(try Self.take(queue, &stream) == Array(scene.expected.dropFirst()))
    }

    /// While another replica cannot be read, what is behind a gap waits: it may be there.
    @Test func nothingPassesAGapWhileAReplicaCannotBeRead() throws {
        let recordings = try Recordings()
        let (first, second) = (try recordings.writer("recorder-0"), try recordings.writer("recorder-1"))
        var scene = Scene("a")
        scene.start()
        scene.command("SELECT 1")
        let before = scene.takeRecords()
        let answer = try first.append(before)
        scene.end()
        var resumption = Resumption()
        resumption.session = "a"
        resumption.after = UInt64(before.count)
        resumption.replica = "recorder-0"
        resumption.block = answer.block
        resumption.chain = answer.chain
        try second.append(scene.takeRecords(), resumptions: [resumption])
        let head = recordings.path + "/recorder-0/head"
        try FileManager.default.moveItem(atPath: head, toPath: head + ".away")
        let queue = RecordQueue(recordings.archive, at: [:]) { _, _ in }
        var stream = EventStream { _ in nil }
        for _ in 0..<3 { #expect(try Self.take(queue, &stream).isEmpty) }
        #expect(queue.problem != nil)
        try FileManager.default.moveItem(atPath: head + ".away", toPath: head)
        let again = RecordQueue(recordings.archive, at: queue.takePlaces()) { _, _ in }
        let found = try Self.take(again, &stream)
        #expect(found == scene.expected)
    }
}
