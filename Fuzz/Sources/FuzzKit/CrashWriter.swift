import Foundation

/// Keeps the input that is being tried where a signal handler can write it to a file.
public enum CrashWriter {
    private static let capacity = 256 << 10
    nonisolated(unsafe) private static let buffer = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 16)
    nonisolated(unsafe) private static var length = 0
    nonisolated(unsafe) private static var path: UnsafeMutablePointer<CChar>?

    /// Handlers run on a stack of their own: an input may have used up the other.
    static func install(folder: String, kind: String) {
        path = strdup(folder + "/crash-\(getpid()).\(kind)")
        let size = 64 << 10
        var stack = stack_t(ss_sp: malloc(size), ss_flags: 0, ss_size: size)
        sigaltstack(&stack, nil)
        for number in [SIGSEGV, SIGBUS, SIGILL, SIGABRT, SIGTRAP, SIGFPE] {
            var action = sigaction()
            action.__sigaction_handler.sa_handler = { number in CrashWriter.save(number) }
            action.sa_flags = SA_ONSTACK | Int32(bitPattern: UInt32(SA_RESETHAND))
            sigaction(number, &action, nil)
        }
    }

    static func current(_ input: [UInt8]) {
        length = min(input.count, capacity)
        input.withUnsafeBytes { bytes in
            if let base = bytes.baseAddress { buffer.copyMemory(from: base, byteCount: length) }
        }
    }

    static func write(_ input: [UInt8]) {
        current(input)
        save()
    }

    private static func save() {
        guard let path else { return }
        let file = open(path, O_CREAT | O_WRONLY | O_TRUNC, 0o644)
        _ = Glibc.write(file, buffer, length)
        close(file)
    }

    private static func save(_ number: Int32) {
        save()
        raise(number)
    }
}
