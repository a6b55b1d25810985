import Glibc

/// Why the stages cannot run here, with what to do about it.
public struct SupervisorError: Error, Sendable, Equatable, CustomStringConvertible {
    public let message: String
    public var description: String { message }

    init(_ message: String) { self.message = message }

    /// The last system call failed: `cannot ACTION: reason`.
    static func system(_ action: String, code: Int32 = errno) -> SupervisorError {
        SupervisorError("cannot \(action): \(String(cString: strerror(code)))")
    }
}
