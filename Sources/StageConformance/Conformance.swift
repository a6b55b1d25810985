import Bus
import Contract
import Foundation
import Glibc

/// Runs a stage program against the contract, point by point (docs/adding-a-stage.md, “Test it”).
public struct Conformance {
    /// Which lanes the program has a place in.
    public enum Lanes: String, Sendable, CaseIterable {
        case request, response, both
    }

    /// Time that a stage may take to end, seconds: `StageRunner` drains for as long at most.
    static let endSeconds = 5.0
    /// Commands that are sent just before the stage is told to end.
    static let lastMessages = 50

    private let lanes: Lanes
    private let command: [String]
    private let timeout: Double
    /// Looked for in all that the program writes.
    private let canary = "canary-\(UInt64.random(in: .min ... .max))-value"

    /// `timeout`: for one answer, seconds.
    public init(_ command: [String], lanes: Lanes, timeout: Double) {
        self.command = command
        self.lanes = lanes
        self.timeout = timeout
    }

    /// Makes every check. Throws ``ConformanceError`` when nothing can be said about the stage.
    public func run() throws -> [CheckResult] {
        let workspace = try Workspace()
        var report = Report()
        do {
            try examine(workspace, &report)
            try workspace.remove()
        } catch {
            try workspace.remove()
            throw error
        }
        return report.results
    }

    private func examine(_ workspace: Workspace, _ report: inout Report) throws {
        let bench: Bench
        do {
            bench = try Bench(command, timeout: timeout, workspace: workspace)
            report.note(.ready)
        } catch let violation as Violation {
            return report.note(.ready, violation.description)
        }
        report.check(.presence) { _ in try bench.checkPresence() }
        do {
            if lanes != .response {
                let lane = try RequestLane(bench, canary: canary)
                try request(lane, bench, &report)
            }
            if lanes != .request { try response(ResponseLane(bench: bench, canary: canary), bench, &report) }
            if lanes == .response {
                try end(LaneExam(lane: ResponseLane(bench: bench, canary: canary), bench: bench), &report)
            } else {
                try end(LaneExam(lane: try RequestLane(bench, canary: canary), bench: bench), &report)
            }
        } catch let violation as Violation {
            // It does not even start again.
            report.note(.ready, "started again: \(violation)")
        }
        let isSilent = workspace.written().range(of: Data(canary.utf8)) == nil
        report.note(.logs, isSilent ? nil : "a value of a command or reply stands in its output")
    }

    private func request(_ lane: RequestLane, _ bench: Bench, _ report: inout Report) throws {
        let exam = LaneExam(lane: lane, bench: bench)
        exam.ask(try lane.command(.session, route: [Workspace.next]), &report)
        exam.ask(try lane.command(.statement, route: [Workspace.next]), &report)
        exam.ask(try lane.command(.execution), &report)
        for route in [[Workspace.approver], [Workspace.next], [], [Workspace.next, Workspace.approver]] {
            for isHeld in [false, true] {
                exam.ask(try lane.command(route: route, isHeld: isHeld), &report)
            }
        }
        try pure(exam, &report)
        try exam.run(&report)
    }

    /// A pure decision holds for every purpose and for any parameters.
    private func pure(_ exam: LaneExam<RequestLane>, _ report: inout Report) throws {
        let lane = exam.lane
        guard let first = exam.ask(try lane.command(), &report), let decision = lane.decision(in: first) else { return }
        guard decision.pure else { return report.note(.requestPure) }
        guard decision.events.isEmpty else {
            return report.note(.requestPure, "a decision with events cannot be pure: it is recorded each time")
        }
        for other in [try lane.command(parameters: ["another", "value"]), try lane.command(.statement)] {
            guard let answer = exam.ask(other, &report) else { continue }
            let gists = (try lane.gist(first), try lane.gist(answer))
            report.note(
                .requestPure,
                gists.0 == gists.1
                    ? nil : "the same text was decided otherwise as \(other.what): \(gists.1), not \(gists.0)")
        }
    }

    private func response(_ lane: ResponseLane, _ bench: Bench, _ report: inout Report) throws {
        let exam = LaneExam(lane: lane, bench: bench)
        for sample in [
            try lane.batch(), try lane.batch(isDescribed: false), try lane.batch(isBinary: true), try lane.copy(),
            try lane.endOfCopy(), try lane.error(),
        ] {
            exam.ask(sample, &report)
        }
        try exam.run(&report)
    }

    // MARK: - The end

    private func end(_ exam: LaneExam<some Lane>, _ report: inout Report) throws {
        report.check(.drain) { _ in try drain(exam) }
        try exam.bench.restart()
        report.check(.lifeline) { _ in
            exam.bench.closeLifeline()
            try waitForEnd(exam.bench, after: "the lifeline closed")
        }
    }

    private func drain(_ exam: LaneExam<some Lane>) throws {
        let bench = exam.bench
        // It has begun to work by the time it is told to end.
        try exam.goesOn()
        _ = bench.workspace.notifications()
        let samples = try (0..<Self.lastMessages).map { _ in try exam.lane.sample() }
        for sample in samples { try bench.send(sample.message) }
        bench.signal(SIGTERM)
        let asked = Date.now
        var pings: [UInt64] = []
        while bench.ending == nil, Date.now.timeIntervalSince(asked) < Self.endSeconds {
            // The signal has arrived long before the second ping.
            let ping = try bench.ping()
            if Date.now.timeIntervalSince(asked) > 0.2 { pings.append(ping.header.sequence) }
            try bench.offer(ping)
            try bench.pump(milliseconds: 100)
        }
        try waitForEnd(bench, after: "SIGTERM")
        try bench.pump()
        let arrived = bench.takeArrived()
        let answered = Set(arrived.map(\.message.header.sequence))
        let lost = samples.count { !answered.contains($0.message.header.sequence) }
        guard lost == 0 else { throw Violation("\(lost) of \(samples.count) messages got no answer before it ended") }
        guard bench.exitedWithZero else { throw Violation("the program \(bench.ending ?? "runs on")") }
        guard bench.workspace.notifications().contains(where: { $0.contains("STOPPING=1") }) else {
            throw Violation("STOPPING=1 did not come")
        }
        guard !bench.socketExists else { throw Violation("its socket is still there") }
        for answer in arrived where pings.contains(answer.message.header.sequence) {
            guard answer.body(as: Pong.self)?.draining == true else {
                throw Violation("a PONG after SIGTERM does not say draining")
            }
        }
    }

    private func waitForEnd(_ bench: Bench, after what: String) throws {
        let end = Date.now.addingTimeInterval(Self.endSeconds)
        while bench.ending == nil {
            guard Date.now < end else { throw Violation("it runs on \(Int(Self.endSeconds)) s after \(what)") }
            try bench.pump()
        }
    }
}
