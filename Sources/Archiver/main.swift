// sluice-archiver: uploads sealed segments to an S3-compatible store, and removes those here that need not stay.
//
// Security: reads recordings, which it writes nowhere but to the store of the configuration, over TLS; alone has the store's
// credentials. It removes no segment that the store is not proven to have, and none that a recorder's start reads.
// Failure: recording goes on without it. Killed at any time, it goes on where it was: an interrupted upload is given up and
// begun again. While the store fails it is not ready, says why, and tries again.
// Diagnostics: one line an event on standard error; never credentials.

import Archive
import Bus
import Configuration
import Foundation
import Telemetry

do {
    let environment = try StageEnvironment.fromProcess()
    try StageLog.bootstrap(environment)
    let configuration = try Configuration.load(path: try StageArguments.configPath())
    var process = try ArchiverProcess(configuration)
    let monitor = try Monitoring.start(
        stage: environment.stage, replica: environment.replica, bus: environment.bus)
    try process.run()
    try monitor.close()
} catch {
    FileHandle.standardError.write(Data("cannot start: \(error)\n".utf8))
    exit(1)
}
