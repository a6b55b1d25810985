import Foundation
import Glibc
import Telemetry

/// Runs a process that has no inbox: tells readiness, serves its metrics, and ends when it is told to drain.
public enum AuxiliaryRunner {
    /// Longest time between two turns, milliseconds.
    public static let tickInterval: UInt32 = 100
    /// How long a draining process may take to finish what it has, nanoseconds: less than a supervisor gives it.
    public static let drainLimit: UInt64 = 8_000_000_000

    /// The usual main function. `start` begins the work on threads of its own; what it returns says whether that has
    /// finished, which it shall once ``StageSignals/shouldDrain``. Prints why it cannot start and exits with 1.
    public static func main(_ start: (StageEnvironment) throws -> () -> Bool) {
        do {
            let environment = try StageEnvironment.fromProcess()
            try StageLog.bootstrap(environment)
            StageSignals.install()
            let hasFinished = try start(environment)
            let monitor = try Monitoring.start(
                stage: environment.stage, replica: environment.replica, bus: environment.bus)
            let health = ProcessTelemetry.current.health
            let heartbeat = health.addLoop("the main loop")
            SupervisorNotice.ready()
            health.becameReady()
            var watchdog = Watchdog()
            while !StageSignals.shouldDrain {
                heartbeat.beat(now: monotonicNanoseconds())
                watchdog.turned()
                usleep(tickInterval * 1000)
            }
            SupervisorNotice.stopping()
            health.beganDraining()
            let end = monotonicNanoseconds() + drainLimit
            while !hasFinished(), monotonicNanoseconds() < end { usleep(tickInterval * 1000) }
            try monitor.close()
        } catch {
            FileHandle.standardError.write(Data("cannot start: \(error)\n".utf8))
            exit(1)
        }
    }
}
