import Bus
import Dispatch
import Recording

/// Keeps the list of sessions up to date on a thread of its own: several recorders share its file, and none waits for
/// it. What it could not write it reads from the segments later.
final class Indexer: @unchecked Sendable {
    // `index` and `hasFailed` are touched on `queue` alone.
    private let recordings: String
    private let replica: String
    private let queue = DispatchQueue(label: "index")
    private let idle = DispatchSemaphore(value: 1)
    private var index: RecordingIndex?
    private var hasFailed = false

    init(recordings: String, replica: String) {
        self.recordings = recordings
        self.replica = replica
    }

    /// Has the index learn what earlier processes wrote, this replica's and those that were killed and do not run now.
    func catchUp() {
        idle.wait()
        queue.async { [self] in
            update { index in
                report(try index.catchUp(replica: replica), replica)
                for other in try RecordingArchive(recordings: recordings).replicas() where other != replica {
                    report(try index.catchUp(replica: other), other)
                }
            }
            idle.signal()
        }
    }

    /// Applies what `take` gives; returns at once without asking for it while the changes before are not applied.
    func apply(_ take: () -> IndexChanges?) {
        guard idle.wait(timeout: .now()) == .success else { return }
        guard let changes = take(), !changes.isEmpty else {
            idle.signal()
            return
        }
        queue.async { [self] in
            update { index in report(try index.apply(changes), replica) }
            idle.signal()
        }
    }

    /// Waits for what is under way, applies the last changes, and waits for these.
    func finish(_ take: () -> IndexChanges?) {
        queue.sync {}
        apply(take)
        queue.sync {}
    }

    private func report(_ outcome: RecordingIndex.Outcome, _ replica: String) {
        switch outcome {
        case .followed: return
        case .otherRecording: StageLog.error("the index knew another recording named \(replica); that is forgotten")
        case .olderCopy: StageLog.error("the index knew more of \(replica): an older copy was put back; read anew")
        }
    }

    private func update(_ body: (RecordingIndex) throws -> Void) {
        do {
            let index = try self.index ?? RecordingIndex(recordings: recordings)
            self.index = index
            try body(index)
            hasFailed = false
        } catch {
            if !hasFailed { StageLog.error("the index is behind, recordings are complete: \(error)") }
            hasFailed = true
        }
    }
}
