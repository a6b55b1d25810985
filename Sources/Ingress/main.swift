// sluice-ingress: terminates client and target connections, authenticates, resolves target credentials, speaks the
// protocols, and conducts every command along its lanes.
//
// Security: the only process that sees target credentials and unmasked replies, and the only one that opens network
// connections. It forwards only what carries authentic decisions of all stages and an acknowledged record.
// Failure: a stage that is away or wrong makes commands refused (57P03). Killed, it drops its connections and nothing
// else. SIGTERM: no new sessions, idle ones are closed, busy ones finish first. SIGUSR2: no new sessions, those that
// are here go on until they end or limits.drain has passed; then as SIGTERM. Listening sockets may come from outside
// (sd_listen_fds(3)) and stay open there.
// Diagnostics: one line an event on standard error.
// With --catalog it serves nobody: it asks one target for its catalogue, read only, writes that out and ends. With --client
// it is a client of the gateway that runs, and ends likewise.

import Bus
import Configuration
import Foundation

do {
    if let request = try CatalogRequest(CommandLine.arguments) {
        try await request.answer()
        exit(0)
    }
    if let request = try ClientRequest(CommandLine.arguments) {
        try await request.answer()
        exit(0)
    }
} catch {
    FileHandle.standardError.write(Data("\(error)\n".utf8))
    exit(1)
}

Allocator.keepBatches()
do {
    let environment = try StageEnvironment.fromProcess()
    try StageLog.bootstrap(environment)
    StageSignals.install()
    HandoverSignal.install()
    let configuration = try Configuration.load(path: try StageArguments.configPath())
    let ingress = try IngressProcess(configuration: configuration, environment: environment)
    try await ingress.run()
} catch {
    FileHandle.standardError.write(Data("cannot start: \(error)\n".utf8))
    exit(1)
}
