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

    /// Cancels the session that both the id and the key belong to; a wrong key is silently ignored, as in PostgreSQL.
    /// False when no session here has the id: another ingress may have it.
    @discardableResult
    func cancel(processID: Int32, key: [UInt8]) -> Bool {
        guard let entry = entries.withLock({ $0[processID] }) else { return false }
        if ConstantTime.equal(entry.key, key) { entry.cancel() }
        return true
    }

    /// The same request as one secret: what one ingress tells another. The id comes first, big-endian.
    static func forwarded(processID: Int32, key: [UInt8]) -> [UInt8] {
        withUnsafeBytes(of: processID.bigEndian) { Array($0) } + key
    }

    /// Another ingress did not know the session. What is malformed is ignored like a wrong key.
    func cancel(forwarded secret: [UInt8]) {
        guard secret.count > 4 else { return }
        let processID = secret.prefix(4).reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        cancel(processID: Int32(bitPattern: processID), key: Array(secret.dropFirst(4)))
    }
}
