import Bus
import Dispatch
import Recording
import Synchronization
import Telemetry

/// Keeps the list of sessions up to date on a thread of its own: several recorders share it, perhaps with those of other
/// hosts, and none waits for it. What it could not write it reads from the segments later.
final class Indexer: @unchecked Sendable {
    /// Between two tries while the index cannot be written, nanoseconds.
    private static let retryInterval: UInt64 = 1_000_000_000
    /// The same for what other folders hold.
    private static let othersInterval: UInt64 = 5_000_000_000
    /// How long an ending recorder waits for what it wrote last: the next one reads it from the segments.
    private static let finishPatience = DispatchTimeInterval.seconds(2)

    private let recordings: String
    private let replica: String
    private let open: @Sendable () throws(RecordingError) -> RecordingIndex
    private let queue = DispatchQueue(label: "index")
    /// What follows is its holder's alone: the stage's thread, and then `queue`.
    private let idle = DispatchSemaphore(value: 1)
    private var index: RecordingIndex?
    private var hasFailed = false
    /// Whether something is missing in the index, for other threads.
    private let isFailing = Atomic(false)
    /// Whether there is more in the segments of the folder than changes tell, as at the start and after a failure.
    private var isBehind = true
    private var triedAt: UInt64 = 0
    /// Whether there may be more in the folders beside this one.
    private var othersAreBehind = true
    private var othersTriedAt: UInt64 = 0
    /// What was said of these.
    private var othersProblems: [String: String] = [:]

    init(
        recordings: String, replica: String, open: @escaping @Sendable () throws(RecordingError) -> RecordingIndex
    ) {
        self.recordings = recordings
        self.replica = replica
        self.open = open
        ProcessTelemetry.current.registry.add(
            "sluice_recorder_index_behind", "Whether the list of sessions lacks something.", .gauge
        ) { [weak self] in
            [.init(.integer(self?.isFailing.load(ordering: .relaxed) == true ? 1 : 0))]
        }
    }

    /// Applies what `take` gives; returns at once without asking for it while the changes before are not applied. First the
    /// index learns what earlier processes wrote, this replica's and those that were killed and do not run now.
    func apply(_ take: () -> IndexChanges?) {
        guard idle.wait(timeout: .now()) == .success else { return }
        start(take)
    }

    /// Applies the last changes, and waits for these.
    func finish(_ take: () -> IndexChanges?) {
        guard idle.wait(timeout: .now() + Self.finishPatience) == .success else { return }
        start(take)
        if idle.wait(timeout: .now() + Self.finishPatience) == .success { idle.signal() }
    }

    private func start(_ take: () -> IndexChanges?) {
        let now = monotonicNanoseconds()
        let isDue = !hasFailed || now - triedAt >= Self.retryInterval
        let changes = isDue ? take() : nil
        let othersAreDue = isDue && othersAreBehind && now - othersTriedAt >= Self.othersInterval
        guard isDue, isBehind || othersAreDue || changes?.isEmpty == false else {
            idle.signal()
            return
        }
        triedAt = now
        if othersAreDue { othersTriedAt = now }
        queue.async { [self] in
            update(changes, andOthers: othersAreDue)
            isFailing.store(hasFailed || othersAreBehind, ordering: .relaxed)
            idle.signal()
        }
    }

    private func update(_ changes: IndexChanges?, andOthers othersAreDue: Bool) {
        do {
            let index = try self.index ?? open()
            self.index = index
            if isBehind {
                report(try index.catchUp(replica: replica), replica)
            } else if let changes {
                report(try index.apply(changes), replica)
            }
            if hasFailed { StageLog.info("the index is up to date again") }
            hasFailed = false
            isBehind = false
            if othersAreDue { try catchUpOthers(index) }
        } catch {
            if !hasFailed { StageLog.error("the index is behind, recordings are complete: \(error)") }
            hasFailed = true
            isBehind = true
            // A recorder that ended meanwhile could not tell either.
            othersAreBehind = true
            othersTriedAt = 0
        }
    }

    /// A replica beside this one that cannot be read keeps neither this one's sessions off the list, nor the others'.
    private func catchUpOthers(_ index: RecordingIndex) throws {
        var areBehind = false
        var problems: [String: String] = [:]
        let archive = RecordingArchive(recordings: recordings)
        for other in try archive.replicas() where other != replica {
            do throws(RecordingError) {
                report(try index.catchUp(replica: other), other)
                if othersProblems[other] != nil { StageLog.info("the index has all records of \(other)") }
            } catch {
                let text = "the index lacks records of \(other): \(error)"
                if othersProblems[other] != text { StageLog.error(text) }
                problems[other] = text
                // What is damaged, or no recorder's, stays so; anything else may be over the next time.
                let isToStay = try [.damaged, .incomplete].contains(error.code) || archive.strays().contains(other)
                if !isToStay { areBehind = true }
            }
        }
        othersProblems = problems
        othersAreBehind = areBehind
    }

    private func report(_ outcome: RecordingIndex.Outcome, _ replica: String) {
        switch outcome {
        case .followed: return
        case .otherRecording: StageLog.error("the index knew another recording named \(replica); that is forgotten")
        case .olderCopy: StageLog.error("the index knew more of \(replica): an older copy was put back; read anew")
        }
    }
}
