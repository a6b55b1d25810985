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
        /// Sessions whose replies nobody reads, and what each may add beside what all share, KiB.
        static let readers = 24
        static let kilobytesOfEach = 1 << 10
        static let rows = 60_000
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
            let each = (after - before) / Self.sessions
            #expect(each <= Self.kilobytesPerSession, "\(each) KiB")
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
            try await Self.unread(sessions: 1, group: group, limits: "", kilobytes: Self.kilobytesUnread)
        }

        /// Many of them share one bound.
        @Test func unreadRepliesOfManySessionsAreBounded() async throws {
            try await Self.unread(
                sessions: Self.readers, group: "unlimited", limits: "reply_memory: 16MiB",
                kilobytes: Self.kilobytesUnread + Self.readers * Self.kilobytesOfEach)
        }

        private static func unread(sessions: Int, group: String, limits: String, kilobytes: Int) async throws {
            let server = try await PostgresServer.start()
            let unmasked = "  - {name: unmasked, who: {groups: [plain]}, then: allow}\n"
            var options = Gateway.Options(policy: Rig.policy + unmasked)
            options.limits = limits
            let gateway = try await Gateway.start(options, before: server)
            let clients = gateway.clients(try await gateway.createToken("reader", groups: [group]))
            let ingress = try await gateway.readyProcess(of: "ingress")
            let sql = "SELECT n, repeat('x', 1000) FROM generate_series(1, \(rows)) n"
            let before = try ProcessMemory(of: ingress)
            let load = try await hold(clients, ["unread", "\(sessions)", sql], until: "asked")
            // It goes on reading its policy and the like.
            var last = before.read
            var quiet = 0
            try await eventually("Ingress reads no more of the reply", deadline: .seconds(60)) {
                let read = try ProcessMemory(of: ingress).read
                quiet = read - last < bytesOfOthers ? quiet + 1 : 0
                if quiet == 0 { last = read }
                return quiet == 100 && last > before.read
            }
            let grown = try ProcessMemory(of: ingress).peak - before.peak
            #expect(grown <= kilobytes, "\(grown) KiB")
            load.closeInput()
            let finished = try await load.finish(deadline: .seconds(180))
            let whole = finished.output.split(separator: "\n").filter { $0 == "rows \(rows)" }
            #expect(whole.count == sessions, "\(finished.transcript)")
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
