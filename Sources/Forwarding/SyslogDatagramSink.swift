import Configuration
import Glibc

/// Syslog over UDP (RFC 5426), one message a datagram. Nothing tells whether a datagram came: it counts as accepted when
/// it was sent.
final class SyslogDatagramSink: Sink {
    let batch = 100
    private let settings: SyslogSettings
    private let message: SyslogMessage
    private var socket: Int32 = -1
    private var sent = 0

    init(_ settings: SyslogSettings) {
        self.settings = settings
        message = SyslogMessage(settings)
    }

    deinit { reset() }

    func send(_ events: [ForwardedEvent]) throws(ForwardError) {
        if socket < 0 { socket = try connected() }
        for event in events {
            let bytes = message.bytes(event)
            guard Glibc.send(socket, bytes, bytes.count, 0) == bytes.count else {
                throw ForwardError(
                    .connection, "\(settings.host):\(settings.port): \(String(cString: strerror(errno)))")
            }
        }
        sent += 1
    }

    func accepted() -> Int {
        defer { sent = 0 }
        return sent
    }

    func reset() {
        if socket >= 0 { close(socket) }
        socket = -1
        sent = 0
    }

    private func connected() throws(ForwardError) -> Int32 {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_DGRAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(settings.host, "\(settings.port)", &hints, &found)
        defer { if let found { freeaddrinfo(found) } }
        guard code == 0 else {
            throw ForwardError(.connection, "\(settings.host): \(String(cString: gai_strerror(code)))")
        }
        var next = found
        while let address = next {
            next = address.pointee.ai_next
            let kind = Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
            let socket = Glibc.socket(address.pointee.ai_family, kind, 0)
            guard socket >= 0 else { continue }
            if connect(socket, address.pointee.ai_addr, address.pointee.ai_addrlen) == 0 { return socket }
            close(socket)
        }
        throw ForwardError(.connection, "\(settings.host):\(settings.port): \(String(cString: strerror(errno)))")
    }
}
