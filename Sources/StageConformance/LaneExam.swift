import Bus
import Contract
import Foundation
import SwiftProtobuf

/// The checks of one lane that do not depend on what travels in it.
struct LaneExam<Examined: Lane> {
    /// Messages of a burst.
    static var burst: Int { 1000 }
    /// Payload of a large message: below the 64 MiB that a part may have.
    static var largeBytes: Int { 60 << 20 }
    /// How much longer than an ordinary answer a large one and a burst may take.
    static var patience: Double { 6 }
    /// How long it is looked for what must not come, milliseconds.
    static var silence: Int { 250 }

    let lane: Examined
    let bench: Bench

    /// Asks and verifies one sample. Notes that no answer came.
    @discardableResult
    func ask(_ sample: Sample, _ report: inout Report, as check: Check? = nil) -> Answer? {
        let check = check ?? lane.checks.answers
        do {
            try bench.send(sample.message)
            guard let answer = try bench.answer(to: sample.message.header.sequence) else {
                report.note(check, "no answer within \(bench.timeout) s to \(sample.what)")
                return nil
            }
            lane.verify(answer, to: sample, &report)
            return answer
        } catch {
            report.note(check, "\(error), at \(sample.what)")
            return nil
        }
    }

    /// An ordinary message after something unusual: the stage must still be there.
    func goesOn() throws {
        let sample = try lane.sample()
        try bench.send(sample.message)
        guard try bench.answer(to: sample.message.header.sequence) != nil else {
            throw Violation("it answers no more")
        }
    }

    /// Throws what is wrong with an answer, unless that is known already and stands elsewhere in the report.
    private func look(at answer: Answer, to sample: Sample, _ report: Report) throws {
        var verified = Report()
        lane.verify(answer, to: sample, &verified)
        if let wrong = verified.violations(not: report).first { throw Violation(wrong) }
    }

    func run(_ report: inout Report) throws {
        check(lane.checks.resends, &report) { try resends() }
        try revive()
        check(lane.checks.hostile, &report) { try hostile() }
        try revive()
        check(lane.checks.replyAddress, &report) { try replyAddress() }
        try revive()
        report.check(lane.checks.deadline) { try deadline($0) }
        try revive()
        report.check(lane.checks.large) { try large($0) }
        try revive()
        burst(&report)
        try revive()
    }

    private func check(_ check: Check, _ report: inout Report, _ work: () throws -> Void) {
        report.check(check) { _ in try work() }
    }

    /// What one check broke must not fail the next.
    private func revive() throws {
        do {
            try goesOn()
        } catch {
            try bench.restart()
        }
        _ = bench.takeArrived()
    }

    private func resends() throws {
        var sample = try lane.sample()
        var gists: [String] = []
        for attempt in 0..<3 {
            sample.message.header.attempt = UInt32(attempt)
            try bench.send(sample.message)
            guard let answer = try bench.answer(to: sample.message.header.sequence) else {
                throw Violation("no answer when it was sent for the \(["first", "second", "third"][attempt]) time")
            }
            gists.append(try lane.gist(answer))
        }
        guard Set(gists).count == 1 else { throw Violation("first: \(gists[0]); then: \(gists[1]), \(gists[2])") }
    }

    private func hostile() throws {
        let good = try lane.sample().message
        let header = try good.encodedHeader()
        var version = good
        version.header.contractVersion = 2
        let otherVersion: [UInt8] = try version.header.serializedBytes()
        var kind = good.header
        kind.kind = .UNRECOGNIZED(99)
        let otherKind: [UInt8] = try kind.serializedBytes()
        let unreadable: [(String, [[UInt8]])] = [
            ("one empty part", [[]]), ("two parts", [header, good.body]),
            ("four parts", [header, good.body, good.payload, []]), ("an empty header", [[], good.body, good.payload]),
            ("a header of garbage", [[0xff, 0xff, 0xff, 0xff, 0x0f], good.body, good.payload]),
            ("a cut header", [Array(header.dropLast()), good.body, good.payload]),
            ("contract version 2", [otherVersion, good.body, good.payload]),
            ("an unknown kind", [otherKind, good.body, good.payload]),
        ]
        for (what, parts) in unreadable {
            try bench.send(parts)
            try after(what) { try goesOn() }
            if let answer = bench.takeArrived().first(where: lane.passes) {
                throw Violation("\(what) was answered with \(answer.message.header.kind)")
            }
        }
        for (what, change) in wrongMessages {
            var message = try lane.sample().message
            change(&message)
            try bench.send(message)
            try after(what) { try goesOn() }
            let sequence = message.header.sequence
            if let answer = bench.takeArrived().first(where: { $0.message.header.sequence == sequence }),
                lane.passes(answer)
            {
                throw Violation("\(what) was answered with \(answer.message.header.kind)")
            }
        }
    }

