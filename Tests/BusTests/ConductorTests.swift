@testable import Bus
import Contract
import Foundation
import Testing

/// Sends over real sockets; the time is the test's own.
@Suite("Conductor")
struct ConductorTests {
    static let second: UInt64 = 1_000_000_000
    /// The route of a command that may be held.
    static let held = ["classifier", "custom", "approver"]
    let bus: TemporaryBus
    let stage: Inbox
    let links: Links
    let conductor: Conductor
    let events = Box<LaneEvent>()
    /// Any time will do.
    let start = 100 * second

    init() throws {
        bus = try TemporaryBus()
        stage = try bus.inbox("classifier")
        links = try bus.links(to: stage)
        conductor = Conductor(links: links, replyTo: ReplyAddress(local: bus.endpoint("ingress", "0")), loop: 3)
    }

    private func begin(
        _ kind: Kind = .judge, session: String = "s", route: [String] = ["classifier", "custom"],
        timeout: UInt64 = 10 * second
    ) -> UInt64 {
        let sequence = conductor.nextSequence()
        conductor.start(
            kind, lane: .request, session: session, sequence: sequence, route: route, body: [], payload: [5],
            timeout: timeout, now: start
        ) { [events] in events.values.append($0) }
        return sequence
    }

    private func names() -> [String] {
        events.values.map {
            switch $0 {
            case .judged: "judged"
            case .held: "held"
            case .masked: "masked"
            case .failed(let stage, let reason): "failed \(stage) \(reason)"
            case .timedOut(let stage): "timed out \(stage)"
            }
        }
    }

    @Test func sequencesTellTheirLoop() {
        let sequences = (0..<1000).map { _ in conductor.nextSequence() }
        #expect(Set(sequences).count == sequences.count)
        #expect(sequences.allSatisfy { Conductor.loop(ofSequence: $0) == 3 })
        // Nobody can guess one: each of the other 56 bits is sometimes set.
        #expect(sequences.reduce(0, |) << 8 == UInt64.max << 8)
        #expect(Conductor.loop(ofSequence: 0) == 0)
        #expect(Conductor.loop(ofSequence: .max) == 255)
    }

    @Test func asksTheFirstStageOfTheRoute() throws {
        let sequence = begin()
        let sent = try stage.next()
        #expect(sent.header.kind == .judge)
        #expect(sent.header.sequence == sequence)
        #expect(sent.header.route == ["custom"])
        #expect(sent.header.replyTo == bus.endpoint("ingress", "0"))
        #expect(sent.header.attempt == 0)
        #expect(sent.header.deadlineMs > unixMilliseconds())
        #expect(sent.payload == [5])
        var answer = sent.reply(.judged)
        answer.header.decisions = [SignedDecision()]
        conductor.receive(answer, now: start)
        #expect(names() == ["judged"])
        #expect(conductor.openExchanges == 0)
    }

    @Test func anEmptyRouteFailsAtOnce() {
        _ = begin(route: [])
        #expect(names() == ["failed  no stage is configured for it"])
        #expect(conductor.openExchanges == 0)
    }

    @Test func sendsAgainWhatWasLostLessAndLessOften() throws {
        _ = begin(timeout: 60 * Self.second)
        #expect(try stage.next().header.attempt == 0)
        var now = start
        var wait = Conductor.resendFirst
        for attempt in UInt32(1)...6 {
            conductor.tick(now: now + wait - 1)
            #expect(try stage.isEmpty(behind: message(session: "marker"), from: links), "attempt \(attempt)")
            now += wait
            conductor.tick(now: now)
            #expect(try stage.next().header.attempt == attempt)
            wait = min(wait * 2, Conductor.resendMaximum)
        }
        #expect(names().isEmpty)
    }

    @Test func givesUpAtTheDeadlineAndDropsWhatComesLater() throws {
        _ = begin(timeout: 2 * Self.second)
        let sent = try stage.next()
        conductor.tick(now: start + 2 * Self.second - 1)
        #expect(names().isEmpty)
        conductor.tick(now: start + 2 * Self.second)
        #expect(names() == ["timed out classifier"])
        #expect(conductor.openExchanges == 0)
        conductor.receive(sent.reply(.judged), now: start + 3 * Self.second)
        conductor.tick(now: start + 9 * Self.second)
        #expect(names() == ["timed out classifier"])
    }

