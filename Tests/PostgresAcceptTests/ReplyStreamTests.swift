import Bus
import Configuration
import Contract
import Foundation
import Gateway
import Identity
import NIOCore
import NIOPosix
@testable import PostgresAccept
import PostgresWire
import SwiftProtobuf
import Testing

/// A reply stream on an event loop of its own, and the masker that the test plays.
private final class Rig: @unchecked Sendable {
    // Everything but `masker` and `directory` is used on `loop` alone.
    static let context = Result { try BusContext() }

    let directory = "/tmp/sr-" + UUID().uuidString.prefix(8)
    let masker: Inbox
    /// The operator's own stage behind the masker, when there is one.
    let custom: Inbox?
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let services: LoopServices
    var stream: ReplyStream!
    var clientTakesMore = true
    var written: [UInt8] = []
    var finished: [UInt64] = []
    var recorded: [Record.OneOf_Event] = []

    init(custom isCustom: Bool = false) throws {
        for stage in ["masker", "budget"] {
            try FileManager.default.createDirectory(
                atPath: directory + "/run/bus/\(stage)", withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700])
        }
        let text = """
            state: \(directory)
            listeners:
              postgres: 127.0.0.1:15432
            resources:
              - name: orders
                protocol: postgres
                target: 127.0.0.1:5432/orders
                tls: prefer
                credentials: {user: app, password: {env: ORDERS_PASSWORD}}
                recording: written
            policy: policy.yaml
            \(isCustom ? "stages: {budget: {lane: both, command: [x]}}" : "")

            """
        let configuration = try Configuration.parse(text, file: directory + "/sluice.yaml")
        let shared = try GatewayShared(
            configuration: configuration, keyring: DecisionKeyring([:]),
            identities: try IdentityStore(path: configuration.state.identities))
        let context = try Self.context.get()
        masker = try Inbox(context: context, endpoint: "ipc://\(configuration.state.bus)/masker/0")
        custom = isCustom ? try Inbox(context: context, endpoint: "ipc://\(configuration.state.bus)/budget/0") : nil
        services = LoopServices(
            eventLoop: group.next(), index: 0, context: context, replyTo: ReplyAddress(local: "ipc:///x"),
            shared: shared)
        var origin = MaskBatch()
        origin.protocol = "postgres"
        origin.principal.name = "agent-1"
        origin.resource = "orders"
        stream = ReplyStream(
            session: "s", services: services, origin: origin,
            canWrite: { [weak self] in self?.clientTakesMore ?? false },
            write: { [weak self] in self?.written += array($0) },
            delivered: {},
            finished: { [weak self] in self?.finished.append($0.number) },
            record: { [weak self] in self?.recorded.append($0) })
    }

    deinit {
        group.shutdownGracefully { _ in }
        // The store's files may go while the directory is being removed.
        for _ in 0..<10 where FileManager.default.fileExists(atPath: directory) {
            try? FileManager.default.removeItem(atPath: directory)
        }
    }

    /// Runs `work` on the loop.
    func run<Value: Sendable>(_ work: @escaping @Sendable (Rig) throws -> Value) throws -> Value {
        try services.eventLoop.submit { try work(self) }.wait()
    }

    /// The next batch that was sent to be masked, or to the operator's stage.
    func batch(of inbox: Inbox? = nil) throws -> BusMessage {
        let inbox = inbox ?? masker
        return try #require(try next(of: inbox, within: 10_000), "nothing was sent to \(inbox.endpoint)")
    }

    /// The batches that carry these rows: where nobody took them at first they are sent again in any order.
    func batches(_ rows: String...) throws -> [BusMessage] {
        var seen: [[UInt8]: BusMessage] = [:]
        let wanted = rows.map { [UInt8](ReplyStreamTests.frame("D", $0).bytes.readableBytesView) }
        while !wanted.allSatisfy({ seen[$0] != nil }) {
            let message = try batch()
            seen[message.payload] = message
        }
        return wanted.compactMap { seen[$0] }
    }

    /// The next message that is no ping; nil when none comes within `milliseconds`.
    func next(of inbox: Inbox, within milliseconds: Int) throws -> BusMessage? {
        let end = monotonicNanoseconds() + UInt64(milliseconds) * 1_000_000
        while case let now = monotonicNanoseconds(), now < end,
            inbox.wait(milliseconds: Int((end - now) / 1_000_000) + 1)
        {
            if let message = try inbox.receive(), message.header.lane != .presence { return message }
        }
        return nil
    }

    func answer(
        _ message: BusMessage, _ payload: [UInt8], tail: [UInt8] = [], _ change: (inout MaskReply) -> Void = { _ in }
    ) throws {
        var reply = MaskReply()
        reply.tail = Data(tail)
        change(&reply)
        let answer = message.reply(.masked, body: try reply.serializedBytes(), payload: payload)
        try run { $0.services.receive([answer]) }
    }

    func fail(_ message: BusMessage) throws {
        var failure = Failure()
        failure.stage = "masker"
        failure.reason = "broken"
        let answer = message.reply(.failed, body: try failure.serializedBytes())
        try run { $0.services.receive([answer]) }
    }

    func text() throws -> String { try run { String(decoding: $0.written, as: UTF8.self) } }
    func types() throws -> String {
        try run {
            var decoder = FrameDecoder(maximum: 1 << 20)
            decoder.append(ByteBuffer(bytes: $0.written))
            var types = ""
            while let frame = try decoder.next() { types.append(Character(UnicodeScalar(frame.type))) }
            return types
        }
    }
}

