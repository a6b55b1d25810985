import Configuration
import Foundation
import Glibc
import Testing

@testable import Supervisor

@Suite("Control requests")
struct ControlRequestTests {
    private func decode(_ text: String) throws -> Fleet.Command { try ControlRequest.decode(Array(text.utf8)) }

    @Test func readsWhatTheCommandsWrite() throws {
        func round(_ request: ControlRequest) throws -> Fleet.Command {
            try ControlRequest.decode([UInt8](JSONEncoder().encode(request)))
        }
        #expect(try round(.scale("masker", to: 3)) == .scale(stage: "masker", replicas: 3))
        #expect(
            try round(.restart(["masker", "ingress"], programs: "/opt"))
                == .restart(stages: ["masker", "ingress"], programs: "/opt"))
        #expect(try round(.restart([], programs: nil)) == .restart(stages: nil, programs: nil))
    }

    @Test(arguments: [
        "", "{}", "[]", "null", "\u{0}", "{\"verb\":\"stop\",\"stages\":[]}", "{\"verb\":\"scale\",\"stages\":[]}",
        "{\"verb\":\"scale\",\"stages\":[\"a\",\"b\"],\"replicas\":1}",
        "{\"verb\":\"scale\",\"stages\":[\"a\"],\"replicas\":1e99}",
        "{\"verb\":\"scale\",\"stages\":[\"a\"],\"replicas\":1,\"programs\":\"/x\"}",
        "{\"verb\":\"restart\",\"stages\":[\"a\"],\"replicas\":1}",
        "{\"verb\":\"restart\",\"stages\":[\"a\"],\"programs\":\"relative\"}",
        String(repeating: "[", count: 4000),
    ])
    func refusesAnythingElse(_ text: String) {
        #expect(throws: SupervisorError.self) { try decode(text) }
    }
}

