import Glibc

/// SIGUSR2: another ingress accepts now. This one accepts no more and goes on with the connections it has.
enum HandoverSignal {
    // Written by the signal handler, so plain lock-free memory.
    nonisolated(unsafe) private static let flag = {
        let flag = UnsafeMutablePointer<sig_atomic_t>.allocate(capacity: 1)
        flag.initialize(to: 0)
        return flag
    }()

    static var hasCome: Bool { flag.pointee != 0 }

    static func install() {
        _ = flag
        var action = sigaction()
        action.__sigaction_handler.sa_handler = { _ in HandoverSignal.flag.pointee = 1 }
        sigaction(SIGUSR2, &action, nil)
    }
}