@Suite("Reply stream")
struct ReplyStreamTests {
    fileprivate static func frame(_ type: Character, _ text: String) -> Frame {
        message(type.asciiValue ?? 0, Array(text.utf8))
    }
    private static func bytes(_ text: String) -> [UInt8] { array(frame("D", text).bytes) }
    private static let ready = BackendEncoder.readyForQuery(.idle)
    private static var plan: MaskPlan {
        var plan = MaskPlan()
        plan.allComputed = true
        return plan
    }

    @Test func unmaskedRepliesPassAtOnce() throws {
        let rig = try Rig()
        let command = try ruling()
        try rig.run { rig in
            let command = Command(number: 4, ruling: command)
            rig.stream.append(Self.frame("D", "plain").bytes, command: command)
            #expect(rig.stream.isEmpty)
            rig.stream.end(command)
            #expect(rig.finished == [4])
            #expect(command.bytes == 10)
        }
        #expect(try rig.text().contains("plain"))
    }

    /// Two batches are with the masker: what comes meanwhile travels in one message, once it has an answer.
    @Test func whileTheMaskerIsBusyRowsGatherInOneBatch() throws {
        let rig = try Rig()
        let allowed = try ruling()
        try rig.run { rig in
            let command = Command(number: 1, ruling: allowed)
            for text in ["a", "b", "c", "d"] {
                rig.stream.append(Self.frame("D", text), maskedBy: Self.plan, columns: [], copy: nil, command: command)
                rig.stream.flush()
            }
        }
        let sent = try rig.batches("a", "b")
        let (first, second) = (sent[0], sent[1])
        try rig.answer(first, Self.bytes("A"))
        var third = try rig.batch()
        while third.header.sequence == second.header.sequence { third = try rig.batch() }
        #expect(third.payload == Self.bytes("c") + Self.bytes("d"))
        try rig.answer(third, Self.bytes("C") + Self.bytes("D"))
        try rig.answer(second, Self.bytes("B"))
        #expect(try rig.run { $0.written } == ["A", "B", "C", "D"].flatMap(Self.bytes))
    }

    @Test func rowsAreHeldBackUntilTheyAreMasked() throws {
        let rig = try Rig()
        let allowed = try ruling()
        try rig.run { rig in
            let command = Command(number: 1, ruling: allowed)
            rig.stream.append(Self.frame("D", "secret"), maskedBy: Self.plan, columns: [], copy: nil, command: command)
            rig.stream.append(Self.frame("C", "SELECT 1").bytes, command: command)
            rig.stream.end(command)
            rig.stream.append(Self.frame("N", "later").bytes, command: nil)
            rig.stream.flush()
            #expect(rig.written.isEmpty)
            #expect(rig.stream.queuedBytes > 0)
            #expect(rig.finished.isEmpty)
        }
        let batch = try rig.batch()
        #expect(batch.header.session == "s")
        #expect(try batch.body(as: MaskBatch.self).plan == Self.plan)
        #expect(try batch.body(as: MaskBatch.self).columnsKnown)
        #expect(batch.payload == array(Self.frame("D", "secret").bytes) + array(Self.frame("C", "SELECT 1").bytes))
        try rig.answer(batch, array(Self.frame("D", "******").bytes) + array(Self.frame("C", "SELECT 1").bytes))
        #expect(try rig.types() == "DCN")
        #expect(try !rig.text().contains("secret"))
        #expect(try rig.run { $0.finished } == [1])
        #expect(try rig.run { $0.stream.isEmpty && $0.stream.queuedBytes == 0 })
    }

