import CZeroMQ
import Foundation
import Glibc

/// A bus of its own in a temporary folder, with the inboxes of those that the kit plays. Removed with the value.
final class Workspace {
    /// Name of the stage under test, on the bus and in its decisions.
    static let stage = "under-test"
    static let replica = "0"
    /// Stops that the kit plays, behind the stage.
    static let ingress = "ingress"
    static let next = "next-stop"
    static let approver = "approver"

    let folder: String
    let context: UnsafeMutableRawPointer
    let key: [UInt8]
    let inboxes: [String: RawSocket]
    /// Outside the bus directory: nothing may come here.
    let outside: RawSocket
    let notify: Int32

    var bus: String { folder + "/bus" }
    var inbox: String { "\(bus)/\(Self.stage)/\(Self.replica)" }
    var keyFile: String { folder + "/key" }
    var notifyPath: String { folder + "/notify" }
    var outsideEndpoint: String { "ipc://\(folder)/outside" }
    var replyTo: String { "ipc://\(bus)/\(Self.ingress)/0" }

    init() throws {
        var template = Array("/tmp/sluice-stage-XXXXXX\0".utf8.map { CChar(bitPattern: $0) })
        guard mkdtemp(&template) != nil, let context = zmq_ctx_new() else {
            throw ConformanceError("cannot make a temporary folder: \(String(cString: strerror(errno)))")
        }
        let folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        self.folder = folder
        self.context = context
        for name in ["/bus", "/state", "/bus/\(Self.stage)"] { try Self.make(folder + name) }
        var inboxes: [String: RawSocket] = [:]
        for stop in [Self.ingress, Self.next, Self.approver] {
            try Self.make("\(folder)/bus/\(stop)")
            inboxes[stop] = try RawSocket.inbox(context, "ipc://\(folder)/bus/\(stop)/0")
        }
        self.inboxes = inboxes
        outside = try RawSocket.inbox(context, "ipc://\(folder)/outside")
        var generator = SystemRandomNumberGenerator()
        key = (0..<32).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
        guard
            FileManager.default.createFile(
                atPath: folder + "/key", contents: Data(key), attributes: [.posixPermissions: 0o600])
        else { throw ConformanceError("cannot write \(folder)/key") }
        notify = try Self.notifySocket(folder + "/notify")
    }

    /// Closes what is open and removes the folder. Sockets must be gone by then.
    func remove() throws {
        close(notify)
        try FileManager.default.removeItem(atPath: folder)
    }

    private static func make(_ path: String) throws {
        guard mkdir(path, 0o700) == 0 else {
            throw ConformanceError("cannot make \(path): \(String(cString: strerror(errno)))")
        }
    }

    private static func notifySocket(_ path: String) throws -> Int32 {
        let type = Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
        let descriptor = socket(AF_UNIX, type, 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
        let bound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard descriptor >= 0, bound == 0 else { throw ConformanceError("cannot bind \(path)") }
        return descriptor
    }

    /// The notifications that are here (sd_notify(3)).
    func notifications() -> [String] {
        var result: [String] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = recv(notify, &buffer, buffer.count, 0)
            guard count >= 0 else { return result }
            result.append(String(decoding: buffer[..<count], as: UTF8.self))
        }
    }
}
