import Glibc

/// Asks several processes at once over their Unix sockets, in the time of the slowest. Uses no thread.
public enum MetricsClient {
    /// Largest answer, bytes; a longer one counts as none.
    static let maximumAnswerBytes = 4 << 20

    /// What became of one question.
    public enum Answer: Sendable, Equatable {
        case answered(status: Int, body: String)
        /// Nothing listens there.
        case absent
        /// It did not answer in time, or not in HTTP.
        case silent
    }

    private struct Exchange {
        var descriptor: Int32
        var isSent = false
        var received: [UInt8] = []
        var answer: Answer?

        mutating func end(_ answer: Answer) {
            self.answer = answer
            if descriptor >= 0 { close(descriptor) }
            descriptor = -1
        }
    }

    /// One answer for each path, in their order, after at most `milliseconds`.
    public static func get(_ endpoint: MetricsEndpoint, from paths: [String], milliseconds: Int) -> [Answer] {
        let deadline = Clock.monotonic() + UInt64(milliseconds) * 1_000_000
        let request = Array("GET \(endpoint.rawValue) HTTP/1.1\r\nHost: sluice\r\nConnection: close\r\n\r\n".utf8)
        var exchanges = paths.map(connect)
        while true {
            let open = exchanges.indices.filter { exchanges[$0].answer == nil }
            let now = Clock.monotonic()
            guard !open.isEmpty, now < deadline else { break }
            var polled = open.map { index in
                pollfd(
                    fd: exchanges[index].descriptor, events: Int16(exchanges[index].isSent ? POLLIN : POLLOUT),
                    revents: 0)
            }
            let left = Int32(clamping: (deadline - now + 999_999) / 1_000_000)
            guard poll(&polled, nfds_t(polled.count), left) > 0 else { continue }
            for (slot, index) in open.enumerated() where polled[slot].revents != 0 {
                advance(&exchanges[index], request: request)
            }
        }
        for index in exchanges.indices where exchanges[index].answer == nil { exchanges[index].end(.silent) }
        return exchanges.map { $0.answer ?? .silent }
    }

    private static func connect(_ path: String) -> Exchange {
        var exchange = Exchange(descriptor: -1)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else {
            exchange.end(.absent)
            return exchange
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
        let descriptor = socket(AF_UNIX, type, 0)
        guard descriptor >= 0 else {
            exchange.end(.silent)
            return exchange
        }
        exchange.descriptor = descriptor
        let connected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        // A full backlog (EAGAIN) is a process that accepts no more.
        if connected != 0 { exchange.end(errno == ENOENT || errno == ECONNREFUSED ? .absent : .silent) }
        return exchange
    }

    private static func advance(_ exchange: inout Exchange, request: [UInt8]) {
        guard exchange.isSent else {
            // A request fits into any socket's buffer.
            let sent = send(exchange.descriptor, request, request.count, Int32(MSG_NOSIGNAL))
            if sent == request.count { exchange.isSent = true } else { exchange.end(.silent) }
            return
        }
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        let count = recv(exchange.descriptor, &buffer, buffer.count, 0)
        if count > 0 {
            exchange.received += buffer[..<count]
            if exchange.received.count > maximumAnswerBytes { exchange.end(.silent) }
        } else if count == 0 {
            exchange.end(answer(in: exchange.received))
        } else if errno != EAGAIN, errno != EINTR {
            exchange.end(.silent)
        }
    }

    /// A response that ended with its connection: status line, headers, body of Content-Length.
    static func answer(in bytes: [UInt8]) -> Answer {
        guard let end = bytes.indices.first(where: { bytes[$0...].starts(with: [13, 10, 13, 10]) }) else {
            return .silent
        }
        let lines = String(decoding: bytes[..<end], as: UTF8.self).split(separator: "\r\n")
        let start = lines.first?.split(separator: " ") ?? []
        guard start.count >= 2, start[0] == "HTTP/1.1", let status = Int(start[1]) else { return .silent }
        let lengths = lines.dropFirst().compactMap { line -> Int? in
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2, parts[0].lowercased() == "content-length" else { return nil }
            return Int(parts[1].drop { $0 == " " })
        }
        let body = bytes[(end + 4)...]
        guard lengths == [body.count] else { return .silent }
        return .answered(status: status, body: String(decoding: body, as: UTF8.self))
    }
}