    /// What the client does not take stays where it counts, for the session and over all of them.
    @Test func whatTheClientDoesNotTakeWaitsHere() throws {
        let rig = try Rig()
        let allowed = try ruling()
        try rig.run { rig in
            let command = Command(number: 1, ruling: allowed)
            rig.stream.append(Self.frame("D", "a"), maskedBy: Self.plan, columns: [], copy: nil, command: command)
            rig.stream.flush()
            rig.clientTakesMore = false
        }
        try rig.answer(try rig.batch(), Self.bytes("A"))
        let waiting = Self.bytes("A").count
        #expect(try rig.run { $0.written.isEmpty && $0.stream.queuedBytes == waiting })
        #expect(rig.services.shared.replyBudget.waiting == waiting)
        try rig.run { rig in
            rig.clientTakesMore = true
            rig.stream.flush()
        }
        #expect(try rig.run { $0.written } == Self.bytes("A"))
        #expect(rig.services.shared.replyBudget.waiting == 0)
    }

    /// What is behind a batch that failed waits for no answer: the client hears of it once, and at once.
    @Test func behindAWithheldBatchNothingIsWaitedFor() throws {
        let rig = try Rig()
        let allowed = try ruling()
        try rig.run { rig in
            let command = Command(number: 1, ruling: allowed)
            for text in ["a", "b", "c"] {
                rig.stream.append(Self.frame("D", text), maskedBy: Self.plan, columns: [], copy: nil, command: command)
                rig.stream.flush()
            }
            rig.stream.append(Self.frame("C", "SELECT 3").bytes, command: command)
            rig.stream.end(command)
            rig.stream.append(Self.ready, command: nil)
            rig.stream.flush()
        }
        let sent = try rig.batches("a", "b")
        let (first, second) = (sent[0], sent[1])
        try rig.fail(first)
        #expect(try rig.types() == "EZ")
        #expect(try rig.run { $0.finished } == [1])
        #expect(try rig.run { $0.stream.isEmpty && $0.stream.queuedBytes == 0 })
        // A late answer is nothing.
        try rig.answer(second, Self.bytes("B"))
        #expect(try rig.types() == "EZ")
        #expect(try rig.run { $0.stream.queuedBytes } == 0)
    }

    @Test func aBudgetThatIsUsedUpLeavesEachItsShare() {
        let budget = ReplyBudget(limit: 1000)
        budget.change(by: 999)
        #expect(!budget.isUsedUp(with: ReplyBudget.share + 1))
        budget.change(by: 1)
        #expect(budget.isUsedUp(with: ReplyBudget.share + 1))
        #expect(!budget.isUsedUp(with: ReplyBudget.share))
        budget.change(by: -1000)
        #expect(budget.waiting == 0)
    }

    @Test func orderIsKeptWhenMaskersAnswerInAnother() throws {
        let rig = try Rig()
        let allowed = try ruling()
        try rig.run { rig in
            for number in UInt64(1)...2 {
                let command = Command(number: number, ruling: allowed)
                rig.stream.append(
                    Self.frame("D", "row\(number)"), maskedBy: Self.plan, columns: nil, copy: nil, command: command)
                rig.stream.end(command)
            }
            rig.stream.flush()
        }
        let batches = [try rig.batch(), try rig.batch()]
        let second = try #require(batches.first { String(decoding: $0.payload, as: UTF8.self).contains("row2") })
        let first = try #require(batches.first { String(decoding: $0.payload, as: UTF8.self).contains("row1") })
        try rig.answer(second, second.payload)
        #expect(try rig.text().isEmpty)
        try rig.answer(first, first.payload)
        #expect(try rig.run { $0.finished } == [1, 2])
        let text = try rig.text()
        #expect(text.contains("row1") && text.hasSuffix("row2"))
    }

    @Test func aReplyThatCannotBeMaskedIsWithheldToItsEnd() throws {
        let rig = try Rig()
        let allowed = try ruling()
        try rig.run { rig in
            let command = Command(number: 1, ruling: allowed)
            rig.stream.append(Self.frame("D", "secret"), maskedBy: Self.plan, columns: nil, copy: nil, command: command)
            rig.stream.append(Self.frame("C", "SELECT 1").bytes, command: command)
            rig.stream.append(Self.ready, command: command)
            rig.stream.end(command)
            rig.stream.flush()
        }
        try rig.fail(try rig.batch())
        #expect(try rig.types() == "EZ")
        #expect(try !rig.text().contains("secret"))
        #expect(try rig.run { $0.finished } == [1])
        // The next command is not touched by it.
        try rig.run { $0.stream.append(Self.frame("C", "SELECT 2").bytes, command: nil) }
        #expect(try rig.types() == "EZC")
    }

