import Foundation
import TestKit
import Testing

/// One run: what the seed draws from, and for how long.
struct ChaosRun: Sendable, CustomTestStringConvertible {
    let seed: UInt64
    let seconds: Int
    let kinds: [Fault.Kind]

    /// Stages and disk, where no connection may break; then everything.
    static let fixed = [
        ChaosRun(seed: 1, seconds: 18, kinds: [.kill, .kill, .pause, .pause, .terminate, .fullDisk]),
        ChaosRun(seed: 2, seconds: 18, kinds: Fault.Kind.allCases),
    ]

    /// The fixed runs, or one of `SLUICE_CHAOS_SECONDS` with everything; `SLUICE_CHAOS_SEED` is its seed.
    static let chosen: [ChaosRun] = {
        let environment = ProcessInfo.processInfo.environment
        let seed = environment["SLUICE_CHAOS_SEED"].flatMap { UInt64($0) }
        let seconds = environment["SLUICE_CHAOS_SECONDS"].flatMap { Int($0) }
        guard seed != nil || seconds != nil else { return fixed }
        return [
            ChaosRun(
                seed: seed ?? UInt64.random(in: 1...UInt64(UInt32.max)), seconds: seconds ?? 18,
                kinds: Fault.Kind.allCases)
        ]
    }()

    var plan: FaultPlan { FaultPlan(seed: seed, seconds: seconds, kinds: kinds) }
    var breaksConnections: Bool { kinds.contains(.killIngress) }
    var breaksTarget: Bool { kinds.contains(.killBackend) || kinds.contains(.restartTarget) }

    /// Copies what a person needs to look into a run to the folder that `SLUICE_CHAOS_KEEP` names.
    func keep(_ rig: ChaosRig) async throws {
        guard let folder = ProcessInfo.processInfo.environment["SLUICE_CHAOS_KEEP"] else { return }
        let path = folder + "/chaos-\(seed)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        let files = [
            "plan": Data(plan.description.utf8),
            "journal": FileManager.default.contents(atPath: rig.gateway.directory.file("journal-\(seed)")),
            "target.json": FileManager.default.contents(atPath: rig.server.directory.file("data/log/statements.json")),
            "sluice.log": Data((rig.gateway.supervisor.output + rig.gateway.supervisor.errors).utf8),
            "sessions.jsonl": Data(
                try await rig.gateway.sluice(["sessions", "export"], deadline: .seconds(180)).output.utf8),
        ]
        for (name, data) in files { try data?.write(to: URL(filePath: path + "/" + name)) }
    }

    var testDescription: String { "seed \(seed), \(seconds) s" }
}
