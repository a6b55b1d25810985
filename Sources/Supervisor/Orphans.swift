import Configuration
import Foundation
import Glibc

/// Processes that a killed supervisor left behind. They end by themselves when their lifeline closes; a new
/// supervisor makes sure of it, since two recorders must never write to the same files.
enum Orphans {
    static let patienceMilliseconds = 5_000

    static func end(_ state: StateDirectory) throws(SupervisorError) {
        let left = (Status.load(state)?.stages ?? []).compactMap(\.pid).filter { isOurs($0, state) }
        for pid in left { _ = kill(-pid, SIGKILL) }
        let step: Int32 = 20
        var waited = 0
        while let pid = left.first(where: { isOurs($0, state) }) {
            guard waited < patienceMilliseconds else {
                throw SupervisorError("process \(pid) of an earlier run does not end: end it by hand")
            }
            _ = poll(nil, 0, step)
            waited += Int(step)
        }
    }

    /// True when the process runs with our bus: a number alone may by now belong to somebody else.
    private static func isOurs(_ pid: Int32, _ state: StateDirectory) -> Bool {
        guard pid > 1, let environment = FileManager.default.contents(atPath: "/proc/\(pid)/environ") else {
            return false
        }
        let wanted = Array("SLUICE_BUS=\(state.bus)".utf8)
        return environment.split(separator: 0).contains { $0.elementsEqual(wanted) }
    }
}