@Suite("Control socket")
struct ControlSocketTests {
    /// A socket in a folder of its own; `users` may ask.
    private func withSocket(
        users: Set<uid_t> = [geteuid()], _ body: (inout ControlSocket, String) throws -> Void
    ) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
            "sluice-\(UUID().uuidString.prefix(8))"
        )
        .path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var socket = try ControlSocket(path: folder + "/control", users: users)
        defer { socket.close() }
        try body(&socket, folder + "/control")
    }

    private func connect(_ path: String) throws -> Int32 { try #require(try UnixSocket.connected(to: path)) }

    private func write(_ text: String, to descriptor: Int32) {
        let bytes = Array(text.utf8)
        #expect(send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count)
    }

    /// What is here to read, up to the stream's end if it has ended.
    private func received(_ descriptor: Int32) -> (text: String, isOver: Bool) {
        var result: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = recv(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
            if count > 0 { result += buffer[..<count] }
            if count <= 0 { return (String(decoding: result, as: UTF8.self), count == 0) }
        }
    }

    @Test func onlyItsOwnUserMayWriteToTheFile() throws {
        try withSocket { _, path in
            var info = stat()
            #expect(lstat(path, &info) == 0)
            #expect(info.st_mode & 0o7777 == 0o600)
        }
    }

    @Test func takesARequestInPiecesAndAnswersLineByLine() throws {
        try withSocket { socket, path in
            let client = try connect(path)
            defer { close(client) }
            write("one req", to: client)
            #expect(socket.turn(now: 0).isEmpty)
            write("uest\n", to: client)
            let request = try #require(socket.turn(now: 1).first)
            #expect(String(decoding: request.line, as: UTF8.self) == "one request")
            socket.send(.ready("masker.1"), to: request.client)
            #expect(received(client) == ("{\"event\":\"ready\",\"process\":\"masker.1\"}\n", false))
            #expect(socket.nextDeadline == nil)
            socket.send(.done, to: request.client)
            #expect(received(client) == ("{\"event\":\"done\"}\n", true))
            // It is gone: nothing more is sent, and nothing breaks.
            socket.send(.done, to: request.client)
        }
    }

    @Test func anotherUserIsRefused() throws {
        try withSocket(users: [geteuid() + 1]) { socket, path in
            let client = try connect(path)
            defer { close(client) }
            write("x\n", to: client)
            #expect(socket.turn(now: 0).isEmpty)
            #expect(received(client).text.contains("only the user who runs sluice up"))
        }
    }

    @Test func anEndlessLineIsRefused() throws {
        try withSocket { socket, path in
            let client = try connect(path)
            defer { close(client) }
            for _ in 0..<5 {
                write(String(repeating: "a", count: 1000), to: client)
                #expect(socket.turn(now: 0).isEmpty)
            }
            let answer = received(client)
            #expect(answer.text.contains("too long") && answer.isOver)
        }
    }

    @Test func moreThanOneRequestIsRefused() throws {
        try withSocket { socket, path in
            let client = try connect(path)
            defer { close(client) }
            write("a\nb\n", to: client)
            #expect(socket.turn(now: 0).isEmpty)
            #expect(received(client).text.contains("more than one request"))
        }
    }

    @Test func oneThatSaysNothingIsDropped() throws {
        try withSocket { socket, path in
            let client = try connect(path)
            defer { close(client) }
            #expect(socket.turn(now: 100).isEmpty)
            #expect(socket.nextDeadline == 5_100)
            #expect(socket.turn(now: 5_100).isEmpty)
            #expect(received(client) == ("", true))
            #expect(socket.nextDeadline == nil)
        }
    }

    @Test func oneThatLeavesIsForgotten() throws {
        try withSocket { socket, path in
            let client = try connect(path)
            write("x\n", to: client)
            let request = try #require(socket.turn(now: 0).first)
            close(client)
            #expect(socket.turn(now: 1).isEmpty)
            socket.send(.ready("masker.1"), to: request.client)
            #expect(socket.polled.count == 1)
        }
    }

    @Test func oneThatHasWrittenAllItWillIsAnsweredToTheEnd() throws {
        try withSocket { socket, path in
            let client = try connect(path)
            defer { close(client) }
            write("x\n", to: client)
            #expect(shutdown(client, Int32(SHUT_WR)) == 0)
            let request = try #require(socket.turn(now: 0).first)
            for step in 1...3 { #expect(socket.turn(now: UInt64(step)).isEmpty) }
            // Waiting for it does not make the loop spin.
            var polled = socket.polled
            #expect(poll(&polled, nfds_t(polled.count), 0) == 0)
            socket.send(.ready("masker.1"), to: request.client)
            socket.send(.done, to: request.client)
            let answer = received(client)
            #expect(answer.text.hasSuffix("{\"event\":\"done\"}\n") && answer.isOver)
        }
    }

    @Test func oneThatLeavesAfterwardsIsForgotten() throws {
        try withSocket { socket, path in
            let client = try connect(path)
            write("x\n", to: client)
            #expect(shutdown(client, Int32(SHUT_WR)) == 0)
            #expect(socket.turn(now: 0).count == 1)
            #expect(socket.turn(now: 1).isEmpty)
            #expect(socket.polled.count == 2)
            close(client)
            var polled = socket.polled
            #expect(poll(&polled, nfds_t(polled.count), 0) == 1)
            #expect(socket.turn(now: 2).isEmpty)
            #expect(socket.polled.count == 1)
        }
    }

    @Test func oneThatDoesNotReadIsDropped() throws {
        try withSocket { socket, path in
            let client = try connect(path)
            defer { close(client) }
            write("x\n", to: client)
            let request = try #require(socket.turn(now: 0).first)
            let long = String(repeating: "a", count: 8192)
            for _ in 0..<1000 { socket.send(.finishing("ingress.0", long), to: request.client) }
            #expect(socket.polled.count == 1)
        }
    }

    @Test func moreClientsWaitForTheirTurn() throws {
        try withSocket { socket, path in
            let clients = try (0..<ControlSocket.maximumConnections).map { _ in try connect(path) }
            defer { for client in clients { close(client) } }
            #expect(socket.turn(now: 0).isEmpty)
            #expect(socket.polled.count == ControlSocket.maximumConnections)
            #expect(socket.turn(now: 6_000).isEmpty)
            #expect(socket.polled.count == 1)
        }
    }

    @Test func nobodyThereIsNoSupervisor() throws {
        let state = StateDirectory(root: "/nonexistent", run: "/nonexistent/run")
        #expect(throws: SupervisorError.self) {
            _ = try ControlClient.ask(.restart([], programs: nil), state) { _ in }
        }
    }
}

@Suite("Listening socket")
struct ListeningSocketTests {
    private func listener(_ address: String) throws -> Listener {
        let text = """
            state: s
            listeners: {postgres: "\(address)"}
            resources: [{name: a, protocol: postgres, target: "h:1/d", credentials: {user: u}}]
            policy: p.yaml
            """
        return try #require(try Configuration.parse(text, file: "/srv/sluice.yaml").listeners.first)
    }

    /// A port that is free now on IPv4's loopback, taken from the kernel.
    private func port(of descriptor: Int32) -> Int {
        var address = sockaddr_in()
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        _ = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &size) }
        }
        return Int(UInt16(bigEndian: address.sin_port))
    }

    @Test func saysWhyItCannotListen() throws {
        let holder = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(holder) }
        #expect(listen(holder, 1) == 0)
        let taken = try listener("0.0.0.0:\(port(of: holder))")
        let error = #expect(throws: SupervisorError.self) { try ListeningSocket(taken) }
        #expect(error?.message.hasPrefix("cannot listen on 0.0.0.0:\(port(of: holder)): ") == true)
        #expect(throws: SupervisorError.self) { try ListeningSocket(listener("no-such-host.invalid:5")) }
    }
}