    @Test func dropsDuplicates() throws {
        _ = begin()
        let sent = try stage.next()
        conductor.receive(sent.reply(.judged), now: start)
        conductor.receive(sent.reply(.judged), now: start)
        #expect(names() == ["judged"])
    }

    @Test func dropsWhatDoesNotAnswerTheQuestion() throws {
        let sequence = begin()
        let sent = try stage.next()
        var stranger = sent.reply(.judged)
        stranger.header.session = "another"
        conductor.receive(stranger, now: start)
        conductor.receive(message(.judged, sequence: sequence + 1), now: start)
        for kind in [Kind.judge, .masked, .mask, .recorded, .holdClosed, .unspecified, .UNRECOGNIZED(99)] {
            conductor.receive(sent.reply(kind), now: start)
        }
        conductor.receive(sent.reply(.failed, body: [0xff]), now: start)
        conductor.receive(sent.reply(.holdPending, body: [0xff]), now: start)
        #expect(names().isEmpty)
        #expect(conductor.openExchanges == 1)
        conductor.receive(sent.reply(.judged), now: start)
        #expect(names() == ["judged"])
    }

    @Test func aStagesFailureIsTheEnd() throws {
        let sequence = begin()
        var failure = Failure()
        failure.stage = "custom"
        failure.reason = "out of order"
        conductor.receive(try reply(.failed, failure, sequence: sequence), now: start)
        #expect(names() == ["failed custom out of order"])
        #expect(conductor.openExchanges == 0)
    }

    @Test func theResponseLaneAnswersWithData() throws {
        let sequence = begin(.mask, route: ["classifier"])
        var mask = MaskReply()
        mask.rows = 2
        var answer = try reply(.masked, mask, sequence: sequence)
        answer.payload = [1, 2, 3]
        conductor.receive(answer, now: start)
        guard case .masked(let got, let payload)? = events.values.first else {
            Issue.record("no masked reply")
            return
        }
        #expect(got == mask)
        #expect(payload == [1, 2, 3])
    }

    @Test func aHoldGoesOnUntilItsOwnEnd() throws {
        let sequence = begin(route: Self.held, timeout: Self.second)
        var pending = HoldPending()
        pending.id = "req-1"
        pending.expiresAtMs = unixMilliseconds() + 60_000
        conductor.receive(try reply(.holdPending, pending, sequence: sequence), now: start)
        #expect(names() == ["held"])
        // 59 s, since the wall clock went on a little between the lines above.
        conductor.tick(now: start + 59 * Self.second)
        #expect(names() == ["held"])
        #expect(conductor.openExchanges == 1)
        conductor.tick(now: start + 60 * Self.second + Conductor.holdGrace)
        #expect(names() == ["held", "timed out classifier"])
    }

    /// Whatever a stage answers: what the approver is not asked about (a login, a statement that is not run yet) can be
    /// decided by nobody, and ends at its own deadline.
    @Test(arguments: [[], ["custom"]])
    func nobodyHoldsWhatTheApproverIsNotAskedAbout(_ further: [String]) throws {
        let sequence = begin(route: ["classifier"] + further, timeout: Self.second)
        var pending = HoldPending()
        pending.id = "req-1"
        pending.expiresAtMs = unixMilliseconds() + 60_000
        conductor.receive(try reply(.holdPending, pending, sequence: sequence), now: start)
        #expect(names().isEmpty)
        conductor.tick(now: start + Self.second)
        #expect(names() == ["timed out classifier"])
    }

    @Test func aHeldCommandIsAskedForAgainSoThatARestartedApproverKnowsIt() throws {
        let sequence = begin(route: Self.held, timeout: Self.second)
        _ = try stage.next()
        var pending = HoldPending()
        pending.id = "req-1"
        pending.expiresAtMs = unixMilliseconds() + 60_000
        conductor.receive(try reply(.holdPending, pending, sequence: sequence), now: start)
        conductor.tick(now: start + Conductor.resendMaximum)
        let again = try stage.next()
        #expect(again.header.attempt == 1)
        // Stages may drop what is late: it is not late before the hold is over.
        #expect(again.header.deadlineMs >= pending.expiresAtMs)
        conductor.receive(message(.judged, sequence: sequence), now: start)
        #expect(names() == ["held", "judged"])
    }