    /// Notices belong to no command, and so do the ReadyForQuery of two pipelined batches: nothing that was to be
    /// masked may pass behind the first of them.
    @Test func nothingUnmaskedPassesBehindReadyForQuery() throws {
        let rig = try Rig()
        try rig.run { rig in
            rig.stream.append(Self.frame("N", "secret1"), maskedBy: Self.plan, columns: nil, copy: nil, command: nil)
            rig.stream.append(Self.ready, command: nil)
            rig.stream.append(Self.frame("N", "secret2"), maskedBy: Self.plan, columns: nil, copy: nil, command: nil)
            rig.stream.append(Self.ready, command: nil)
            rig.stream.flush()
        }
        try rig.fail(try rig.batch())
        if try rig.run({ !$0.stream.isEmpty }) { try rig.fail(try rig.batch()) }
        #expect(try !rig.text().contains("secret"))
        #expect(try rig.types() == "EZEZ")
    }

    /// A response stage may send back anything.
    @Test func garbageFromAResponseStageDoesNoHarm() throws {
        let garbage: [[UInt8]] = [
            [0x44, 0x7f, 0xff, 0xff, 0xff], [0x44, 0xff, 0xff, 0xff, 0xff], [0x44, 0, 0, 0, 0], [0x44, 0, 0, 0, 5],
            [0x44], [],
            [0x44, 0, 0, 0, 4, 0x44, 0, 0, 0, 9, 1],
        ]
        for bytes in garbage {
            let rig = try Rig()
            let allowed = try ruling()
            try rig.run { rig in
                for number in UInt64(1)...2 {
                    let command = Command(number: number, ruling: allowed)
                    rig.stream.append(
                        Self.frame("D", "secret\(number)"), maskedBy: Self.plan, columns: nil, copy: nil,
                        command: command)
                    rig.stream.end(command)
                }
                rig.stream.append(Self.ready, command: nil)
                rig.stream.flush()
            }
            // The first cannot be masked, so that the second is skipped over to ReadyForQuery.
            let batches = [try rig.batch(), try rig.batch()]
            for batch in batches {
                if String(decoding: batch.payload, as: UTF8.self).contains("secret1") {
                    try rig.fail(batch)
                } else {
                    try rig.answer(batch, bytes)
                }
            }
            #expect(try rig.types() == "EZ", "\(bytes)")
        }
    }

    @Test func aValueThatIsTooLargeIsWithheld() throws {
        let rig = try Rig()
        let allowed = try ruling()
        try rig.run { rig in
            let command = Command(number: 1, ruling: allowed)
            let large = message(UInt8(ascii: "D"), [UInt8](repeating: 0x61, count: ReplyStream.maskableMessage))
            rig.stream.append(large, maskedBy: Self.plan, columns: nil, copy: nil, command: command)
            #expect(rig.stream.isFull)
            rig.stream.append(Self.ready, command: command)
            rig.stream.end(command)
            rig.stream.flush()
            #expect(command.status == .failed)
        }
        #expect(try rig.types() == "EZ")
    }

    @Test func batchesOfOneCopyGoOneAfterTheOtherWithTheirTail() throws {
        let rig = try Rig()
        let allowed = try ruling()
        let half = ReplyStream.batchBytes / 2 + 1
        try rig.run { rig in
            let command = Command(number: 1, ruling: allowed)
            var shape = CopyShape()
            shape.format = "csv"
            for _ in 0..<2 {
                rig.stream.append(
                    message(UInt8(ascii: "d"), [UInt8](repeating: 0x61, count: half)), maskedBy: Self.plan, columns: [],
                    copy: shape, command: command)
            }
            rig.stream.endCopy()
            rig.stream.flush()
        }
        let first = try rig.batch()
        #expect(try first.body(as: MaskBatch.self).tail.isEmpty)
        #expect(try !first.body(as: MaskBatch.self).last)
        #expect(try rig.next(of: rig.masker, within: 20) == nil)
        try rig.answer(first, [], tail: [7])
        let second = try rig.batch()
        #expect(try second.body(as: MaskBatch.self).tail == Data([7]))
        #expect(try second.body(as: MaskBatch.self).last)
        try rig.answer(second, array(Self.frame("d", "x").bytes))
        #expect(try rig.types() == "d")
    }

