import Foundation
import Glibc
import TestKit
import Testing

extension Pipeline {
    /// The supervisor does its work whatever its stages write and whoever reads its output.
    @Suite(.serialized)
    struct SupervisorLoopTests {
        /// A stage that writes without end, and an output that nobody reads.
        private static let chatty = "chatty: {lane: request, command: [sh, -c, exec yes]}"

        private static func isFull(_ descriptor: Int32) -> Bool {
            var polled = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
            return poll(&polled, 1, 0) == 0
        }

        @Test func stopsThoughAStageFloodsAnOutputThatNobodyReads() async throws {
            let directory = try TemporaryDirectory()
            var options = Gateway.Options(policy: Rig.policy)
            options.stages = Self.chatty
            try Gateway.configure(options, port: try freePort(), target: 1, in: directory)
            let path = directory.file("output")
            #expect(mkfifo(path, 0o600) == 0)
            // Both ends, so that opening waits for nobody.
            let output = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC)
            defer { close(output) }
            let supervisor = try Child(
                "/bin/sh",
                ["-c", "exec \"$0\" up --config \"$1\" > \"$2\""]
                    + [Project.binaries + "/sluice", directory.file("sluice.yaml"), path],
                environment: ["TARGET_PASSWORD": "x"], directory: directory, label: "sluice-up")
            try await eventually("the pipe is full") { Self.isFull(output) }
            var text = ""
            var buffer = [UInt8](repeating: 0, count: 4096)
            try await eventually("lines left out are told") {
                let count = read(output, &buffer, buffer.count)
                if count > 0 { text += String(decoding: buffer[..<count], as: UTF8.self) }
                return text.contains("chatty.0 ") && text.contains("lines left out")
            }
            try await eventually("the pipe is full again") { Self.isFull(output) }
            #expect(supervisor.status == nil)
            let status = await supervisor.stop(deadline: .seconds(40))
            #expect(status != 128 + SIGKILL, "it did not end: \(supervisor.errors)")
        }

        @Test func aReloadReachesStagesThatTakeNoHarmFromIt() async throws {
            let directory = try TemporaryDirectory()
            let port = try freePort()
            try Gateway.configure(.init(policy: Rig.policy), port: port, target: 1, in: directory)
            let gateway = try await Gateway.start(in: directory, port: port)
            for pid in try await gateway.stages().compactMap(\.pid) {
                let status = try String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)
                #expect(try Self.signals("SigIgn", in: status) & 1 << (SIGHUP - 1) != 0)
                #expect(try Self.signals("SigBlk", in: status) & 1 << (SIGHUP - 1) == 0)
            }
            // All threads of the supervisor but the one that waits for the signal block it: Linux keeps it for that one.
            let tasks = "/proc/\(gateway.supervisor.pid)/task"
            let taking = try FileManager.default.contentsOfDirectory(atPath: tasks).filter { thread in
                let status = try String(contentsOfFile: "\(tasks)/\(thread)/status", encoding: .utf8)
                return try Self.signals("SigBlk", in: status) & 1 << (SIGHUP - 1) == 0
            }
            #expect(taking.count == 1 && taking != ["\(gateway.supervisor.pid)"])
            for count in 1...5 {
                gateway.supervisor.signal(SIGHUP)
                try await eventually("reload \(count)") {
                    gateway.supervisor.output.components(separatedBy: "supervisor: reloading").count == count + 1
                }
            }
            #expect(try await gateway.stages().allSatisfy { $0.restarts == 0 })
            #expect(await gateway.stop() == 0)
        }

        private static func signals(_ name: String, in status: String) throws -> UInt64 {
            let line = try #require(status.split(separator: "\n").first { $0.hasPrefix(name + ":") })
            return try #require(UInt64(line.split(separator: "\t").last ?? "", radix: 16))
        }
    }
}
