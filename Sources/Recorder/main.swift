// sluice-recorder: appends records, acknowledges them, seals segments, keeps the index.
//
// Security: sees commands and masked replies, never credentials or unmasked data. What it acknowledged lies in a hash
// chain whose head is authenticated with the recording key. With recording.index it has that database's password, and goes
// out to the network for it.
// Failure: killed, it loses nothing that it acknowledged; ingress sends the rest again. With a full disk it takes no work,
// so that another recorder gets its sessions, or else commands stop; writing resumes by itself when there is space again.
// After a failed fdatasync it takes none for good. While the index's database is away nothing waits for it.
// Beside it, a thread of low priority keeps the index of words up to date, for the recorders of one folder in one of them.
// Diagnostics: one line an event on standard error.

import Bus
import Configuration
import Recording
import SharedIndex

StageRunner.main { environment in
    let configuration = try Configuration.load(path: try StageArguments.configPath())
    environment.network = try configuration.networkPlan(for: environment.stage)
    let recordings = configuration.state.recordings
    let keyFile = configuration.state.recordingKey
    let key = try RecordingKey.load(creatingAt: keyFile, for: recordings)
    var options = SegmentWriter.Options()
    options.segmentBytes = Int64(configuration.recording.segmentBytes)
    options.segmentSeconds = configuration.recording.retention?.segmentSeconds.map { UInt64($0) }
    options.recipients = try (configuration.recording.encryption?.recipients ?? []).map(Recipient.init)
    options.formerKeys = try RecordingKey.loadFormer(of: keyFile)
    let replica = try ReplicaFolder.find(for: "\(environment.stage)-\(environment.replica)", in: recordings)
    return try RecorderStage(
        recordings: recordings, replica: replica, key: key, options: options,
        // Words in the clear would undo the encryption: who has the key makes an index of his own.
        search: options.recipients.isEmpty ? searchedContent(configuration.recording.search) : nil
    ) { () throws(RecordingError) in try RecordingIndex.open(configuration) }
}

private func searchedContent(_ search: RecordingSettings.Search) -> SearchIndex.Content? {
    switch search {
    case .off: nil
    case .commands: .commands
    case .output: .output
    }
}
