import Configuration
import Foundation
import Glibc

/// The other end of ``ControlSocket``: what `sluice scale` and `sluice restart` use.
public enum ControlClient {
    /// Longest line of an answer, in bytes.
    static let maximumLineBytes = 64 * 1024

    /// Asks the supervisor and hands over each line of its answer; returns the last one. Throws when no supervisor
    /// runs, or it ended before it answered.
    public static func ask(
        _ request: ControlRequest, _ state: StateDirectory, progress: (ControlAnswer) -> Void
    ) throws -> ControlAnswer {
        guard let descriptor = try UnixSocket.connected(to: state.controlSocket) else {
            throw SupervisorError("nothing runs with \(state.root): start it with sluice up")
        }
        defer { close(descriptor) }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.withoutEscapingSlashes]
        try write([UInt8](encoder.encode(request)) + [0x0a], to: descriptor)
        var pending: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            while let end = pending.firstIndex(of: 0x0a) {
                let answer = try JSONDecoder().decode(ControlAnswer.self, from: Data(pending[..<end]))
                pending.removeSubrange(...end)
                if answer.event.isLast { return answer }
                progress(answer)
            }
            let count = read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0, pending.count <= maximumLineBytes else {
                throw SupervisorError("the supervisor went away before it was done: see its log and sluice status")
            }
            pending += buffer[..<count]
        }
    }

    private static func write(_ bytes: [UInt8], to descriptor: Int32) throws(SupervisorError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw .system("ask the supervisor") }
            rest = rest.dropFirst(count)
        }
    }
}
