import Glibc

/// The datagram socket on which stages say that they are ready.
struct NotifySocket {
    let descriptor: Int32
    private let path: String

    init(path: String) throws(SupervisorError) {
        descriptor = try UnixSocket.bound(SOCK_DGRAM, to: path)
        self.path = path
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
