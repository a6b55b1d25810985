import Configuration
import Testing

@testable import Supervisor

@Suite("Backoff")
struct BackoffTests {
    @Test func doublesToItsBoundAndStartsAgain() {
        var backoff = Backoff()
        #expect((0..<8).map { _ in backoff.next() } == [100, 200, 400, 800, 1600, 3200, 5000, 5000])
        backoff.reset()
        #expect(backoff.next() == 100)
    }
}

@Suite("Fleet")
struct FleetTests {
    /// recorder.0, classifier.0, classifier.1, ingress.0
    private func fleet() -> Fleet {
        Fleet(
            [
                .init(name: "recorder", replicas: 1), .init(name: "classifier", replicas: 2),
                .init(name: "ingress", replicas: 1),
            ], drainMilliseconds: 300_000)
    }

    /// A fleet in which everything is ready at time 0.
    private func running() -> Fleet {
        var fleet = fleet()
        _ = fleet.start(now: 0)
        for id in fleet.ordered.map(\.id) {
            _ = fleet.spawned(id, pid: Int32(100 + id))
            _ = fleet.becameReady(id, status: nil, now: 0)
        }
        return fleet
    }

    private func spoken(_ actions: [Fleet.Action]) -> [String] {
        actions.compactMap { if case .say(_, let text) = $0 { text } else { nil } }
    }

    private func commands(_ actions: [Fleet.Action]) -> [Fleet.Action] {
        actions.filter { if case .say = $0 { false } else { true } }
    }

    @Test func startsInOrderEachWhenTheOneBeforeIsReady() {
        var fleet = fleet()
        #expect(fleet.start(now: 0) == [.spawn(0)])
        #expect(fleet.spawned(0, pid: 7) == [.say(label: "recorder.0", "started (pid 7)")])
        #expect(commands(fleet.becameReady(0, status: nil, now: 5)) == [.spawn(1), .spawn(2)])
        _ = fleet.spawned(1, pid: 8)
        _ = fleet.spawned(2, pid: 9)
        #expect(commands(fleet.becameReady(1, status: nil, now: 5)) == [])
        #expect(commands(fleet.becameReady(2, status: nil, now: 5)) == [.spawn(3)])
        _ = fleet.spawned(3, pid: 10)
        #expect(commands(fleet.becameReady(3, status: "TLS certificate ab", now: 6)) == [.ready("TLS certificate ab")])
    }

    @Test func readinessIsSaidOnce() {
        var fleet = running()
        #expect(fleet.becameReady(3, status: "again", now: 1) == [])
    }

