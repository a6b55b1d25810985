import Glibc

/// The datagram socket on which stages say that they are ready.
struct NotifySocket {
    let descriptor: Int32
    private let path: String

    init(path: String) throws(SupervisorError) {
        let bytes = Array(path.utf8)
        var address = sockaddr_un()
        guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else {
            throw SupervisorError("socket path \(path) is too long")
        }
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let type = Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
        descriptor = socket(AF_UNIX, type, 0)
        guard descriptor >= 0 else { throw .system("make a socket") }
        self.path = path
        unlink(path)
        let file = descriptor
        let bound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(file, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard bound == 0 else {
            let code = errno
            Glibc.close(descriptor)
            throw .system("listen on \(path)", code: code)
        }
    }

    /// The messages that wait, at most 64 at a time; malformed ones are dropped.
    func receive() -> [Notification] {
        var result: [Notification] = []
        var buffer = [UInt8](repeating: 0, count: Notification.maximumSize + 1)
        for _ in 0..<64 {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            guard count >= 0 else { break }
            if let notification = Notification(parsing: buffer[..<count]) { result.append(notification) }
        }
        return result
    }

    func close() {
        Glibc.close(descriptor)
        unlink(path)
    }
}
