import Foundation
import TestKit
import Testing

extension Pipeline {
    /// Memory is bounded (invariant I7): by what is under way, not by what a peer leaves lying.
    @Suite(.serialized)
    struct MemoryTests {
        /// Idle sessions that are opened at once.
        static let sessions = 5000
        /// Most memory that an idle session may add over all processes, KiB.
        static let kilobytesPerSession = 40
        /// Most memory that one reply which nobody reads may add to Ingress: the reply queue, as much again with the
        /// masker, and the buffers of both connections. KiB.
        static let kilobytesUnread = 32 << 10
        /// Sessions whose replies wait for a masker, and what each may add beside what all share, KiB. What all share is
        /// there twice, since what is with a masker may have to be sent again.
        static let readers = 40
        static let replyMemory = 16
        static let kilobytesOfEach = 1 << 10
        static let rows = 60_000
        static let sql = "SELECT n, repeat('x', 1000) FROM generate_series(1, \(rows)) n"
        /// More than Ingress reads of other things meanwhile.
        static let bytesOfOthers = 256 << 10
        private static let script = Project.root + "/Tests/PipelineTests/Clients/memory.py"

        @Test func idleSessionsCostLittle() async throws {
            let server = try await PostgresServer.start(connections: Self.sessions + 50)
            var options = Gateway.Options(policy: Rig.policy)
            options.limits = "max_connections: \(Self.sessions + 50)"
            let gateway = try await Gateway.start(options, before: server)
            let clients = gateway.clients(try await gateway.createToken("free-1", groups: ["unlimited"]))
            let processes = try await gateway.stages().compactMap(\.pid)
            // What the first sessions bring about is there once for all.
            let first = try await Self.hold(clients, ["idle", "8"], until: "open")
            let before = try processes.reduce(0) { try $0 + ProcessMemory(of: $1).private }
            let load = try await Self.hold(clients, ["idle", "\(Self.sessions)"], until: "open")
            let after = try processes.reduce(0) { try $0 + ProcessMemory(of: $1).private }
            let each = Double(after - before) / Double(Self.sessions)
            print("memory: \(String(format: "%.1f", each)) KiB for each of \(Self.sessions) idle sessions")
            #expect(each <= Double(Self.kilobytesPerSession), "\(each) KiB")
            for child in [load, first] {
                child.closeInput()
                let finished = try await child.finish(deadline: .seconds(90))
                #expect(finished.status == 0 && finished.output.contains("done"), "\(finished.transcript)")
            }
            await gateway.stop()
            await server.stop()
        }

        /// A client that sends and never reads stops its own target; all of the reply is there when it reads at last.
        @Test(arguments: ["unlimited", "plain"])
        func unreadRepliesAreBounded(_ group: String) async throws {
            try await Self.with(group: group) { gateway, clients in
                let ingress = try await gateway.readyProcess(of: "ingress")
                let load = try await Self.hold(clients, ["unread", "1", Self.sql], until: "in")
                let before = try ProcessMemory(of: ingress)
                try load.send("go\n")
                // It goes on reading its policy and the like.
                var last = before.read
                var quiet = 0
                try await eventually("Ingress reads no more of the reply", deadline: .seconds(60)) {
                    let read = try ProcessMemory(of: ingress).read
                    quiet = read - last < Self.bytesOfOthers ? quiet + 1 : 0
                    if quiet == 0 { last = read }
                    return quiet == 100 && last > before.read
                }
                let grown = try ProcessMemory(of: ingress).peak - before.peak
                #expect(grown <= Self.kilobytesUnread, "\(grown) KiB")
                load.closeInput()
                let finished = try await load.finish(deadline: .seconds(90))
                #expect(finished.output.contains("rows \(Self.rows)"), "\(finished.transcript)")
            }
        }

        /// A masker that stands still keeps back the replies of all sessions: together they have one bound.
        @Test func repliesThatWaitForTheMaskerAreBounded() async throws {
            let limit = "reply_memory: \(Self.replyMemory)MiB"
            try await Self.with(group: "unlimited", limits: limit) { gateway, clients in
                let ingress = try await gateway.readyProcess(of: "ingress")
                let masker = try await gateway.readyProcess(of: "masker")
                let load = try await Self.hold(clients, ["unread", "\(Self.readers)", Self.sql], until: "in")
                kill(masker, SIGSTOP)
                let before = try ProcessMemory(of: ingress)
                try load.send("go\n")
                load.closeInput()
                // Each is told that its reply cannot be masked in time.
                let finished = try await load.finish(deadline: .seconds(180))
                let grown = try ProcessMemory(of: ingress).peak - before.peak
                kill(masker, SIGCONT)
                #expect(grown <= 2 * Self.replyMemory << 10 + Self.readers * Self.kilobytesOfEach, "\(grown) KiB")
                let empty = finished.output.split(separator: "\n").filter { $0 == "rows 0" }
                #expect(empty.count == Self.readers, "\(finished.transcript)")
            }
        }

        private static func with(
            group: String, limits: String = "", _ body: (Gateway, Clients) async throws -> Void
        ) async throws {
            let server = try await PostgresServer.start()
            let unmasked = "  - {name: unmasked, who: {groups: [plain]}, then: allow}\n"
            var options = Gateway.Options(policy: Rig.policy + unmasked)
            options.limits = limits
            let gateway = try await Gateway.start(options, before: server)
            try await body(gateway, gateway.clients(try await gateway.createToken("reader", groups: [group])))
            await gateway.stop()
            await server.stop()
        }

        private static func hold(_ clients: Clients, _ arguments: [String], until text: String) async throws -> Child {
            let interpreter = try await PythonEnvironment.shared.value
            let child = try clients.start(interpreter, [script] + arguments, input: .pipe)
            try await child.waitFor(text, deadline: .seconds(300))
            return child
        }
    }
}

/// What proc(5) says of a process: KiB, and bytes that it read.
private struct ProcessMemory {
    /// Not shared with others.
    let `private`: Int
    /// The most that was ever resident.
    let peak: Int
    let read: Int

    init(of pid: pid_t) throws {
        let rollup = try Self.fields("/proc/\(pid)/smaps_rollup")
        guard let clean = rollup["Private_Clean"], let dirty = rollup["Private_Dirty"],
            let peak = try Self.fields("/proc/\(pid)/status")["VmHWM"],
            let read = try Self.fields("/proc/\(pid)/io")["rchar"]
        else { throw TestKitError("no memory figures of process \(pid)") }
        self.private = clean + dirty
        self.peak = peak
        self.read = read
    }

    private static func fields(_ path: String) throws -> [String: Int] {
        let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
        return Dictionary(
            lines.compactMap { line in
                let parts = line.split(whereSeparator: { $0 == ":" || $0 == " " || $0 == "\t" })
                guard parts.count >= 2, let number = Int(parts[1]) else { return nil }
                return (String(parts[0]), number)
            }, uniquingKeysWith: { $1 })
    }
}
