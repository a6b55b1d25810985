import Synchronization

/// A server's process, another one after a restart.
final class SharedChild: Sendable {
    private let child: Mutex<Child>

    init(_ child: Child) { self.child = Mutex(child) }

    var current: Child {
        get { child.withLock { $0 } }
        set { child.withLock { $0 = newValue } }
    }
}
