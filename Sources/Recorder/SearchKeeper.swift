import Bus
import Foundation
import Glibc
import PostgresRender
import Recording
import Synchronization

/// Keeps the index of words up to date on a thread that others on the machine go before. Of the recorders that share a folder
/// one does it; when it ends, another one goes on.
final class SearchKeeper: @unchecked Sendable {
    /// Seconds between two looks at the recordings, and before another try after a failure or while another one keeps it.
    private static let interval = 1.0
    private static let retryInterval = 10.0
    /// The least of all (setpriority(2)); on Linux it is the calling thread's alone.
    private static let priority: Int32 = 19

    private let recordings: String
    private let content: SearchIndex.Content
    private let isStopped = Atomic(false)
    private let stopping = DispatchSemaphore(value: 0)
    private let ended = DispatchSemaphore(value: 0)
    // `hasFailed` is touched on the thread alone.
    private var hasFailed = false

    init(recordings: String, _ content: SearchIndex.Content) {
        self.recordings = recordings
        self.content = content
    }

    func start() {
        let thread = Thread { [self] in
            _ = setpriority(__priority_which_t(0), 0, Self.priority)
            while !isStopped.load(ordering: .relaxed) { keep() }
            ended.signal()
        }
        thread.name = "search"
        thread.start()
    }

    /// Returns when the thread has ended: after the block that it reads.
    func stop() {
        isStopped.store(true, ordering: .relaxed)
        stopping.signal()
        ended.wait()
    }

    private func keep() {
        do throws(RecordingError) {
            let path = recordings + "/" + SearchIndex.fileName
            let index = try SearchIndex(writing: path, of: recordings, content)
            while !isStopped.load(ordering: .relaxed) {
                try index.update(replies: RecordedReplies()) { !isStopped.load(ordering: .relaxed) }
                hasFailed = false
                wait(Self.interval)
            }
        } catch {
            if error.code != .locked, !hasFailed {
                StageLog.error("the search index is behind, recordings are complete: \(error)")
                hasFailed = true
            }
            wait(Self.retryInterval)
        }
    }

    private func wait(_ seconds: Double) { _ = stopping.wait(timeout: .now() + seconds) }
}

extension RecordedReplies: ReplyTextReader {}
