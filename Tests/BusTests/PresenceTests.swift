@testable import Bus
import Testing

/// The pure rules; the time is the test's own.
@Suite("Presence")
struct PresenceTests {
    static let millisecond: UInt64 = 1_000_000

    /// A presence with replicas 1, 2, … that is ticked every 10 ms.
    private struct Run {
        var presence = Presence()
        var now: UInt64 = 50 * PresenceTests.millisecond

        init(_ replicas: UInt32 = 1) { for number in 1...replicas { presence.appeared(number) } }

        /// What the ticks of this many milliseconds answered.
        mutating func pass(_ milliseconds: UInt64, step: UInt64 = 10) -> [Presence.Answer] {
            var answers: [Presence.Answer] = []
            for _ in 0..<(milliseconds / step) {
                now += step * PresenceTests.millisecond
                answers += presence.tick(now: now)
            }
            return answers
        }

        mutating func pong(_ number: UInt32 = 1, incarnation: UInt64 = 7, draining: Bool = false) -> [Presence.Answer] {
            presence.ponged(number, incarnation: incarnation, draining: draining)
        }
    }

    @Test func pingsEachReplicaFourTimesASecond() {
        var run = Run(2)
        #expect(run.presence.tick(now: run.now) == [.ping(1), .ping(2)])
        #expect(run.pass(240) == [])
        #expect(run.pass(10) == [.ping(1), .ping(2)])
        for _ in 0..<4 { _ = run.pong(1) + run.pong(2) + run.pass(240) }
        let second = run.pass(1000)
        #expect(second.filter { $0 == .ping(1) }.count == 4)
    }

    @Test func oneThatNeverAnsweredIsLiveHoweverLongItIsSilent() {
        var run = Run()
        let answers = run.pass(60_000)
        #expect(answers.allSatisfy { $0 == .ping(1) })
        #expect(run.presence.state(of: 1) == .live)
        #expect(run.presence.incarnation(of: 1) == nil)
    }

    @Test func oneThatMustAnswerIsSuspectWithoutEverHavingAnswered() {
        var run = Run(2)
        run.presence.mustAnswer(1)
        #expect(run.pass(1500).filter { $0 == .suspected(1) }.count == 1)
        #expect(run.presence.state(of: 1) == .suspect && run.presence.state(of: 2) == .live)
        #expect(run.pong() == [.changed(1)])
        #expect(run.presence.state(of: 1) == .live)
    }

    @Test func whatIsNotReadIsNotHeapedUp() {
        var run = Run()
        // Four a second at first, then one.
        #expect(run.pass(2000).count == Presence.patientPings)
        #expect((9...11).contains(run.pass(10_000).count))
    }

    @Test func oneThatFellSilentIsSuspectAfterASecondOfIt() {
        var run = Run()
        _ = run.pass(10)
        #expect(run.pong() == [.changed(1)])
        // The next ping is the first that it owes.
        #expect(run.pass(250) == [.ping(1)])
        #expect(run.pass(990).contains(.suspected(1)) == false)
        #expect(run.presence.state(of: 1) == .live)
        #expect(run.pass(10).contains(.suspected(1)))
        #expect(run.presence.state(of: 1) == .suspect)
        // It is said once.
        #expect(run.pass(5000).contains(.suspected(1)) == false)
    }

    @Test func itComesBackWithItsNextPong() {
        var run = Run()
        _ = run.pass(10)
        _ = run.pong()
        #expect(run.pass(3000).contains(.suspected(1)))
        #expect(run.pong() == [.changed(1)])
        #expect(run.presence.state(of: 1) == .live)
        #expect(run.pong() == [])
        // And may fall silent again.
        #expect(run.pass(3000).contains(.suspected(1)))
    }

    @Test func anyPongEndsASilence() {
        var run = Run()
        _ = run.pass(10)
        _ = run.pong()
        for _ in 0..<10 {
            #expect(run.pass(900).contains(.suspected(1)) == false)
            #expect(run.pong() == [])
        }
    }

    @Test func aSenderThatStoodStillHasNotListened() {
        var run = Run()
        _ = run.pass(10)
        _ = run.pong()
        _ = run.pass(260)
        run.now += 30_000 * Self.millisecond
        #expect(run.presence.tick(now: run.now) == [.ping(1)])
        #expect(run.presence.state(of: 1) == .live)
        #expect(run.pass(1000).contains(.suspected(1)))
    }

    @Test func aClockThatStandsStillAccusesNobody() {
        var run = Run()
        _ = run.pass(10)
        _ = run.pong()
        for _ in 0..<1000 { #expect(!run.presence.tick(now: run.now).contains(.suspected(1))) }
        // Nor does one that goes back.
        #expect(!run.presence.tick(now: 0).contains(.suspected(1)))
    }

    @Test func anotherProcessInItsPlaceIsTold() {
        var run = Run()
        #expect(run.pong(incarnation: 7) == [.changed(1)])
        #expect(run.pong(incarnation: 8) == [.restarted(1)])
        #expect(run.presence.incarnation(of: 1) == 8)
        #expect(run.pong(incarnation: 8) == [])
        // A clock that was set back makes an earlier start, and another process all the same.
        #expect(run.pong(incarnation: 3) == [.restarted(1)])
        _ = run.pass(3000)
        #expect(run.presence.state(of: 1) == .suspect)
        #expect(run.pong(incarnation: 9) == [.restarted(1)])
        #expect(run.presence.state(of: 1) == .live)
    }

    @Test func drainingIsSaidAndTakenBack() {
        var run = Run()
        #expect(run.pong() == [.changed(1)])
        #expect(run.pong(draining: true) == [.changed(1)])
        #expect(run.presence.state(of: 1) == .draining)
        #expect(run.pong(draining: true) == [])
        #expect(run.pong(incarnation: 8) == [.restarted(1)])
        #expect(run.presence.state(of: 1) == .live)
    }

    @Test func oneThatDrainsMayFallSilentToo() {
        var run = Run()
        _ = run.pass(10)
        _ = run.pong(draining: true)
        #expect(run.pass(1300).contains(.suspected(1)))
        #expect(run.presence.state(of: 1) == .suspect)
        #expect(run.pong(draining: true) == [.changed(1)])
        #expect(run.presence.state(of: 1) == .draining)
    }

    @Test func replicasAreJudgedOneByOne() {
        var run = Run(3)
        _ = run.pass(10)
        for number in UInt32(1)...3 { _ = run.pong(number) }
        for _ in 0..<20 {
            _ = run.pass(100)
            _ = run.pong(1) + run.pong(3)
        }
        #expect((UInt32(1)...3).map { run.presence.state(of: $0) } == [.live, .suspect, .live])
    }

    @Test func theVanishedAreForgotten() {
        var run = Run()
        _ = run.pong(draining: true)
        run.presence.vanished(1)
        #expect(run.pass(1000) == [])
        #expect(run.pong() == [])
        #expect(run.presence.state(of: 1) == .live)
        // What appears under a number is new.
        run.presence.appeared(1)
        #expect(run.pass(5000).contains(.suspected(1)) == false)
        #expect(run.presence.incarnation(of: 1) == nil)
    }
}
