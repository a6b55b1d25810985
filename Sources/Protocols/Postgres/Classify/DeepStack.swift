import CPgQuery
import Glibc
import Synchronization

/// Threads whose stacks hold the deepest text that is let through.
///
/// They live as long as the process: libpg_query takes a thread-specific key, of which a process has 1024, for every
/// thread that calls it, and never gives it back.
enum DeepStack {
    /// Stack of one thread, in bytes.
    static let bytes = 64 << 20
    /// Deep texts that are looked into at once; others wait for them.
    static let maximumThreads = 4

    private final class Work: @unchecked Sendable {
        private var body: (() -> Void)?
        private let done = Semaphore()
        init(_ body: @escaping () -> Void) { self.body = body }

        /// Lets go of the body before its caller goes on.
        func run() {
            body?()
            body = nil
            done.signal()
        }
        func wait() { done.wait() }
    }

    private struct State {
        var waiting: [Work] = []
        var threads = 0
        var idle = 0
    }

    private static let state = Mutex(State())
    private static let available = Semaphore()

    /// Runs `body` on such a thread and waits for it. False: there is none, and it did not run.
    static func run(_ body: () -> Void) -> Bool {
        withoutActuallyEscaping(body) { body in
            let work = Work(body)
            let isTaken = state.withLock { state in
                if state.waiting.count >= state.idle, state.threads < maximumThreads, startThread() {
                    state.threads += 1
                    state.idle += 1
                }
                guard state.threads > 0 else { return false }
                state.waiting.append(work)
                return true
            }
            guard isTaken else { return false }
            available.signal()
            work.wait()
            return true
        }
    }

    private static func startThread() -> Bool {
        var attributes = pthread_attr_t()
        guard pthread_attr_init(&attributes) == 0 else { return false }
        defer { pthread_attr_destroy(&attributes) }
        guard pthread_attr_setstacksize(&attributes, bytes) == 0,
            pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED)) == 0
        else { return false }
        var thread = pthread_t()
        return pthread_create(
            &thread, &attributes,
            { _ in
                DeepStack.serve()
                return nil
            }, nil) == 0
    }

    private static func serve() {
        while true {
            available.wait()
            let work = state.withLock { state in
                state.idle -= 1
                return state.waiting.removeFirst()
            }
            work.run()
            state.withLock { $0.idle += 1 }
        }
    }
}

/// POSIX's, which a thread of any kind may wait for.
private final class Semaphore: @unchecked Sendable {
    private let semaphore = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)

    init() { sem_init(semaphore, 0, 0) }
    deinit {
        sem_destroy(semaphore)
        semaphore.deallocate()
    }

    func signal() { sem_post(semaphore) }
    /// Signals of the process may end a wait early.
    func wait() { while sem_wait(semaphore) != 0 {} }
}
