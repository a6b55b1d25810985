// sluice-forwarder: sends what is recorded to other systems: syslog, webhooks, programs of the operator's.
//
// Security: reads recordings, which hold commands and masked replies, and the list of sessions; no other process talks to it. It
// has the secrets and certificates of the sinks, with recording.index that database's password, and goes out to the network.
// What it sends has no reply data.
// Failure: killed, it goes on where the last accepted event was: events come again, none is lost. While a sink is away its
// events stay in the recordings; other sinks and commands do not notice.
// Diagnostics: one line an event on standard error.

import Bus
import Configuration
import Foundation
import Forwarding

AuxiliaryRunner.main { _ in
    let configuration = try Configuration.load(path: try StageArguments.configPath())
    guard let settings = configuration.recording.forward else {
        throw ForwardError(.settings, "recording.forward is not configured")
    }
    // Programs of sinks start in the configuration's folder.
    guard FileManager.default.changeCurrentDirectoryPath(configuration.folder) else {
        throw ForwardError(.settings, "cannot enter \(configuration.folder)")
    }
    let forwarder = try Forwarder(settings, configuration)
    return { forwarder.hasFinished }
}
