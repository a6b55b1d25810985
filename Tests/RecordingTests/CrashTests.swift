import Foundation
import Testing

/// kill -9 at random points. `make crash CYCLES=5000 SEED=7` does more of it.
@Suite(.serialized) struct CrashTests {
    private static let cyclesOfARecording = 20

    @Test(arguments: [(false, false), (true, false), (false, true), (true, true)])
    func nothingAcknowledgedIsLost(isSynced: Bool, isEncrypted: Bool) throws {
        let environment = ProcessInfo.processInfo.environment
        let cycles = (environment["SLUICE_CRASH_CYCLES"].flatMap { Int($0) } ?? 160) / 4
        let seed = environment["SLUICE_CRASH_SEED"].flatMap { UInt64($0) } ?? 20_261_129
        var left = cycles
        var (kills, blocks) = (0, 0)
        while left > 0 {
            var run = try CrashRun(isSynced: isSynced, isEncrypted: isEncrypted, seed: seed &+ UInt64(left))
            for _ in 0..<min(left, Self.cyclesOfARecording) { try run.cycle() }
            try run.finish()
            left -= Self.cyclesOfARecording
            kills += run.kills
            blocks += run.blocks
        }
        print(
            "crash: synced \(isSynced), encrypted \(isEncrypted), seed \(seed): \(kills) kills, \(blocks) blocks acknowledged"
        )
    }
}