    private var wrongMessages: [(String, (inout BusMessage) -> Void)] {
        [
            ("a body of garbage", { $0.body = [0xff, 0xff, 0xff] }),
            ("kind RECORD", { $0.header.kind = .record }), ("kind JUDGED", { $0.header.kind = .judged }),
            ("kind HOLD_CLOSE", { $0.header.kind = .holdClose }),
        ]
    }

    private func after(_ what: String, _ work: () throws -> Void) throws {
        do {
            try work()
        } catch {
            throw Violation("after \(what): \(error)")
        }
    }

    private func replyAddress() throws {
        let bus = bench.workspace.bus
        for endpoint in [
            bench.workspace.outsideEndpoint, "ipc://\(bus)/../outside",
            "ipc://\(bus)/\(Workspace.ingress)/../../outside",
            "", "nonsense",
        ] {
            var message = try lane.sample().message
            // A route would lead to the next stop instead.
            message.header.route = []
            message.header.replyTo = endpoint
            try bench.send(message)
        }
        try goesOn()
        RawSocket.wait([bench.workspace.outside], milliseconds: Self.silence)
        guard try bench.workspace.outside.receive() == nil else {
            throw Violation("an answer came to a socket outside the bus directory")
        }
    }

    private func deadline(_ report: Report) throws {
        var sample = try lane.sample()
        sample.message.header.deadlineMs = 1
        try bench.send(sample.message)
        try goesOn()
        for answer in bench.takeArrived() where answer.message.header.sequence == sample.message.header.sequence {
            try look(at: answer, to: sample, report)
        }
    }

    private func large(_ report: Report) throws {
        let sample = try lane.large(bytes: Self.largeBytes)
        try bench.send(sample.message)
        guard let answer = try bench.answer(to: sample.message.header.sequence, within: bench.timeout * Self.patience)
        else { throw Violation("no answer within \(bench.timeout * Self.patience) s") }
        guard answer.message.header.kind != .failed else { return }
        try look(at: answer, to: sample, report)
    }

    private func burst(_ report: inout Report) {
        do {
            let ping = try bench.ping()
            var samples: [Sample] = []
            for index in 0..<Self.burst {
                let sample = try lane.sample()
                samples.append(sample)
                try bench.send(sample.message)
                if index == Self.burst / 2 { try bench.send(ping) }
            }
            report.check(lane.checks.presence) { _ in
                let answer = try bench.answer(to: ping.header.sequence)
                if let violation = Bench.violation(of: answer, to: ping) { throw Violation(violation) }
            }
            let end = Date.now.addingTimeInterval(bench.timeout * Self.patience)
            for (index, sample) in samples.enumerated() {
                let left = max(0, end.timeIntervalSinceNow)
                guard let answer = try bench.answer(to: sample.message.header.sequence, within: left) else {
                    throw Violation("message \(index + 1) of \(Self.burst) got no answer")
                }
                try look(at: answer, to: sample, report)
            }
            report.note(lane.checks.burst)
        } catch {
            report.note(lane.checks.burst, "\(error)")
            // It did not come to the ping: the inbox was full long before.
            if !report.wasMade(lane.checks.presence) {
                report.note(lane.checks.presence, "no PING was taken: \(error)")
            }
        }
    }
}

extension Sample {
    /// What it is, in words.
    var what: String {
        switch message.header.kind {
        case .judge: "\(judge.purpose)\(judge.hasHold ? " with a hold" : "")"
        default: "\(message.header.kind)"
        }
    }
}
