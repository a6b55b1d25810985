import TestKit

/// One thing that goes wrong while clients work.
enum Fault: Sendable, CustomStringConvertible {
    /// A process, by its stage and the place of its replica among those that run.
    struct Victim: Sendable, Equatable, CustomStringConvertible {
        let stage: String
        let place: Int
        var description: String { "\(stage).\(place)" }
    }

    /// SIGKILL.
    case kill(Victim)
    /// SIGSTOP, and SIGCONT after so many milliseconds: all of them at once. What is sent to them meanwhile fills
    /// their inboxes.
    case pause([Victim], milliseconds: Int)
    /// SIGTERM, as an operator or another supervisor sends it.
    case terminate(Victim)
    /// The disk of the recordings has no space for so many milliseconds.
    case fullDisk(milliseconds: Int)
    /// The target restarts: fast, or at once as in a crash.
    case restartTarget(immediate: Bool)
    /// SIGKILL of one of the target's backends, after which PostgreSQL starts all of them anew.
    case killBackend
    /// SIGKILL of Ingress: its connections are lost, and nothing else.
    case killIngress
    /// An operator's `sluice restart STAGE`.
    case restart(String)
    /// An operator's `sluice scale STAGE N`, or to one more where there are N.
    case scale(String, Int)

    enum Kind: CaseIterable, Sendable {
        case kill, pause, terminate, fullDisk, restartTarget, killBackend, killIngress, restart, scale
    }

    var kind: Kind {
        switch self {
        case .kill: .kill
        case .pause: .pause
        case .terminate: .terminate
        case .fullDisk: .fullDisk
        case .restartTarget: .restartTarget
        case .killBackend: .killBackend
        case .killIngress: .killIngress
        case .restart: .restart
        case .scale: .scale
        }
    }

    var description: String {
        switch self {
        case .kill(let victim): "kill -9 \(victim)"
        case .pause(let victims, let time): "stop \(victims.map(\.description).joined(separator: ", ")) for \(time) ms"
        case .terminate(let victim): "terminate \(victim)"
        case .fullDisk(let time): "full disk for \(time) ms"
        case .restartTarget(let immediate): "restart the target\(immediate ? " immediately" : "")"
        case .killBackend: "kill -9 a backend of the target"
        case .killIngress: "kill -9 ingress"
        case .restart(let stage): "sluice restart \(stage)"
        case .scale(let stage, let count): "sluice scale \(stage) \(count)"
        }
    }
}

/// What goes wrong when, drawn from a seed.
struct FaultPlan: Sendable, CustomStringConvertible {
    struct Entry: Sendable {
        /// Milliseconds after the load has begun.
        let at: Int
        let fault: Fault
    }

    /// Milliseconds between two faults.
    static let gap = 200...1800
    /// Longest pause of a process, and longest time without disk space, milliseconds.
    static let longestPause = 8000
    static let longestFullDisk = 6000
    /// Stages that may die without any client's noticing more than a refusal.
    static let stages = ["classifier", "classifier", "masker", "masker", "recorder", "recorder", "approver"]

    let seed: UInt64
    let entries: [Entry]

    var faults: [Fault] { entries.map(\.fault) }

    init(seed: UInt64, seconds: Int, kinds: [Fault.Kind]) {
        self.seed = seed
        var random = Seed(seed)
        var entries: [Entry] = []
        var at = Int.random(in: Self.gap, using: &random)
        // Every kind once, in a drawn order, before any comes again.
        var waiting: [Fault.Kind] = []
        while at < seconds * 1000 {
            if waiting.isEmpty { waiting = kinds.shuffled(using: &random) }
            entries.append(Entry(at: at, fault: Self.fault(waiting.removeLast(), &random)))
            at += Int.random(in: Self.gap, using: &random)
        }
        self.entries = entries
    }

    private static func fault(_ kind: Fault.Kind, _ random: inout Seed) -> Fault {
        switch kind {
        case .kill: .kill(victim(&random))
        case .pause:
            .pause(
                (0..<Int.random(in: 1...3, using: &random)).map { _ in
                    Bool.random(using: &random) && Bool.random(using: &random)
                        ? Fault.Victim(stage: "ingress", place: 0) : victim(&random)
                }, milliseconds: Int.random(in: 200...longestPause, using: &random))
        case .terminate: .terminate(victim(&random))
        case .fullDisk: .fullDisk(milliseconds: Int.random(in: 500...longestFullDisk, using: &random))
        case .restartTarget: .restartTarget(immediate: Bool.random(using: &random))
        case .killBackend: .killBackend
        case .killIngress: .killIngress
        case .restart:
            .restart(["classifier", "masker", "approver", "recorder", "ingress"].randomElement(using: &random) ?? "")
        case .scale:
            .scale(
                ["classifier", "masker", "recorder"].randomElement(using: &random) ?? "",
                Int.random(in: 1...3, using: &random))
        }
    }

    private static func victim(_ random: inout Seed) -> Fault.Victim {
        Fault.Victim(
            stage: stages[Int.random(in: stages.indices, using: &random)], place: Int.random(in: 0...3, using: &random))
    }

    var description: String {
        "seed \(seed):\n" + entries.map { "  +\($0.at) ms  \($0.fault)\n" }.joined()
    }
}
