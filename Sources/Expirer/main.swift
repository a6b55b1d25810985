// sluice-expirer: removes what `recording.retention` does not keep any more, by orders to the recorders.
//
// Security: reads the list of sessions and holds the recorder's key, which signs the orders, and the archive's credentials where
// there is one: as whoever runs `sluice sessions expire`. Nothing under legal hold is touched. No other process talks to it.
// Failure: recording goes on without it. Killed at any time, the next look finds what is left. While something that is due
// cannot be removed it is not ready, says why, and tries again.
// Diagnostics: one line an event on standard error: each removal, each hold that keeps something, each failure once.

import Bus
import Configuration
import Foundation

AuxiliaryRunner.main { _ in
    let configuration = try Configuration.load(path: try StageArguments.configPath())
    guard let retention = configuration.recording.retention else {
        throw BusError(.environment, "there is no recording: retention: in \(configuration.file)")
    }
    let process = ExpirerProcess(configuration, retention)
    process.start()
    return { process.hasFinished }
}
