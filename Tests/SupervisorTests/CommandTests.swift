import Testing

@testable import Supervisor

/// Scaling and replacing, event by event.
@Suite("Fleet commands")
struct CommandTests {
    /// A fleet in which everything is ready at time 0, and what the supervisor would do with it.
    private struct Run {
        var fleet: Fleet
        /// Everything but log lines, in order.
        var actions: [Fleet.Action] = []
        private var pid: Int32 = 100

        init(classifiers: Int = 1) {
            fleet = Fleet(
                [
                    .init(name: "recorder", replicas: 1), .init(name: "approver", replicas: 1, soleReason: "it owns"),
                    .init(name: "classifier", replicas: classifiers), .init(name: "far", replicas: 0, bounds: 0...64),
                    .init(name: "ingress", replicas: 1, soleReason: "it listens"),
                ], drainMilliseconds: 60_000)
            take(fleet.start(now: 0), now: 0)
            while let next = fleet.ordered.first(where: { !$0.wasReady }) { ready(next.label, at: 0) }
            actions = []
        }

        func member(_ label: String) -> Fleet.Member? { fleet.members.values.first { $0.label == label } }
        var labels: [String] { fleet.ordered.map(\.label) }

        /// Runs what `actions` ask for, as the supervisor does; programs always start.
        mutating func take(_ new: [Fleet.Action], now: UInt64) {
            for action in new {
                if case .say = action { continue }
                actions.append(action)
                if case .spawn(let id) = action {
                    pid += 1
                    take(fleet.spawned(id, pid: pid), now: now)
                }
            }
        }

        mutating func begin(_ command: Fleet.Command, at now: UInt64) throws {
            take(try fleet.begin(command, now: now), now: now)
        }
        mutating func ready(_ label: String, at now: UInt64) {
            guard let member = member(label) else { return }
            take(fleet.becameReady(member.id, status: nil, now: now), now: now)
        }
        mutating func exits(_ label: String, _ exit: Fleet.Exit = .status(0), lines: [String] = [], at now: UInt64) {
            guard let member = member(label) else { return }
            take(fleet.exited(member.id, exit, lastLines: lines, now: now), now: now)
        }
        mutating func says(_ label: String, _ status: String, at now: UInt64) {
            guard let member = member(label) else { return }
            take(fleet.saidStopping(member.id, status: status, now: now), now: now)
        }
        mutating func tick(at now: UInt64) { take(fleet.tick(now: now), now: now) }
        /// What was told to who asked since the last call.
        mutating func answers() -> [String] {
            defer { actions = [] }
            return actions.compactMap { if case .answer(let answer) = $0 { answer.description } else { nil } }
        }
        /// What was done to processes since the last call.
        mutating func deeds() -> [Fleet.Action] {
            defer { actions = [] }
            return actions.filter { if case .answer = $0 { false } else { true } }
        }
    }

    private func refusal(_ run: inout Run, _ command: Fleet.Command, at now: UInt64 = 100) -> String? {
        do {
            try run.begin(command, at: now)
            return nil
        } catch {
            return "\(error)"
        }
    }

    // MARK: - Scaling

    @Test func scalesUpAndAnswersWhenTheNewOnesHaveSettled() throws {
        var run = Run()
        try run.begin(.scale(stage: "classifier", replicas: 3), at: 100)
        #expect(run.labels.suffix(2) == ["classifier.1", "classifier.2"])
        #expect(run.answers() == ["classifier.1 started", "classifier.2 started"])
        run.ready("classifier.1", at: 200)
        run.ready("classifier.2", at: 400)
        #expect(run.answers() == ["classifier.1 ready", "classifier.2 ready"])
        #expect(run.fleet.nextDeadline == 1_400)
        run.tick(at: 1_399)
        #expect(run.answers() == [])
        run.tick(at: 1_400)
        #expect(run.answers() == ["done"])
        #expect(run.fleet.nextDeadline == nil)
    }

    @Test func scalesDownTheHighestNumbersAndWaitsForThem() throws {
        var run = Run(classifiers: 3)
        try run.begin(.scale(stage: "classifier", replicas: 1), at: 100)
        #expect(run.answers() == ["classifier.1 draining", "classifier.2 draining"])
        run.exits("classifier.2", at: 150)
        #expect(run.answers() == ["classifier.2 stopped"])
        run.exits("classifier.1", at: 160)
        #expect(run.answers() == ["classifier.1 stopped", "done"])
        #expect(run.labels == ["recorder.0", "approver.0", "classifier.0", "ingress.0"])
    }