    @Test func aDeadStageIsStartedAgainLaterEachTime() {
        var fleet = running()
        #expect(
            spoken(fleet.exited(1, .signal(9), lastLines: [], now: 100)) == ["exited (signal 9), restarting in 0.1 s"])
        #expect(fleet.nextDeadline == 200)
        #expect(fleet.tick(now: 199) == [])
        #expect(fleet.tick(now: 200) == [.spawn(1)])
        _ = fleet.spawned(1, pid: 50)
        #expect(fleet.members[1]?.restarts == 1)
        #expect(
            spoken(fleet.exited(1, .status(1), lastLines: [], now: 300)) == ["exited (status 1), restarting in 0.2 s"])
    }

    @Test func aGoodRunForgetsTheDelays() {
        var fleet = running()
        _ = fleet.exited(1, .signal(9), lastLines: [], now: 100)
        _ = fleet.tick(now: 200)
        _ = fleet.spawned(1, pid: 50)
        _ = fleet.becameReady(1, status: nil, now: 300)
        #expect(
            spoken(fleet.exited(1, .signal(9), lastLines: [], now: 10_300)) == [
                "exited (signal 9), restarting in 0.1 s"
            ])
    }

    @Test func aRestartedIngressDoesNotAnnounceAgain() {
        var fleet = running()
        _ = fleet.exited(3, .signal(9), lastLines: [], now: 100)
        _ = fleet.tick(now: 200)
        _ = fleet.spawned(3, pid: 50)
        #expect(fleet.becameReady(3, status: "x", now: 300) == [.say(label: "ingress.0", "ready")])
    }

    @Test func aStageThatNeverBecomesReadyIsKilledInTime() {
        var fleet = fleet()
        _ = fleet.start(now: 0)
        _ = fleet.spawned(0, pid: 7)
        #expect(fleet.nextDeadline == 20_000)
        #expect(commands(fleet.tick(now: 20_000)) == [.kill(0)])
        #expect(fleet.tick(now: 20_001) == [])
        #expect(fleet.nextDeadline == nil)
    }

    @Test func fiveFailedStartsStopEverythingWithTheReason() {
        var fleet = fleet()
        _ = fleet.start(now: 0)
        _ = fleet.spawned(0, pid: 7)
        _ = fleet.becameReady(0, status: nil, now: 0)
        _ = fleet.spawned(1, pid: 8)
        _ = fleet.spawned(2, pid: 9)
        _ = fleet.becameReady(2, status: nil, now: 0)
        var now: UInt64 = 0
        for attempt in 1...4 {
            let actions = fleet.exited(1, .status(1), lastLines: ["no key"], now: now)
            #expect(commands(actions) == [], "attempt \(attempt)")
            now = fleet.nextDeadline ?? 0
            #expect(fleet.tick(now: now) == [.spawn(1)])
            _ = fleet.spawned(1, pid: 8)
        }
        #expect(commands(fleet.exited(1, .status(1), lastLines: ["first", "no key"], now: now)) == [.terminate(2)])
        #expect(commands(fleet.exited(2, .status(0), lastLines: [], now: now)) == [.terminate(0)])
        #expect(
            commands(fleet.exited(0, .status(0), lastLines: [], now: now))
                == [.finished("classifier.0 failed 5 times to start: first\nno key")])
    }

    @Test func aProgramThatIsNotThereEndsTheStartAtOnce() {
        var fleet = fleet()
        _ = fleet.start(now: 0)
        let actions = fleet.spawnFailed(0, reason: "no such file", now: 0)
        #expect(commands(actions) == [.finished("recorder.0 cannot start: no such file")])
    }

    @Test func aProgramThatVanishedLaterIsTriedAgain() {
        var fleet = running()
        _ = fleet.exited(1, .signal(9), lastLines: [], now: 0)
        _ = fleet.tick(now: 100)
        #expect(
            spoken(fleet.spawnFailed(1, reason: "no such file", now: 100)).first?.contains("restarting in 0.2 s")
                == true)
        #expect(fleet.nextDeadline == 300)
    }

    @Test func drainsIngressThenStagesThenRecorder() {
        var fleet = running()
        #expect(fleet.stop(now: 0) == [.terminate(3)])
        #expect(commands(fleet.exited(3, .status(0), lastLines: [], now: 10)) == [.terminate(1), .terminate(2)])
        #expect(commands(fleet.exited(2, .status(0), lastLines: [], now: 11)) == [])
        #expect(commands(fleet.exited(1, .status(0), lastLines: [], now: 12)) == [.terminate(0)])
        #expect(commands(fleet.exited(0, .status(0), lastLines: [], now: 13)) == [.finished(nil)])
    }

    @Test func whileIngressDrainsItsStagesAreStillRestarted() {
        var fleet = running()
        _ = fleet.stop(now: 0)
        _ = fleet.exited(0, .signal(9), lastLines: [], now: 10)
        #expect(fleet.tick(now: 110) == [.spawn(0)])
    }

    @Test func aStageThatDoesNotFinishIsKilledAtTheDeadline() {
        var fleet = running()
        _ = fleet.stop(now: 0)
        #expect(fleet.nextDeadline == 30_000)
        #expect(commands(fleet.tick(now: 30_000)) == [.kill(3)])
    }

    @Test func aSecondStopHurries() {
        var fleet = running()
        _ = fleet.stop(now: 0)
        #expect(commands(fleet.stop(now: 5)) == [.kill(3)])
        #expect(commands(fleet.exited(3, .signal(9), lastLines: [], now: 6)) == [.terminate(1), .terminate(2)])
        #expect(fleet.nextDeadline == 1_006)
        _ = fleet.exited(1, .status(0), lastLines: [], now: 7)
        _ = fleet.exited(2, .status(0), lastLines: [], now: 7)
        #expect(fleet.nextDeadline == 5_007)
    }

    @Test func stoppingWhileAStageWaitsForItsRestartDoesNotWaitForIt() {
        var fleet = running()
        _ = fleet.exited(3, .signal(9), lastLines: [], now: 0)
        #expect(fleet.stop(now: 1) == [.terminate(1), .terminate(2)])
    }

    @Test(arguments: AuxiliaryProcess.allCases)
    func whatWorksOnRecordingsEndsAfterTheRecorder(process: AuxiliaryProcess) {
        var fleet = Fleet(
            [
                .init(name: process.rawValue, replicas: 1), .init(name: "recorder", replicas: 1),
                .init(name: "ingress", replicas: 1),
            ], drainMilliseconds: 1)
        _ = fleet.start(now: 0)
        for id in 0...2 {
            _ = fleet.spawned(id, pid: Int32(7 + id))
            _ = fleet.becameReady(id, status: nil, now: 0)
        }
        #expect(Fleet.Replacement(of: process.rawValue) == .inPlace)
        // Killed while the others finish, it comes back for what they still record.
        #expect(commands(fleet.stop(now: 1)) == [.terminate(2)])
        #expect(commands(fleet.exited(0, .signal(9), lastLines: [], now: 1)) == [])
        #expect(fleet.tick(now: 101) == [.spawn(0)])
        _ = fleet.spawned(0, pid: 17)
        #expect(commands(fleet.exited(2, .status(0), lastLines: [], now: 102)) == [.terminate(1)])
        #expect(commands(fleet.exited(1, .status(0), lastLines: [], now: 103)) == [.terminate(0)])
        #expect(commands(fleet.exited(0, .status(0), lastLines: [], now: 104)) == [.finished(nil)])
    }

    @Test func aStageThatRunsElsewhereIsPassedOver() {
        var fleet = Fleet(
            [
                .init(name: "recorder", replicas: 0, bounds: 0...64), .init(name: "classifier", replicas: 1),
                .init(name: "ingress", replicas: 0, bounds: 0...64),
            ], drainMilliseconds: 1)
        #expect(fleet.start(now: 0) == [.spawn(0)])
        _ = fleet.spawned(0, pid: 7)
        #expect(commands(fleet.becameReady(0, status: nil, now: 5)) == [.ready(nil)])
        #expect(fleet.stop(now: 6) == [.terminate(0)])
        #expect(commands(fleet.exited(0, .status(0), lastLines: [], now: 7)) == [.finished(nil)])
    }

    @Test func stoppingDuringTheStartSkipsWhatNeverRan() {
        var fleet = fleet()
        _ = fleet.start(now: 0)
        _ = fleet.spawned(0, pid: 7)
        #expect(fleet.stop(now: 1) == [.terminate(0)])
        #expect(commands(fleet.becameReady(0, status: nil, now: 2)) == [])
        #expect(commands(fleet.exited(0, .status(0), lastLines: [], now: 3)) == [.finished(nil)])
    }
}
