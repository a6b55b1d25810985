import Configuration
import Glibc

/// A TCP socket that clients connect to. The supervisor holds it for as long as it runs and hands it to Ingress, so
/// that no connection is refused while one Ingress takes over from another, or after one died.
struct ListeningSocket {
    /// Connections that wait to be accepted; the kernel may allow fewer (net.core.somaxconn).
    static let backlog: Int32 = 4096

    let descriptor: Int32
    /// The protocol: Ingress finds the socket by it (LISTEN_FDNAMES).
    let name: String

    init(_ listener: Listener) throws(SupervisorError) {
        let action = "listen on \(listener.description)"
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV
        var found: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(listener.host, "\(listener.port)", &hints, &found)
        guard code == 0, let address = found else {
            throw SupervisorError("cannot \(action): \(String(cString: gai_strerror(code)))")
        }
        defer { freeaddrinfo(found) }
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
        descriptor = socket(address.pointee.ai_family, type, 0)
        name = listener.protocolName
        guard descriptor >= 0 else { throw .system(action) }
        var on: Int32 = 1
        guard setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<Int32>.size)) == 0,
            bind(descriptor, address.pointee.ai_addr, address.pointee.ai_addrlen) == 0,
            listen(descriptor, Self.backlog) == 0
        else {
            let code = errno
            close(descriptor)
            throw .system(action, code: code)
        }
    }
}