    @Test func oneThatDoesNotDrainIsKilled() throws {
        var run = Run(classifiers: 2)
        try run.begin(.scale(stage: "classifier", replicas: 1), at: 100)
        _ = run.deeds()
        #expect(run.fleet.nextDeadline == 10_100)
        run.tick(at: 10_100)
        #expect(run.deeds() == [.kill(3)])
        run.exits("classifier.1", .signal(9), at: 10_101)
        #expect(run.answers() == ["classifier.1 stopped", "done"])
    }

    @Test func oneThatWaitsForItsRestartGoesAtOnce() throws {
        var run = Run(classifiers: 2)
        run.exits("classifier.1", .signal(9), at: 50)
        try run.begin(.scale(stage: "classifier", replicas: 1), at: 60)
        #expect(run.answers() == ["classifier.1 stopped", "done"])
        run.tick(at: 10_000)
        #expect(run.deeds() == [])
    }

    @Test func theSameNumberIsDoneAtOnce() throws {
        var run = Run()
        try run.begin(.scale(stage: "classifier", replicas: 1), at: 100)
        try run.begin(.scale(stage: "approver", replicas: 1), at: 100)
        #expect(run.answers() == ["done", "done"])
    }

    @Test func refusesWhatCannotBe() {
        var run = Run()
        #expect(
            refusal(&run, .scale(stage: "clasifier", replicas: 2))
                == "no stage “clasifier”: there are recorder, approver, classifier, far, ingress")
        #expect(
            refusal(&run, .scale(stage: "classifier", replicas: 0))?.contains("1 to 64 replicas here; none") == true)
        #expect(refusal(&run, .scale(stage: "classifier", replicas: 65))?.contains("1 to 64") == true)
        #expect(refusal(&run, .scale(stage: "classifier", replicas: -1))?.contains("1 to 64") == true)
        #expect(refusal(&run, .scale(stage: "approver", replicas: 2)) == "approver runs exactly once: it owns")
        #expect(refusal(&run, .scale(stage: "ingress", replicas: 0)) == "ingress runs exactly once: it listens")
        #expect(refusal(&run, .restart(stages: ["far"], programs: nil)) == "far does not run here")
        #expect(refusal(&run, .restart(stages: ["x"], programs: nil))?.hasPrefix("no stage “x”") == true)
        #expect(run.deeds() == [])
    }

    @Test func aStageThatRanElsewhereCanBeScaledFromNoneToNone() throws {
        var run = Run()
        try run.begin(.scale(stage: "far", replicas: 1), at: 0)
        run.ready("far.0", at: 0)
        run.tick(at: 1_000)
        try run.begin(.scale(stage: "far", replicas: 0), at: 1_000)
        run.exits("far.0", at: 1_100)
        #expect(run.answers().last == "done")
        #expect(run.member("far.0") == nil)
    }

    @Test func oneCommandAtATime() throws {
        var run = Run()
        try run.begin(.scale(stage: "classifier", replicas: 2), at: 0)
        #expect(
            refusal(&run, .restart(stages: nil, programs: nil))
                == "busy with “scale classifier 2”; try again when it is done")
        run.ready("classifier.1", at: 10)
        run.tick(at: 1_010)
        #expect(refusal(&run, .scale(stage: "classifier", replicas: 2)) == nil)
    }

    @Test func nothingBeforeTheStartIsOverOrAfterTheStop() {
        var fleet = Fleet([.init(name: "classifier", replicas: 1)], drainMilliseconds: 1)
        _ = fleet.start(now: 0)
        #expect(throws: SupervisorError.self) {
            try fleet.begin(.scale(stage: "classifier", replicas: 2), now: 0)
        }
        var run = Run()
        run.take(run.fleet.stop(now: 10), now: 10)
        #expect(refusal(&run, .scale(stage: "classifier", replicas: 2)) == "sluice up is stopping")
    }

    // MARK: - Replacing stages

    @Test func replacesOneAfterTheOtherTheNewOneFirst() throws {
        var run = Run(classifiers: 2)
        try run.begin(.restart(stages: ["classifier"], programs: nil), at: 0)
        #expect(run.deeds() == [.spawn(5)])
        #expect(run.labels.last == "classifier.2")
        run.ready("classifier.2", at: 10)
        #expect(run.deeds() == [])
        run.tick(at: 1_010)
        #expect(run.deeds() == [.terminate(2)])
        run.exits("classifier.0", at: 1_100)
        // The number that has just become free rests.
        #expect(run.deeds() == [.spawn(6)])
        #expect(run.labels.last == "classifier.3")
        run.ready("classifier.3", at: 1_200)
        run.tick(at: 2_200)
        run.exits("classifier.1", at: 2_300)
        #expect(run.answers().suffix(2) == ["classifier.1 stopped", "done"])
        #expect(run.fleet.ordered.filter { $0.stage == "classifier" }.map(\.replica) == [2, 3])
        #expect(run.fleet.ordered.allSatisfy { $0.role == .serving && $0.restarts == 0 })
    }

    @Test func numbersComeBackAfterTheirRest() throws {
        var run = Run(classifiers: 2)
        try run.begin(.scale(stage: "classifier", replicas: 1), at: 0)
        run.exits("classifier.1", at: 100)
        try run.begin(.scale(stage: "classifier", replicas: 2), at: 10_099)
        #expect(run.labels.last == "classifier.2")
        run.ready("classifier.2", at: 10_099)
        run.tick(at: 11_099)
        try run.begin(.scale(stage: "classifier", replicas: 3), at: 11_099)
        #expect(run.labels.last == "classifier.1")
    }

    @Test func aRecorderComesBackUnderItsNumber() throws {
        var run = Run()
        try run.begin(.restart(stages: ["recorder"], programs: nil), at: 0)
        #expect(run.deeds() == [.terminate(0)])
        run.exits("recorder.0", at: 100)
        #expect(run.deeds() == [.spawn(0)])
        #expect(run.labels.first == "recorder.0")
        run.ready("recorder.0", at: 200)
        run.tick(at: 1_200)
        #expect(run.answers() == ["recorder.0 ready", "done"])
        #expect(run.member("recorder.0")?.role == .serving)
        #expect(run.member("recorder.0")?.restarts == 0)
    }

    @Test func aScaledRecorderTakesItsFolderUpAgain() throws {
        var run = Run()
        try run.begin(.scale(stage: "recorder", replicas: 2), at: 0)
        run.ready("recorder.1", at: 0)
        run.tick(at: 1_000)
        try run.begin(.scale(stage: "recorder", replicas: 1), at: 1_000)
        run.exits("recorder.1", at: 1_001)
        try run.begin(.scale(stage: "recorder", replicas: 2), at: 1_002)
        #expect(run.labels.last == "recorder.1")
    }

    @Test func allInTheOrderOfTheStart() throws {
        var run = Run()
        try run.begin(.restart(stages: nil, programs: nil), at: 0)
        var seen: [String] = []
        var now: UInt64 = 0
        for _ in 0..<100 where run.fleet.operation != nil {
            now += 1_000
            for member in run.fleet.ordered {
                switch member.state {
                case .starting: run.ready(member.label, at: now)
                case .draining where member.stage == "ingress": run.says(member.label, "3 connections", at: now)
                case .draining: run.exits(member.label, at: now)
                case .waiting, .ready, .backingOff, .stopping, .stopped: break
                }
            }
            run.tick(at: now)
            seen += run.answers()
        }
        #expect(
            seen == [
                "recorder.0 draining", "recorder.0 started", "recorder.0 ready",
                "approver.0 draining", "approver.0 started", "approver.0 ready",
                "classifier.1 started", "classifier.1 ready", "classifier.0 draining", "classifier.0 stopped",
                "ingress.1 started", "ingress.1 ready", "ingress.0 draining", "ingress.0 finishing: 3 connections",
                "done",
            ])
        #expect(run.member("ingress.0")?.role == .leaving)
    }

    @Test func aCrashInBetweenIsRestartedAsAlways() throws {
        var run = Run(classifiers: 2)
        try run.begin(.restart(stages: ["classifier"], programs: nil), at: 0)
        run.exits("classifier.1", .signal(9), at: 5)
        #expect(run.fleet.nextDeadline == 105)
        run.ready("classifier.2", at: 10)
        _ = run.deeds()
        run.tick(at: 105)
        #expect(run.deeds() == [.spawn(3)])
        run.tick(at: 1_010)
        #expect(run.deeds() == [.terminate(2)])
        // One that is told to finish and is killed instead has finished.
        run.exits("classifier.0", .signal(9), at: 1_020)
        #expect(run.answers().contains("classifier.0 stopped"))
    }

    // MARK: - New programs that do not start

    /// Lets a process fail until it is given up.
    private func fail(_ label: String, _ run: inout Run, from start: UInt64) -> UInt64 {
        var now = start
        for _ in 1...Fleet.maximumStartFailures {
            run.exits(label, .status(1), lines: ["bad library"], at: now)
            guard run.fleet.operation != nil else { return now }
            now = run.fleet.nextDeadline ?? now
            run.tick(at: now)
        }
        return now
    }

    @Test func aNewProgramThatFailsIsTakenBack() throws {
        var run = Run()
        try run.begin(.restart(stages: ["classifier"], programs: "/new"), at: 0)
        #expect(run.member("classifier.1")?.programs == "/new")
        _ = fail("classifier.1", &run, from: 10)
        #expect(
            run.answers().last
                == "failed: classifier.1 failed 5 times to start: bad library; what ran before goes on")
        #expect(run.labels == ["recorder.0", "approver.0", "classifier.0", "ingress.0"])
        #expect(run.member("classifier.0")?.state == .ready(since: 0))
        #expect(run.fleet.programs.isEmpty)
    }

    @Test func oneThatDiesInItsFirstSecondFailsToo() throws {
        var run = Run()
        try run.begin(.restart(stages: ["classifier"], programs: nil), at: 0)
        run.ready("classifier.1", at: 10)
        run.exits("classifier.1", .signal(11), at: 900)
        #expect(run.fleet.operation != nil)
        run.tick(at: 1_010)
        run.ready("classifier.1", at: 1_100)
        run.tick(at: 2_099)
        #expect(run.member("classifier.0")?.role == .serving)
        run.tick(at: 2_100)
        #expect(run.member("classifier.0")?.role == .leaving)
    }

    @Test func oneThatNeverBecomesReadyIsTakenBackAtOnce() throws {
        var run = Run()
        try run.begin(.restart(stages: ["ingress"], programs: nil), at: 0)
        _ = run.deeds()
        run.tick(at: 20_000)
        #expect(run.deeds() == [.kill(4)])
        run.exits("ingress.1", .signal(9), lines: ["waiting"], at: 20_001)
        #expect(
            run.answers() == ["failed: ingress.1 did not become ready: waiting; what ran before goes on"])
        #expect(run.member("ingress.0")?.role == .serving)
    }

    @Test func aProgramThatCannotRunIsTakenBackAtOnce() throws {
        var run = Run()
        try run.begin(.restart(stages: ["classifier"], programs: nil), at: 0)
        let id = try #require(run.member("classifier.1")?.id)
        run.take(run.fleet.spawnFailed(id, reason: "exec format error", now: 1), now: 1)
        // The pretended start is no more: the process never ran.
        run.exits("classifier.1", at: 1)
        #expect(
            run.answers().contains("failed: classifier.1 cannot start: exec format error; what ran before goes on"))
        #expect(run.member("classifier.1") == nil)
    }

    @Test func inPlaceTheFormerProgramComesBack() throws {
        var run = Run()
        try run.begin(.restart(stages: ["recorder"], programs: "/new"), at: 0)
        run.exits("recorder.0", at: 10)
        #expect(run.member("recorder.0")?.programs == "/new")
        _ = fail("recorder.0", &run, from: 20)
        #expect(run.answers().last?.hasSuffix("bad library; it starts again with the former program") == true)
        #expect(run.member("recorder.0")?.programs == nil)
        #expect(run.member("recorder.0")?.role == .serving)
        guard case .starting? = run.member("recorder.0")?.state else {
            Issue.record("\(String(describing: run.member("recorder.0")))")
            return
        }
    }

    @Test func newProgramsStayForLaterOnes() throws {
        var run = Run()
        try run.begin(.restart(stages: ["classifier"], programs: "/new"), at: 0)
        run.ready("classifier.1", at: 0)
        run.tick(at: 1_000)
        run.exits("classifier.0", at: 1_001)
        try run.begin(.scale(stage: "classifier", replicas: 2), at: 20_000)
        #expect(run.member("classifier.0")?.programs == "/new")
        #expect(run.fleet.programs == ["classifier": "/new"])
    }

    @Test func aFailedScaleLeavesNoneOfItsOwn() throws {
        var run = Run()
        try run.begin(.scale(stage: "classifier", replicas: 3), at: 0)
        run.ready("classifier.1", at: 5)
        _ = run.deeds()
        let now = fail("classifier.2", &run, from: 10)
        #expect(run.deeds().contains(.terminate(4)))
        run.exits("classifier.1", at: now)
        #expect(run.labels == ["recorder.0", "approver.0", "classifier.0", "ingress.0"])
    }

    // MARK: - Handover

    @Test func theOldIngressIsDoneWhenItSaysWhatItFinishes() throws {
        var run = Run()
        try run.begin(.restart(stages: ["ingress"], programs: nil), at: 0)
        run.ready("ingress.1", at: 10)
        run.tick(at: 1_010)
        #expect(run.deeds().contains(.handOver(3)))
        #expect(run.fleet.operation != nil)
        run.says("ingress.0", "12 connections go on here", at: 1_050)
        #expect(run.answers() == ["ingress.0 finishing: 12 connections go on here", "done"])
        // It ends when its connections have; nobody starts it again.
        #expect(run.member("ingress.0")?.state == .draining(deadline: 1_010 + 60_000 + 30_000))
        run.exits("ingress.0", at: 50_000)
        #expect(run.deeds() == [])
        #expect(run.member("ingress.0") == nil)
    }

    @Test func anOldIngressThatSaysNothingIsNotWaitedForLong() throws {
        var run = Run()
        try run.begin(.restart(stages: ["ingress"], programs: nil), at: 0)
        run.ready("ingress.1", at: 0)
        run.tick(at: 1_000)
        _ = run.answers()
        #expect(run.fleet.nextDeadline == 6_000)
        run.tick(at: 6_000)
        #expect(run.answers() == ["done"])
        run.tick(at: 91_000)
        #expect(run.deeds() == [.kill(3)])
    }

    @Test func oldOnesAreFewAtATime() throws {
        var run = Run()
        var now: UInt64 = 0
        for number in 1...Fleet.maximumRetiring {
            try run.begin(.restart(stages: ["ingress"], programs: nil), at: now)
            run.ready("ingress.\(number)", at: now)
            now += 1_000
            run.tick(at: now)
            run.says("ingress.\(number - 1)", "1 connection", at: now)
        }
        #expect(
            refusal(&run, .restart(stages: nil, programs: nil), at: now)
                == "4 replaced ingress processes still finish their connections: wait until one has ended")
        run.exits("ingress.0", at: now)
        #expect(refusal(&run, .restart(stages: ["ingress"], programs: nil), at: now) == nil)
    }

    @Test func stoppingDrainsTheOldOnesToo() throws {
        var run = Run()
        try run.begin(.restart(stages: ["ingress"], programs: nil), at: 0)
        run.ready("ingress.1", at: 0)
        run.tick(at: 1_000)
        run.says("ingress.0", "1 connection", at: 1_000)
        _ = run.deeds()
        run.take(run.fleet.stop(now: 2_000), now: 2_000)
        #expect(run.deeds() == [.terminate(3), .terminate(4)])
        run.exits("ingress.1", at: 2_100)
        #expect(run.deeds() == [])
        run.exits("ingress.0", at: 2_200)
        #expect(run.deeds() == [.terminate(1), .terminate(2)])
    }

    @Test func stoppingEndsTheCommand() throws {
        var run = Run()
        try run.begin(.restart(stages: ["recorder"], programs: nil), at: 0)
        _ = run.answers()
        run.take(run.fleet.stop(now: 10), now: 10)
        #expect(run.answers() == ["failed: sluice up is stopping"])
        // The recorder is needed until the others have finished: it comes back for them.
        run.exits("recorder.0", at: 20)
        #expect(run.deeds() == [.spawn(0)])
        run.ready("recorder.0", at: 30)
        #expect(run.member("recorder.0")?.role == .serving)
        run.exits("ingress.0", at: 40)
        run.exits("approver.0", at: 50)
        run.exits("classifier.0", at: 60)
        #expect(run.deeds().last == .terminate(0))
        run.exits("recorder.0", at: 70)
        #expect(run.deeds() == [.finished(nil)])
    }
}
