import Bus
import CCurl
import Configuration
import Glibc

/// Syslog over TLS (RFC 5425) or TCP, with octet counting. Neither acknowledges: a message counts as accepted when the
/// receiver's kernel has it, and the connection then stood for ``settle`` or took ``surelyRead`` more. Until then it is
/// sent again after a failure.
final class SyslogStreamSink: Sink {
    /// How long a connection must stand after what was sent, nanoseconds.
    static let settle: UInt64 = 5_000_000_000
    /// More than a receiver's kernel keeps of one connection (tcp_rmem's maximum is 6 MiB): what came before this was read.
    static let surelyRead: UInt64 = 16 << 20
    /// Bytes sent and not accepted: room for what is surely read, and a batch.
    static let maximumUnaccepted: UInt64 = 24 << 20
    /// Longest time to connect, and to send one batch, seconds.
    static let patience = 15

    private struct Sent {
        /// Where the batch ends, bytes from the connection's beginning.
        let end: UInt64
        /// When all of it was with the receiver's kernel; nil: not yet.
        var arrived: UInt64?
    }

    private struct Connection {
        let handle: CurlHandle
        let socket: Int32
        var written: UInt64 = 0
        var batches: [Sent] = []
        var isFinishing = false
    }

    let batch = 200
    private let settings: SyslogSettings
    private let message: SyslogMessage
    private var connection: Connection?

    init(_ settings: SyslogSettings) throws(ForwardError) {
        for path in [settings.certificateAuthority, settings.certificate].compactMap({ $0 }) {
            guard access(path, R_OK) == 0 else {
                throw ForwardError(.settings, "\(path): \(String(cString: strerror(errno)))")
            }
        }
        self.settings = settings
        message = SyslogMessage(settings)
    }

    var takesMore: Bool {
        guard let connection else { return true }
        guard !connection.isFinishing else { return false }
        let first = connection.batches.first?.end ?? connection.written
        return connection.written - first < Self.maximumUnaccepted
    }

    func send(_ events: [ForwardedEvent]) throws(ForwardError) {
        var connection: Connection
        if let open = self.connection { connection = open } else { connection = try connect() }
        var frames: [UInt8] = []
        for event in events {
            let bytes = message.bytes(event)
            frames += Array("\(bytes.count) ".utf8) + bytes
        }
        try Self.write(frames, connection)
        connection.written += UInt64(frames.count)
        connection.batches.append(Sent(end: connection.written, arrived: nil))
        self.connection = connection
    }

    func accepted() throws(ForwardError) -> Int {
        guard var connection else { return 0 }
        let isOver = try Self.isOver(connection)
        guard !isOver || connection.isFinishing else {
            throw ForwardError(.connection, "the receiver closed the connection")
        }
        var queued: Int32 = 0
        guard ioctl(connection.socket, UInt(TIOCOUTQ), &queued) == 0 else {
            throw ForwardError(.connection, "the connection is lost: \(String(cString: strerror(errno)))")
        }
        let now = monotonicNanoseconds()
        let arrived = connection.written - min(connection.written, UInt64(max(0, queued)))
        // A receiver that closes its side after ours has read everything.
        let isReadToTheEnd = isOver && queued == 0
        var count = 0
        for index in connection.batches.indices {
            if connection.batches[index].end <= arrived, connection.batches[index].arrived == nil {
                connection.batches[index].arrived = now
            }
            guard let since = connection.batches[index].arrived else { break }
            let isSettled =
                now - since >= Self.settle || arrived - connection.batches[index].end >= Self.surelyRead
                || isReadToTheEnd
            guard isSettled, count == index else { continue }
            count += 1
        }
        connection.batches.removeFirst(count)
        self.connection = isOver ? nil : connection
        return count
    }

    func reset() { connection = nil }

    /// Closes our side: the receiver closes its own when it has read what came. Within TLS that would look like an attack
    /// (RFC 8446, section 6.1): there the time is waited for.
    func finish() throws(ForwardError) {
        guard settings.transport == .tcp, connection?.isFinishing == false, let socket = connection?.socket else {
            return
        }
        guard shutdown(socket, Int32(SHUT_WR)) == 0 else {
            throw ForwardError(.connection, "the connection is lost: \(String(cString: strerror(errno)))")
        }
        connection?.isFinishing = true
    }

    // MARK: - Connection

    private func connect() throws(ForwardError) -> Connection {
        let handle = try CurlHandle()
        let scheme = settings.transport == .tls ? "https" : "http"
        let host = settings.host.contains(":") ? "[\(settings.host)]" : settings.host
        try handle.set(CURLOPT_URL, "\(scheme)://\(host):\(settings.port)")
        try handle.set(CURLOPT_CONNECT_ONLY, 1)
        try handle.set(CURLOPT_PROXY, "")
        try handle.set(CURLOPT_SSL_ENABLE_ALPN, 0)
        try handle.set(CURLOPT_CONNECTTIMEOUT, Self.patience)
        if let path = settings.certificateAuthority { try handle.set(CURLOPT_CAINFO, path) }
        if let path = settings.certificate {
            try handle.set(CURLOPT_SSLCERT, path)
            try handle.set(CURLOPT_SSLKEY, path)
        }
        let code = curl_easy_perform(handle.pointer)
        guard code == CURLE_OK else {
            throw ForwardError(
                .connection, "\(settings.host):\(settings.port): \(CurlHandle.failure(code).description)")
        }
        var socket: curl_socket_t = -1
        try handle.check(sluice_curl_get_socket(handle.pointer, &socket))
        return Connection(handle: handle, socket: socket)
    }

    private static func write(_ bytes: [UInt8], _ connection: Connection) throws(ForwardError) {
        let end = monotonicNanoseconds() + UInt64(patience) * 1_000_000_000
        var place = 0
        while place < bytes.count {
            var count = 0
            let code = bytes.withUnsafeBytes { raw in
                curl_easy_send(
                    connection.handle.pointer, raw.baseAddress?.advanced(by: place), raw.count - place, &count)
            }
            switch code {
            case CURLE_OK: place += count
            case CURLE_AGAIN:
                guard monotonicNanoseconds() < end else {
                    throw ForwardError(.connection, "the receiver takes nothing")
                }
                var waiting = pollfd(fd: connection.socket, events: Int16(POLLOUT), revents: 0)
                _ = poll(&waiting, 1, 200)
            default: throw CurlHandle.failure(code)
            }
        }
    }

    /// Whether the receiver has closed its side. What it says is dropped.
    private static func isOver(_ connection: Connection) throws(ForwardError) -> Bool {
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            var count = 0
            let code = curl_easy_recv(connection.handle.pointer, &buffer, buffer.count, &count)
            switch code {
            case CURLE_AGAIN: return false
            case CURLE_OK where count > 0: continue
            case CURLE_OK: return true
            case CURLE_RECV_ERROR where connection.isFinishing:
                throw ForwardError(.connection, "the connection was cut")
            default: throw CurlHandle.failure(code)
            }
        }
    }
}
