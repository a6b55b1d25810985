import Identity
import NIOCore
import Synchronization

/// Sessions by the process id that their clients were told. A CancelRequest reaches its own session only.
final class CancelRegistry: Sendable {
    struct Handle: Sendable {
        let processID: Int32
        let key: [UInt8]
    }

    private struct Entry {
        let key: [UInt8]
        let cancel: @Sendable () -> Void
    }
    private let entries = Mutex<[Int32: Entry]>([:])

    /// Registers a session. `keyLength`: 4 in protocol 3.0, up to 256 in 3.2. `cancel` may be called on any thread.
    func register(keyLength: Int, cancel: @escaping @Sendable () -> Void) -> Handle {
        let key = SecureRandom.bytes(keyLength)
        return entries.withLock { entries in
            var processID: Int32
            repeat {
                processID = Int32.random(in: 1...Int32.max)
            } while entries[processID] != nil
            entries[processID] = Entry(key: key, cancel: cancel)
            return Handle(processID: processID, key: key)
        }
    }

    func unregister(_ handle: Handle) {
        entries.withLock { _ = $0.removeValue(forKey: handle.processID) }
    }

    /// Cancels the session that both the id and the key belong to; anything else is silently ignored, as in PostgreSQL.
    func cancel(processID: Int32, key: [UInt8]) {
        let entry = entries.withLock { $0[processID] }
        guard let entry, ConstantTime.equal(entry.key, key) else { return }
        entry.cancel()
    }
}