    /// A COPY that an error ended leaves a cut row: it belongs to no other, whether the masker answered before or behind.
    @Test(arguments: [false, true])
    func theNextCopyBeginsWithoutTheTailOfOneThatFailed(_ answersLate: Bool) throws {
        let rig = try Rig()
        let allowed = try ruling()
        var shape = CopyShape()
        shape.format = "csv"
        let copy = shape
        try rig.run { rig in
            let command = Command(number: 1, ruling: allowed)
            rig.stream.appendStart(ofCopy: Self.frame("H", "1").bytes, command: command)
            rig.stream.append(Self.frame("d", "cut"), maskedBy: Self.plan, columns: [], copy: copy, command: command)
            rig.stream.flush()
        }
        let first = try rig.batch()
        let answer = { try rig.answer(first, [], tail: [7]) }
        if !answersLate { try answer() }
        try rig.run { rig in
            rig.stream.append(Self.frame("E", "error").bytes, command: nil)
            rig.stream.append(Self.ready, command: nil)
            let command = Command(number: 2, ruling: allowed)
            rig.stream.appendStart(ofCopy: Self.frame("H", "2").bytes, command: command)
            rig.stream.append(Self.frame("d", "whole"), maskedBy: Self.plan, columns: [], copy: copy, command: command)
            rig.stream.flush()
        }
        if answersLate { try answer() }
        let second = try rig.batch()
        #expect(try second.body(as: MaskBatch.self).tail.isEmpty)
        try rig.answer(second, second.payload, tail: [8])
        // Its own tail it keeps, though nothing of it waits here any more.
        try rig.run { rig in
            let command = Command(number: 2, ruling: allowed)
            rig.stream.append(Self.frame("d", "more"), maskedBy: Self.plan, columns: [], copy: copy, command: command)
            rig.stream.endCopy()
            rig.stream.flush()
        }
        let last = try rig.batch()
        #expect(try last.body(as: MaskBatch.self).tail == Data([8]))
        #expect(try last.body(as: MaskBatch.self).last)
    }

    /// Audit events of a reply that nobody waits for any more, whatever became of it.
    @Test func whatStagesWantRecordedOfADroppedReplyIsRecorded() throws {
        let rig = try Rig(custom: true)
        let custom = try #require(rig.custom)
        let allowed = try ruling()
        try rig.run { rig in
            let command = Command(number: 3, ruling: allowed)
            for text in ["a", "b", "c"] {
                let row = Self.frame("D", text + String(repeating: ".", count: ReplyStream.batchBytes))
                rig.stream.append(row, maskedBy: MaskPlan(), columns: [], copy: nil, command: command)
            }
            rig.stream.append(Self.ready, command: nil)
            rig.stream.flush()
        }
        let batches = try (0..<3).map { _ in try rig.batch(of: custom) }
            .sorted { $0.payload[5] < $1.payload[5] }
        try rig.fail(batches[0])
        #expect(try rig.types() == "EZ")
        #expect(try rig.run { $0.stream.isEmpty })
        // They are still in the lane, and count as long as they are.
        #expect(rig.services.shared.replyBudget.waiting > 2 * ReplyStream.batchBytes)
        try rig.answer(batches[1], batches[1].payload) { $0.emit("counted", ["rows": "1"]) }
        try rig.answer(batches[2], batches[2].payload) {
            $0.emit("exceeded")
            $0.refuse(rule: "row budget", reason: "spent", hint: "wait")
        }
        let events = try rig.run { rig in
            rig.recorded.compactMap { if case .stageEvent(let event) = $0 { event } else { nil } }
        }
        #expect(events.map(\.event.name) == ["counted", "exceeded", "reply-withheld"])
        #expect(events.allSatisfy { $0.command == 3 && $0.stage == "budget" })
        #expect(try rig.types() == "EZ")
        #expect(rig.services.shared.replyBudget.waiting == 0)
    }

