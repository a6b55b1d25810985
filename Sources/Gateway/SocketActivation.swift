import Bus
import Foundation
import Glibc

/// Listening sockets that whoever started this process has bound: sd_listen_fds(3).
///
/// One exception: `sluice up` cannot know a child's number before it runs and leaves `LISTEN_PID` out. Then the sockets
/// are ours only if there is a lifeline, which no other process inherits.
public struct SocketActivation: Sendable, Equatable {
    /// SD_LISTEN_FDS_START.
    static let firstDescriptor: CInt = 3
    static let maximumSockets = 64

    /// What each socket is called (`FileDescriptorName=` in a .socket unit), in order.
    let sockets: [(descriptor: CInt, name: String)]

    public static func == (a: Self, b: Self) -> Bool {
        a.sockets.elementsEqual(b.sockets) { $0.descriptor == $1.descriptor && $0.name == $1.name }
    }

    /// Reads the environment; no sockets when they are meant for another process.
    public init(environment: [String: String], pid: Int32 = getpid()) throws(BusError) {
        guard let text = environment["LISTEN_FDS"], Self.isMeant(environment, pid: pid) else {
            sockets = []
            return
        }
        guard let count = Int(text), (0...Self.maximumSockets).contains(count) else {
            throw BusError(.environment, "LISTEN_FDS is no number from 0 to \(Self.maximumSockets)")
        }
        let names = (environment["LISTEN_FDNAMES"] ?? "").split(separator: ":", omittingEmptySubsequences: false)
        sockets = (0..<count).map { index in
            (Self.firstDescriptor + CInt(index), index < names.count ? String(names[index]) : "")
        }
    }

    private static func isMeant(_ environment: [String: String], pid: Int32) -> Bool {
        guard let owner = environment["LISTEN_PID"] else { return environment["SLUICE_LIFELINE_FD"] != nil }
        return Int32(owner) == pid
    }

    /// The sockets for a protocol's listener: those of its name, or all of them when it is the only listener. Throws
    /// when one is no listening TCP socket, or when there are sockets but none for this protocol.
    public func sockets(for protocolName: String, isOnlyListener: Bool) throws(BusError) -> [CInt] {
        var matching = sockets.filter { $0.name == protocolName }
        if matching.isEmpty, isOnlyListener { matching = sockets }
        guard !matching.isEmpty || sockets.isEmpty else {
            throw BusError(
                .environment,
                "no socket for \(protocolName): add FileDescriptorName=\(protocolName) to its .socket unit")
        }
        for socket in matching where !Self.isListening(socket.descriptor) {
            throw BusError(.environment, "descriptor \(socket.descriptor) is no listening TCP socket")
        }
        return matching.map(\.descriptor)
    }

    private static func isListening(_ descriptor: CInt) -> Bool {
        func option(_ name: CInt) -> CInt? {
            var value: CInt = 0
            var size = socklen_t(MemoryLayout<CInt>.size)
            return getsockopt(descriptor, SOL_SOCKET, name, &value, &size) == 0 ? value : nil
        }
        guard let domain = option(SO_DOMAIN), domain == AF_INET || domain == AF_INET6 else { return false }
        return option(SO_TYPE) == CInt(SOCK_STREAM.rawValue) && option(SO_ACCEPTCONN) == 1
            && fcntl(descriptor, F_SETFD, FD_CLOEXEC) == 0
    }
}