    @Test func aHoldThatHasRunOutAlreadyEnds() throws {
        let sequence = begin(route: Self.held, timeout: Self.second)
        var pending = HoldPending()
        pending.id = "req-1"
        pending.expiresAtMs = 1
        conductor.receive(try reply(.holdPending, pending, sequence: sequence), now: start)
        conductor.tick(now: start + Conductor.holdGrace)
        #expect(names() == ["held", "timed out classifier"])
    }

    @Test func aHoldWithoutEndIsCutShort() throws {
        let sequence = begin(route: Self.held, timeout: Self.second)
        var pending = HoldPending()
        pending.id = "req-1"
        pending.expiresAtMs = .max
        conductor.receive(try reply(.holdPending, pending, sequence: sequence), now: start)
        conductor.tick(now: start + 30 * 86_400 * Self.second)
        #expect(names() == ["held"])
        conductor.tick(now: start + 400 * 86_400 * Self.second)
        #expect(names() == ["held", "timed out classifier"])
    }

    @Test func cancelledExchangesAreForgotten() throws {
        let sequence = begin()
        let sent = try stage.next()
        conductor.cancel(sequence: sequence)
        conductor.cancel(sequence: sequence)
        #expect(conductor.openExchanges == 0)
        conductor.receive(sent.reply(.judged), now: start)
        conductor.tick(now: start + 100 * Self.second)
        #expect(names().isEmpty)
    }

    /// A session that ends on its first time-out cancels its other exchanges.
    @Test func anExchangeCancelledByAnothersHandlerIsNotTold() {
        let told = Box<UInt64>()
        let sequences = (0..<8).map { _ in conductor.nextSequence() }
        for sequence in sequences {
            conductor.start(
                .judge, lane: .request, session: "s", sequence: sequence, route: ["classifier"], body: [], payload: [],
                timeout: Self.second, now: start
            ) { [conductor] _ in
                told.values.append(sequence)
                for other in sequences { conductor.cancel(sequence: other) }
            }
        }
        conductor.tick(now: start + Self.second)
        #expect(told.values.count == 1)
        #expect(conductor.openExchanges == 0)
    }

    @Test func anAbsentStageIsAskedOnceItIsThere() throws {
        _ = begin(route: ["late"], timeout: 1000 * Self.second)
        #expect(conductor.openExchanges == 1)
        let late = try bus.inbox("late")
        var now = start
        // The registry is read again a few times a second.
        for _ in 0..<1000 where !late.wait(milliseconds: 10) {
            now += Conductor.retryUnsent
            conductor.tick(now: now)
        }
        #expect(try late.next().header.attempt == 0)
    }

    @Test func anAbsentStageTimesOut() {
        _ = begin(route: ["ghost"], timeout: Self.second)
        conductor.tick(now: start + Self.second)
        #expect(names() == ["timed out ghost"])
    }

    /// Outstanding work is given back when an exchange ends, however it ends.
    @Test func endedExchangesWeighNothing() throws {
        let other = try bus.inbox("classifier", "1")
        #expect(try links.waitWritable(endpoint: other.endpoint, milliseconds: 10_000))
        let fresh = try bus.links(to: stage, other)
        let conductor = Conductor(links: fresh, replyTo: ReplyAddress(local: ""), loop: 0)
        for round in UInt64(1)...12 {
            conductor.start(
                .judge, lane: .request, session: "s", sequence: round, route: ["classifier"], body: [], payload: [],
                timeout: Self.second, now: start
            ) { _ in }
            switch round % 3 {
            case 0: conductor.receive(message(.judged, sequence: round), now: start)
            case 1: conductor.cancel(sequence: round)
            default: conductor.tick(now: start + Self.second)
            }
        }
        #expect(conductor.openExchanges == 0)
        // Nothing outstanding on either: they take turns.
        let two = try (0..<2).map { _ in try fresh.send(message(), to: .anyReplica(of: "classifier")).endpoint }
        #expect(Set(two) == [stage.endpoint, other.endpoint])
    }
}