    /// Or sessions that come and go would keep more and more.
    @Test func whatIsWithTheMaskerEndsWithTheStream() throws {
        let rig = try Rig(custom: true)
        let custom = try #require(rig.custom)
        let allowed = try ruling()
        try rig.run { rig in
            let command = Command(number: 1, ruling: allowed)
            for text in ["a", "b", "c"] {
                let row = Self.frame("D", text + String(repeating: ".", count: ReplyStream.batchBytes))
                rig.stream.append(row, maskedBy: Self.plan, columns: [], copy: nil, command: command)
            }
            rig.stream.flush()
            #expect(rig.services.conductor.openExchanges == 3)
        }
        // One of them is further along the lane, one is withheld, and one is dropped for that.
        let batches = try (0..<3).map { _ in try rig.batch() }.sorted { $0.payload[5] < $1.payload[5] }
        try rig.answer(batches[2], batches[2].payload)
        _ = try rig.batch(of: custom)
        try rig.fail(batches[0])
        #expect(try rig.run { $0.services.conductor.openExchanges } == 2)
        #expect(rig.services.shared.replyBudget.waiting > 0)
        try rig.run { $0.stream.close() }
        #expect(try rig.run { $0.services.conductor.openExchanges } == 0)
        #expect(rig.services.shared.replyBudget.waiting == 0)
        try rig.answer(batches[1], batches[1].payload)
        #expect(try rig.types() == "E")
        #expect(rig.services.shared.replyBudget.waiting == 0)
    }

    @Test func theMaskerIsAskedOnlyWhenThereIsSomethingToMask() throws {
        let rig = try Rig(custom: true)
        let custom = try #require(rig.custom)
        let allowed = try ruling()
        try rig.run { rig in
            let command = Command(number: 5, ruling: allowed)
            rig.stream.append(
                Self.frame("D", "plain"), maskedBy: MaskPlan(), columns: [], copy: nil, command: command)
            rig.stream.append(Self.frame("D", "masked"), maskedBy: Self.plan, columns: [], copy: nil, command: command)
            rig.stream.end(command)
            rig.stream.flush()
        }
        let plain = try rig.batch(of: custom)
        let body = try plain.body(as: MaskBatch.self)
        #expect(body.principal.name == "agent-1" && body.resource == "orders" && body.command == 5)
        #expect(String(decoding: plain.payload, as: UTF8.self).contains("plain"))
        let masked = try rig.batch()
        #expect(String(decoding: masked.payload, as: UTF8.self).contains("masked"))
        try rig.answer(masked, masked.payload)
        let behind = try rig.batch(of: custom)
        #expect(behind.payload == masked.payload)
        try rig.answer(behind, behind.payload)
        try rig.answer(plain, plain.payload) { $0.emit("counted", ["rows": "1"]) }
        #expect(try rig.types() == "DD")
        let events = try rig.run { $0.recorded }
        guard case .stageEvent(let event)? = events.first else { throw MaskFailure(reason: "\(events)") }
        #expect(event.command == 5 && event.stage == "budget" && event.event.name == "counted")
    }

    @Test func aStageWithholdsAReplyAndWhatFollowsOfIt() throws {
        let rig = try Rig(custom: true)
        let custom = try #require(rig.custom)
        let allowed = try ruling()
        try rig.run { rig in
            let command = Command(number: 1, ruling: allowed)
            for text in ["first", "second"] {
                let row = Self.frame("D", text + String(repeating: ".", count: ReplyStream.batchBytes))
                rig.stream.append(row, maskedBy: MaskPlan(), columns: [], copy: nil, command: command)
            }
            rig.stream.append(Self.ready, command: command)
            rig.stream.end(command)
            rig.stream.flush()
        }
        let batches = [try rig.batch(of: custom), try rig.batch(of: custom)]
        for batch in batches {
            let isFirst = String(decoding: batch.payload.prefix(12), as: UTF8.self).contains("first")
            try rig.answer(batch, batch.payload) {
                if isFirst { $0.refuse(rule: "row budget", reason: "the hour's rows are spent", hint: "wait") }
            }
        }
        #expect(try rig.types() == "EZ")
        let text = try rig.text()
        #expect(text.contains("42501") && text.contains("the hour's rows are spent") && text.contains("wait"))
        #expect(text.contains("The command itself ran."))
        #expect(!text.contains("second"))
        let events = try rig.run { $0.recorded }
        #expect(
            events.contains {
                if case .stageEvent(let event) = $0 { event.event.name == "reply-withheld" } else { false }
            })
    }

    @Test func aClosedStreamDropsWhatComesBack() throws {
        let rig = try Rig()
        try rig.run { rig in
            rig.stream.append(Self.frame("D", "secret"), maskedBy: Self.plan, columns: nil, copy: nil, command: nil)
            rig.stream.flush()
        }
        let batch = try rig.batch()
        try rig.run { rig in
            rig.stream.close()
            #expect(rig.stream.isEmpty)
        }
        try rig.answer(batch, batch.payload)
        #expect(try rig.text().isEmpty)
    }
}
