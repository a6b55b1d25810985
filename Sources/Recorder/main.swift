// sluice-recorder: appends records, acknowledges them, seals segments, keeps the index.
//
// Security: sees commands and masked replies, never credentials or unmasked data. What it acknowledged lies in a hash
// chain whose head is authenticated with the recording key.
// Failure: killed, it loses nothing that it acknowledged; ingress sends the rest again. A full or broken disk is
// answered as an error, so that commands stop; writing resumes by itself when there is space again.
// Diagnostics: one line an event on standard error.

import Bus
import Configuration
import Recording

StageRunner.main { environment in
    let configuration = try Configuration.load(path: try StageArguments.configPath())
    environment.network = try configuration.networkPlan(for: environment.stage)
    return try RecorderStage(
        recordings: configuration.state.recordings, replica: "\(environment.stage)-\(environment.replica)",
        key: try RecordingKey.load(creatingAt: configuration.state.recordingKey))
}
