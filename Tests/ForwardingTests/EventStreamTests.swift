import Configuration
import Contract
import Foundation
import OCSF
import Recording
import Testing

@testable import Forwarding

/// Records become events, and what is kept in between is enough to go on.
@Suite struct EventStreamTests {
    private static func events(_ records: [Record], _ stream: inout EventStream, from block: UInt64 = 1)
        throws -> [ForwardedEvent]
    {
        try records.enumerated().flatMap { index, record in
            try stream.add(record, in: BlockKey(replica: "recorder-0", block: block + UInt64(index)))
        }
    }

    private static var everything: Scene {
        var scene = Scene("a")
        scene.start()
        scene.command("SELECT 1")
        scene.receive("DROP TABLE x", .refuse, rule: "no drops")
        scene.finish("refused")
        scene.receiveInParts("SELECT 2")
        scene.finish("refused")
        scene.receive("TRUNCATE x", .hold)
        scene.hold("pending")
        scene.hold("approved")
        scene.finish()
        scene.end("ended by an operator: ticket 7")
        return scene
    }

    @Test func everyEventHasItsName() throws {
        var scene = Self.everything
        var stream = EventStream { _ in nil }
        let events = try Self.events(scene.takeRecords(), &stream)
        #expect(events.map(\.id) == scene.expected)
        #expect(events.map(\.name) == [.started, .allowed, .refused, .refused, .held, .reviewed, .allowed, .killed])
        let entry = try #require(events[3].entry)
        #expect(entry.text == "SELECT 2" && entry.rule == "quiet" && entry.recording == .full)
        #expect(events.allSatisfy { $0.session.identity == "agent-1" && $0.session.resource == "orders" })
        #expect(stream.takeCheckpoint().commands.values.allSatisfy { $0 == nil })
    }

    /// The OCSF event says the id, so that receivers of any kind can drop what comes twice.
    @Test func theIdIsInTheEvent() throws {
        var scene = Self.everything
        var stream = EventStream { _ in nil }
        for event in try Self.events(scene.takeRecords(), &stream) {
            let object = try #require(try JSONSerialization.jsonObject(with: Data(event.json)) as? [String: Any])
            #expect((object["metadata"] as? [String: Any])?["uid"] as? String == event.id)
        }
    }

    @Test func recordsThatComeTwiceMakeOneEvent() throws {
        var scene = Self.everything
        var stream = EventStream { _ in nil }
        let records = scene.takeRecords()
        #expect(try Self.events(records.flatMap { [$0, $0] } + records, &stream).map(\.id) == scene.expected)
    }

    /// Wherever it stops, another one that is given the checkpoint and the blocks that it names goes on with the same events.
    @Test func goesOnFromEveryRecord() throws {
        var scene = Self.everything
        let records = scene.takeRecords()
        for stop in 0...records.count {
            var first = EventStream { _ in nil }
            var found = try Self.events(Array(records[..<stop]), &first)
            let checkpoint = first.takeCheckpoint()
            var second = EventStream { _ in nil }
            let commands = checkpoint.commands.compactMapValues { $0 }
            second.restore(checkpoint.sessions.compactMapValues { $0 }, commands) { blocks, body in
                for block in blocks { body(records[Int(block.block) - 1]) }
            }
            found += try Self.events(Array(records[stop...]), &second, from: UInt64(stop + 1))
            #expect(found.map(\.id) == scene.expected, "stopped before record \(stop)")
            var whole = EventStream { _ in nil }
            #expect(try found == Self.events(records, &whole), "stopped before record \(stop)")
        }
    }

    @Test func unfinishedCommandsAreSentWithTheSession() throws {
        var scene = Scene("a")
        scene.start()
        scene.receive("SELECT pg_sleep(10)")
        scene.end()
        var stream = EventStream { _ in nil }
        let ids = try Self.events(scene.takeRecords(), &stream).map(\.id)
        #expect(ids == ["a/1/started", "a/1", "a/4/ended"])
    }

    /// A command whose beginning was before the sink's: what is known, under an id of its own.
    @Test func anEndAlone() throws {
        var scene = Scene("a")
        scene.start()
        scene.command("SELECT 1")
        var facts = RecordedSession(id: "a")
        facts.identity = "found"
        var stream = EventStream { [facts] _ in facts }
        let events = try Self.events(Array(scene.takeRecords().suffix(1)), &stream)
        #expect(events.map(\.id) == ["a/1/result"])
        #expect(events.first?.session.identity == "found")
    }

    @Test func tooMuchThatIsOpenIsSentAsItIs() throws {
        var stream = EventStream { _ in nil }
        var ids: [String] = []
        let text = String(repeating: "x", count: 1 << 20)
        for number in 0..<66 {
            var scene = Scene("s\(number)")
            scene.start()
            scene.receive(text)
            ids += try Self.events(scene.takeRecords(), &stream).filter { $0.name == .allowed }.map(\.id)
        }
        #expect(ids == ["s0/1", "s1/1"])
    }

    @Test func metadataHasNoTexts() throws {
        var scene = Scene("a")
        scene.start()
        scene.receive("SELECT secret", .refuse, reason: "the secret: not on a Friday")
        scene.finish("refused", error: "refused: the secret")
        var stream = EventStream { _ in nil }
        for event in try Self.events(scene.takeRecords(), &stream) {
            #expect(!String(decoding: event.at(.metadata).json, as: UTF8.self).contains("secret"))
        }
    }
}
