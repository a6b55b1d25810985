import Foundation
import TestKit
import Testing

/// deploy/s6 and deploy/supervisord, installed by deploy/install.sh: no systemd, no readiness messages, any order.
@Suite("s6 and supervisord", .serialized)
struct ServicesTests {
    enum Manager: String, CaseIterable, Sendable {
        case s6, supervisord
    }

    private static func kind(of manager: Manager) async throws -> Box.Kind {
        switch manager {
        case .s6:
            Box.Kind(
                preparation: "s6.sh", initProgram: ["/usr/bin/s6-svscan", "/etc/s6/sluice"],
                recorderKeys: "/run/sluice/keys/recorder")
        case .supervisord:
            Box.Kind(
                preparation: "supervisord.sh",
                initProgram: [
                    try await tool("supervisord"), "--nodaemon", "--user=root", "--configuration=/etc/supervisord.conf",
                ], recorderKeys: "/run/sluice/keys/recorder")
        }
    }

    /// What a distribution's package brings.
    private static let supervisordConfiguration = """
        [supervisord]
        logfile=/var/log/supervisord.log
        [unix_http_server]
        file=/run/supervisor.sock
        [rpcinterface:supervisor]
        supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
        [supervisorctl]
        serverurl=unix:///run/supervisor.sock
        [include]
        files=/etc/supervisor/conf.d/*.conf

        """

    /// A program of the tests' Python environment.
    private static func tool(_ name: String) async throws -> String {
        let interpreter = try await PythonEnvironment.shared.value
        return String(interpreter.prefix(upTo: interpreter.lastIndex(of: "/") ?? interpreter.endIndex)) + "/" + name
    }

    @Test("a session is governed by stages that are five users; a killed one comes back", arguments: Manager.allCases)
    func sessionIsGoverned(by manager: Manager) async throws {
        let server = try await PostgresServer.start()
        let port = try freePort()
        let example = try Governed.configuration(of: "host", port: port, server: server)
        let box = try await Box.start(
            try await Self.kind(of: manager),
            files: [
                "etc/sluice/sluice.yaml": example.sluice, "etc/sluice/policy.yaml": example.policy,
                "etc/sluice/secrets/orders": PostgresServer.password + "\n",
                "etc/sluice/secrets/index.password": "none of Ingress's\n",
                "etc/supervisord.conf": Self.supervisordConfiguration,
            ], port: port)
        do {
            try await Self.tryAll(box)
        } catch {
            let processes = try? await box.run(["ps", "-eo", "pid,user:20,stat,args"])
            let log = box.log
            await box.stop()
            await server.stop()
            throw TestKitError("\(error)\n\(processes?.output ?? "")\n\(log)")
        }
        await box.stop()
        await server.stop()
    }

    private static func tryAll(_ box: Box) async throws {
        for stage in Permissions.everybody {
            try await eventually("\(stage) runs", deadline: .seconds(60)) { try await pid(of: stage, in: box) != nil }
            try await eventually("\(stage) listens", deadline: .seconds(60)) {
                try await box.run(["test", "-S", "/run/sluice/bus/\(stage)/0"]).status == 0
            }
        }
        try await Governed.session(through: box)
        try await Permissions.check(in: box)
        #expect(try await box.need(["ls", "/run/sluice/keys/ingress"]).split(separator: "\n").contains("orders"))
        for stage in Permissions.everybody {
            #expect(try await box.run(["test", "-e", "/run/sluice/keys/\(stage)/index.password"]).status != 0)
        }
        // Who can open a file can hold its lock for ever.
        #expect(try await box.need(["stat", "-c", "%a %U", "/run/sluice.lock"]) == "600 root")

        let agent = try await box.createToken("agent-2", group: "ai-agents")
        let session = try box.clients(agent).startPsql(input: .pipe)
        try session.send("SELECT 'before';\n")
        try await session.waitFor("before")
        for stage in ["classifier", "masker", "recorder"] {
            let former = try #require(try await pid(of: stage, in: box))
            let status = try await box.need(["cat", "/proc/\(former)/status"])
            for line in ["CapPrm:\t0000000000000000", "CapBnd:\t0000000000000000", "NoNewPrivs:\t1"] {
                #expect(status.contains(line), "\(stage): no “\(line)”")
            }
            try await box.need(["kill", "-KILL", former])
            try await eventually("\(stage) is back", deadline: .seconds(60)) {
                let now = try await pid(of: stage, in: box)
                return now != nil && now != former
            }
            try session.send("SELECT 'after \(stage)', email FROM customers WHERE id = 1;\n")
            try await session.waitFor("after \(stage)")
        }
        session.closeInput()
        let finished = try await session.finish()
        #expect(!finished.output.contains(SampleDatabase.customer(1).email), "\(finished.transcript)")
        _ = try await box.sluice(["verify"])
    }

    /// The stage's process, found by its user: each has one of its own.
    private static func pid(of stage: String, in box: Box) async throws -> String? {
        let found = try await box.run(["pgrep", "-u", "sluice-\(stage)", "-f", "sluice-\(stage) --config"])
        return found.lines.first
    }
}
