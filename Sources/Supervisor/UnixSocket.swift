import Glibc

/// Stream and datagram sockets in the file system.
enum UnixSocket {
    /// The path's address; throws when it is too long for one (unix(7): 107 bytes and a NUL).
    static func address(_ path: String) throws(SupervisorError) -> sockaddr_un {
        let bytes = Array(path.utf8)
        var address = sockaddr_un()
        guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else {
            throw SupervisorError("socket path \(path) is too long")
        }
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        return address
    }

    /// A new socket that closes on exec.
    static func make(_ type: __socket_type, blocking: Bool) throws(SupervisorError) -> Int32 {
        let flags = Int32(SOCK_CLOEXEC.rawValue) | (blocking ? 0 : Int32(SOCK_NONBLOCK.rawValue))
        let descriptor = socket(AF_UNIX, Int32(type.rawValue) | flags, 0)
        guard descriptor >= 0 else { throw .system("make a socket") }
        return descriptor
    }

    /// A socket bound to `path`, whatever stood there before. The umask decides who may use it.
    static func bound(_ type: __socket_type, to path: String) throws(SupervisorError) -> Int32 {
        var address = try address(path)
        let descriptor = try make(type, blocking: false)
        unlink(path)
        guard withAddress(&address, { bind(descriptor, $0, $1) }) == 0 else {
            let code = errno
            close(descriptor)
            throw .system("listen on \(path)", code: code)
        }
        return descriptor
    }

    /// A blocking stream to whoever listens on `path`; nil when nobody does.
    static func connected(to path: String) throws(SupervisorError) -> Int32? {
        var address = try address(path)
        let descriptor = try make(SOCK_STREAM, blocking: true)
        guard withAddress(&address, { connect(descriptor, $0, $1) }) == 0 else {
            let code = errno
            close(descriptor)
            guard code == ENOENT || code == ECONNREFUSED else { throw .system("connect to \(path)", code: code) }
            return nil
        }
        return descriptor
    }

    /// `struct ucred` of unix(7), which glibc declares for GNU sources only.
    private struct Credentials {
        var pid: pid_t = 0
        var uid: uid_t = 0
        var gid: gid_t = 0
    }

    /// The user of the process that connected `descriptor`.
    static func peer(of descriptor: Int32) -> uid_t? {
        var credentials = Credentials()
        var size = socklen_t(MemoryLayout<Credentials>.size)
        guard getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &credentials, &size) == 0 else { return nil }
        return credentials.uid
    }

    private static func withAddress(
        _ address: inout sockaddr_un, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) -> Int32 {
        withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }
}
