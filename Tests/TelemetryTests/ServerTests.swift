import Foundation
import NIOCore
import NIOPosix
import Testing

@testable import Telemetry

/// The server as its clients meet it: over real sockets.
@Suite("Metrics server")
struct ServerTests {
    private static func withServer(
        waits: Bool = false, _ respond: @escaping MetricsServer.Respond = { _ in .verdict(nil) },
        _ body: (String) throws -> Void
    ) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
            "sluice-\(UUID().uuidString.prefix(8))"
        ).path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
        let server = MetricsServer(waits: waits, respond: respond)
        try server.listen(path: folder + "/masker.0")
        try body(folder + "/masker.0")
        try server.close()
        #expect(!FileManager.default.fileExists(atPath: folder + "/masker.0"))
        try FileManager.default.removeItem(atPath: folder)
    }

    /// Sends `request` and returns everything until the server closes, within its ``MetricsServer/lifetime`` and a bit.
    private static func exchange(_ path: String, _ request: [UInt8]) throws -> String {
        let socket = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(socket) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
        let connected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(socket, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        try #require(connected == 0)
        return try exchange(socket, request)
    }

    private static func exchange(_ socket: Int32, _ request: [UInt8]) throws -> String {
        // The server may answer and close before it has read everything.
        _ = request.withUnsafeBytes { send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
        var time = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
        var received: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = recv(socket, &buffer, buffer.count, 0)
            guard count > 0 else {
                #expect(count == 0 || errno == ECONNRESET, "the server keeps the connection open")
                break
            }
            received += buffer[..<count]
        }
        return String(decoding: received, as: UTF8.self)
    }

    private static func get(_ line: String) -> [UInt8] { Array("\(line)\r\nHost: x\r\n\r\n".utf8) }

    @Test func answersEachEndpoint() throws {
        try Self.withServer({ MetricsResponse(status: 200, body: "this is \($0.rawValue)\n") }) { path in
            for endpoint in MetricsEndpoint.allCases {
                #expect(
                    MetricsClient.get(endpoint, from: [path], milliseconds: 5000)
                        == [.answered(status: 200, body: "this is \(endpoint.rawValue)\n")])
            }
            let asked = try Self.exchange(path, Self.get("GET /status?x=1 HTTP/1.1"))
            #expect(asked.hasPrefix("HTTP/1.1 200 OK\r\n") && asked.hasSuffix("this is /status\n"))
            let head = try Self.exchange(path, Self.get("HEAD /status HTTP/1.1"))
            #expect(head.contains("Content-Length: 16\r\n") && head.hasSuffix("\r\n\r\n"))
        }
    }

    static let hostile: [(request: String, status: String)] = [
        ("POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc", "413"),
        ("POST /metrics HTTP/1.1\r\nHost: x\r\n\r\n", "405"),
        ("DELETE /status HTTP/1.1\r\nHost: x\r\n\r\n", "405"),
        ("GET / HTTP/1.1\r\nHost: x\r\n\r\n", "404"),
        ("GET /metrics/../../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n", "404"),
        ("GET http://other/metrics HTTP/1.1\r\nHost: x\r\n\r\n", "404"),
        ("\u{0}\u{1}\u{2}\r\n\r\n", "400"),
        ("SSH-2.0-x\r\n", "400"),
        ("GET /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", "400"),
        ("GET /metrics HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFF\r\n", "400"),
        ("GET /metrics HTTP/1.1\r\n" + String(repeating: "A: b\r\n", count: 65), "400"),
        ("GET /" + String(repeating: "a", count: 10_000), "431"),
        ("GET /metrics HTTP/1.1\r\nX: " + String(repeating: "a", count: 1 << 20), "431"),
    ]

    @Test(arguments: hostile.indices)
    func refusesWhatIsNoRequestForIt(_ index: Int) throws {
        let (request, status) = Self.hostile[index]
        try Self.withServer { path in
            let answer = try Self.exchange(path, Array(request.utf8))
            // The kernel drops an answer that is not read when unread bytes are left: the connection is over in any case.
            #expect(answer.hasPrefix("HTTP/1.1 \(status) ") || answer.isEmpty && status == "431", "\(answer)")
            #expect(
                MetricsClient.get(.health, from: [path], milliseconds: 5000) == [.answered(status: 200, body: "ok\n")])
        }
    }

    @Test func aSecondRequestOnOneConnectionIsNotAnswered() throws {
        try Self.withServer { path in
            let two = Self.get("GET /healthz HTTP/1.1") + Self.get("GET /healthz HTTP/1.1")
            let answer = try Self.exchange(path, two)
            #expect(answer.components(separatedBy: "HTTP/1.1 200").count == 2)
        }
    }

    @Test func silentConnectionsEndAndTooManyAreClosed() throws {
        try Self.withServer { path in
            var sockets: [Int32] = []
            defer { for socket in sockets { close(socket) } }
            for _ in 0..<(MetricsServer.maximumConnections + 20) {
                let socket = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
                var address = sockaddr_un()
                address.sun_family = sa_family_t(AF_UNIX)
                withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
                _ = withUnsafePointer(to: &address) { pointer in
                    pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                        connect(socket, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
                    }
                }
                sockets.append(socket)
            }
            // Those above the bound are closed at once, the others when their time is over; then it answers again.
            for socket in sockets {
                var time = timeval(tv_sec: 20, tv_usec: 0)
                setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
                var byte: UInt8 = 0
                #expect(recv(socket, &byte, 1, 0) <= 0 && errno != EAGAIN)
                errno = 0
            }
            #expect(
                MetricsClient.get(.health, from: [path], milliseconds: 5000) == [.answered(status: 200, body: "ok\n")])
        }
    }

    @Test func asksManyAtOnceAndTellsWhoIsSilent() throws {
        try Self.withServer { path in
            // Nobody accepts here.
            let mute = path + ".mute"
            let socket = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
            defer {
                close(socket)
                unlink(mute)
            }
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(mute.utf8)) }
            let bound = withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(socket, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
                }
            }
            try #require(bound == 0 && listen(socket, 4) == 0)
            let answers = MetricsClient.get(
                .health, from: [path, path + ".none", mute, String(repeating: "x", count: 200), path], milliseconds: 300
            )
            let fine = MetricsClient.Answer.answered(status: 200, body: "ok\n")
            #expect(answers == [fine, .absent, .silent, .absent, fine])
        }
    }

    @Test func respondersThatWaitDoNotKeepTheServerFromAccepting() throws {
        try Self.withServer(waits: true, { MetricsResponse(status: 200, body: $0.rawValue) }) { path in
            let answers = MetricsClient.get(.metrics, from: [path, path, path], milliseconds: 5000)
            #expect(answers == Array(repeating: .answered(status: 200, body: "/metrics"), count: 3))
        }
    }

    @Test func requestsBehindTheFirstMakeNoWork() throws {
        let asked = Counter()
        try Self.withServer(
            waits: true,
            {
                asked.add(1)
                return MetricsResponse(status: 200, body: $0.rawValue)
            }
        ) { path in
            let many = (0..<100).flatMap { _ in Self.get("GET /metrics HTTP/1.1") }
            let answer = try Self.exchange(path, many)
            #expect(answer.components(separatedBy: "HTTP/1.1 200").count <= 2)
            // The pool has one thread: what was queued before this is over.
            #expect(
                MetricsClient.get(.metrics, from: [path], milliseconds: 5000)
                    == [.answered(status: 200, body: "/metrics")])
            #expect(asked.value == 2)
        }
    }

    @Test func healthIsToldWhileTheThreadWaits() throws {
        let release = DispatchSemaphore(value: 0)
        try Self.withServer(
            waits: true,
            { endpoint in
                if endpoint == .metrics { release.wait() }
                return MetricsResponse(status: 200, body: endpoint.rawValue)
            }
        ) { path in
            #expect(MetricsClient.get(.metrics, from: [path], milliseconds: 100) == [.silent])
            #expect(
                MetricsClient.get(.health, from: [path], milliseconds: 4000)
                    == [.answered(status: 200, body: "/healthz")])
            release.signal()
        }
    }

    @Test func servesOnTCPToo() throws {
        let server = MetricsServer { _ in .verdict("stuck") }
        let port = try server.listen(host: "127.0.0.1", port: 0)
        #expect(port > 0)
        #expect(throws: (any Error).self) { try server.listen(host: "127.0.0.1", port: port) }
        try server.close()
    }

    @Test func aLoopbackAddressAnswersToLoopbackNamesOnly() throws {
        let server = MetricsServer { _ in .verdict(nil) }
        let port = try server.listen(host: "127.0.0.1", port: 0)
        let open = try server.listen(host: "0.0.0.0", port: 0)
        defer { #expect(throws: Never.self) { try server.close() } }
        func status(_ port: Int, _ hosts: [String]) throws -> String {
            let fields = hosts.map { "Host: \($0)\r\n" }.joined()
            let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = UInt16(port).bigEndian
            address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
            let connected = withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
            defer { close(descriptor) }
            try #require(connected == 0)
            let answer = try Self.exchange(descriptor, Array("GET /healthz HTTP/1.1\r\n\(fields)\r\n".utf8))
            return String(answer.dropFirst("HTTP/1.1 ".count).prefix(3))
        }
        for host in ["localhost", "localhost:\(port)", "LOCALHOST", "127.0.0.1:\(port)", "127.9.8.7", "[::1]:1"] {
            #expect(try status(port, [host]) == "200", "\(host)")
        }
        #expect(try status(port, []) == "200")
        let foreign = [
            "evil.example", "evil.example:\(port)", "localhost.evil.example", "127.0.0.1.evil.example", "127.0.0.1:x",
            "[::2]", "[::1]x", "[::1", "128.0.0.1", "", "127.0.0.1@evil", "127.0.0.", "::1",
        ]
        for host in foreign { #expect(try status(port, [host]) == "403", "\(host)") }
        #expect(try status(port, ["localhost", "evil.example"]) == "403")
        #expect(try status(open, ["evil.example"]) == "200")
    }

    static let answers = [
        "", "HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab", "220 ready\r\n\r\n",
        "HTTP/1.1 x OK\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na",
    ]

    @Test(arguments: answers)
    func aBrokenAnswerIsNone(_ text: String) { #expect(MetricsClient.answer(in: Array(text.utf8)) == .silent) }
}
