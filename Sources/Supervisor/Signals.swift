import Foundation
import Glibc
import Synchronization

/// The writing end of the pipe that signal handlers write to.
private let signalWriter = Atomic<Int32>(-1)

/// Turns signals into bytes on a pipe, so that one poll(2) waits for everything.
struct Signals {
    let reader: Int32

    /// Call it on the main thread before there are others, which take over its mask.
    init() throws(SupervisorError) {
        let pipe = try PipeEnds(blocking: false)
        guard fcntl(pipe.writer, F_SETFL, O_NONBLOCK) == 0 else { throw .system("make a pipe") }
        reader = pipe.reader
        signalWriter.store(pipe.writer, ordering: .sequentiallyConsistent)
        for number in [SIGTERM, SIGINT, SIGCHLD] {
            var action = sigaction()
            action.__sigaction_handler.sa_handler = { number in
                let saved = errno
                var byte = UInt8(truncatingIfNeeded: number)
                _ = write(signalWriter.load(ordering: .relaxed), &byte, 1)
                errno = saved
            }
            action.sa_flags = SA_RESTART
            guard sigaction(number, &action, nil) == 0 else { throw .system("watch for signals") }
        }
        _ = signal(SIGPIPE, SIG_IGN)
        watchHangup()
    }

    /// Children begin with SIGHUP ignored, which they can only take over from us. Nothing is lost by that: while every
    /// thread blocks the signal Linux keeps it, ignored or not (kernel/signal.c, sig_ignored), for the thread that waits.
    private func watchHangup() {
        var hangup = sigset_t()
        sigemptyset(&hangup)
        sigaddset(&hangup, SIGHUP)
        pthread_sigmask(SIG_BLOCK, &hangup, nil)
        _ = signal(SIGHUP, SIG_IGN)
        Thread.detachNewThread { [hangup] in
            var hangup = hangup
            var number: Int32 = 0
            while sigwait(&hangup, &number) == 0 {
                var byte = UInt8(truncatingIfNeeded: number)
                _ = write(signalWriter.load(ordering: .relaxed), &byte, 1)
            }
        }
    }

    /// Signals that came since the last call.
    func receive() -> [Int32] {
        var buffer = [UInt8](repeating: 0, count: 256)
        var result: [Int32] = []
        while true {
            let count = read(reader, &buffer, buffer.count)
            guard count > 0 else { return result }
            result += buffer[..<count].map { Int32($0) }
        }
    }
}
