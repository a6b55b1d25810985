import NIOCore
import Synchronization

/// Whether every event loop still turns. Asked now and then, it costs one task on each loop.
final class LoopPulse: Sendable {
    private let loops: [any EventLoop]
    /// Loops that have not yet run the task of the last question.
    private let silent = Mutex(0)

    init(_ loops: [any EventLoop]) { self.loops = loops }

    /// True when all of them turned since this was last true; then they are asked anew.
    func everyLoopTurned() -> Bool {
        let haveTurned = silent.withLock {
            guard $0 == 0 else { return false }
            $0 = loops.count
            return true
        }
        guard haveTurned else { return false }
        for loop in loops { loop.execute { self.silent.withLock { $0 -= 1 } } }
        return true
    }
}
