import Foundation
import TestKit
import Testing

/// The units of deploy/systemd under a real systemd, installed by deploy/install.sh: every stage a user of its own, in its
/// sandbox.
@Suite("systemd", .serialized)
struct SystemdTests {
    static let stages = [
        "recorder": "sluice-recorder@0.service", "approver": "sluice-approver.service",
        "classifier": "sluice-classifier@0.service", "masker": "sluice-masker@0.service",
        "ingress": "sluice-ingress.service",
    ]
    static let kind = Box.Kind(
        preparation: "systemd.sh",
        initProgram: ["/lib/systemd/systemd", "--system", "--unit=basic.target", "--log-target=journal"],
        recorderKeys: "/run/credentials/sluice-recorder@0.service")
    /// What a stuck stage may take to be noticed here, instead of the units' 30 s.
    static let watchdog = "[Service]\nWatchdogSec=2\n"

    /// Runs `body` in a box where `systemctl start sluice.target` was said and every unit is active.
    static func withSystem(_ body: (Box) async throws -> Void) async throws {
        let server = try await PostgresServer.start()
        let port = try freePort()
        let example = try Governed.configuration(of: "systemd", port: port, server: server)
        let box = try await Box.start(
            kind,
            files: [
                "etc/sluice/sluice.yaml": example.sluice, "etc/sluice/policy.yaml": example.policy,
                "etc/sluice/secrets/orders": PostgresServer.password + "\n",
                "etc/systemd/system/sluice-ingress.socket.d/listen.conf":
                    "[Socket]\nListenStream=\nListenStream=127.0.0.1:\(port)\n",
                "etc/systemd/system/sluice-.service.d/20-watchdog.conf": watchdog,
                "etc/systemd/system/sluice-keys.service.d/20-watchdog.conf": "[Service]\nWatchdogSec=0\n",
            ], port: port)
        do {
            try await eventually("systemd answers", deadline: .seconds(60)) {
                try await box.run(["systemctl", "is-active", "basic.target"]).status == 0
            }
            try await box.need(["systemctl", "start", "sluice.target"])
            for unit in stages.values {
                try await eventually("\(unit) is active", deadline: .seconds(60)) {
                    try await box.run(["systemctl", "is-active", unit]).status == 0
                }
            }
            try await body(box)
        } catch {
            let journal = try? await box.run(["journalctl", "--no-pager", "--lines=80"])
            await box.stop()
            await server.stop()
            throw TestKitError("\(error)\n\(journal?.output ?? box.log)")
        }
        await box.stop()
        await server.stop()
    }

    @Test("a session is governed by stages that are five users in five sandboxes")
    func sessionIsGoverned() async throws {
        try await Self.withSystem { box in
            try await Governed.session(through: box)

            var users: Set<String> = []
            for (stage, unit) in Self.stages {
                let pid = try await Self.mainPID(of: unit, in: box)
                let user = try await box.need(["ps", "-o", "user:32=", "-p", pid])
                #expect(user == "sluice-\(stage)")
                users.insert(user)
                // No privilege is left, nor a way to one; a filter holds its system calls.
                let status = try await box.need(["cat", "/proc/\(pid)/status"])
                for line in ["CapPrm:\t0000000000000000", "CapBnd:\t0000000000000000", "NoNewPrivs:\t1", "Seccomp:\t2"]
                {
                    #expect(status.contains(line), "\(stage): no “\(line)”")
                }
                let network = try await box.need(["readlink", "/proc/\(pid)/ns/net"])
                let outer = try await box.need(["readlink", "/proc/1/ns/net"])
                #expect(
                    (network == outer) == (stage == "ingress"), "\(stage) has the network it should not have, or none")
            }
            #expect(users.count == Self.stages.count)
            try await Permissions.check(in: box)
        }
    }

    @Test("a stage that is killed or stuck is started again, and the session goes on")
    func deadAndStuckStagesComeBack() async throws {
        try await Self.withSystem { box in
            let clients = box.clients(try await box.createToken("agent-1", group: "ai-agents"))
            let session = try clients.startPsql(input: .pipe)
            try session.send("SELECT 'before';\n")
            try await session.waitFor("before")
            for (unit, signal) in [
                ("sluice-classifier@0.service", "SIGKILL"), ("sluice-classifier@0.service", "SIGSTOP"),
                ("sluice-recorder@0.service", "SIGKILL"), ("sluice-masker@0.service", "SIGSTOP"),
            ] {
                let former = try await Self.mainPID(of: unit, in: box)
                try await box.need(["systemctl", "kill", "--kill-whom=main", "--signal=\(signal)", unit])
                try await eventually("\(unit) is back after \(signal)", deadline: .seconds(60)) {
                    let isActive = try await box.run(["systemctl", "is-active", unit]).status == 0
                    let now = try await Self.mainPID(of: unit, in: box)
                    return isActive && now != former
                }
                try session.send("SELECT 'after \(signal) of \(unit)', email FROM customers WHERE id = 1;\n")
                try await session.waitFor("after \(signal) of \(unit)")
            }
            session.closeInput()
            let finished = try await session.finish()
            #expect(!finished.output.contains(SampleDatabase.customer(1).email))
            _ = try await box.sluice(["verify"])
        }
    }

    @Test("while ingress restarts a new connection waits; a further replica works; stop ends all, ingress first")
    func restartsAndReplicas() async throws {
        try await Self.withSystem { box in
            let clients = box.clients(try await box.createToken("agent-1", group: "ai-agents"))
            try await eventually("agent-1 gets in") {
                try await clients.run("psql", ["-X", "-c", "SELECT 1"]).status == 0
            }
            let former = try await Self.mainPID(of: "sluice-ingress.service", in: box)
            try await box.need(["systemctl", "kill", "--kill-whom=main", "--signal=SIGKILL", "sluice-ingress.service"])
            #expect(try await clients.query("SELECT 'never refused';") == "never refused")
            #expect(try await Self.mainPID(of: "sluice-ingress.service", in: box) != former)

            try await box.need(["systemctl", "start", "sluice-masker@1.service", "sluice-classifier@1.service"])
            try await box.need(["systemctl", "stop", "sluice-masker@0.service", "sluice-classifier@0.service"])
            let masked = try await clients.query("SELECT email FROM customers WHERE id = 1;")
            #expect(!masked.isEmpty && masked != SampleDatabase.customer(1).email)

            try await box.need(["systemctl", "stop", "sluice.target"])
            try await eventually("all stages have stopped", deadline: .seconds(60)) {
                let left = try await box.need(["systemctl", "list-units", "--no-legend", "--state=active", "sluice-*"])
                return left.split(separator: "\n").allSatisfy { $0.contains("sluice-keys.service") }
            }
            _ = try await box.sluice(["verify"])
        }
    }

    @Test("a stage of your own, installed as docs/deploying.md says, decides with a key of its own")
    func customStageIsAdded() async throws {
        let document = try String(contentsOfFile: Project.root + "/docs/deploying.md", encoding: .utf8)
        let section = try #require(document.components(separatedBy: "### A stage of your own\n").dropFirst().first)
            .components(separatedBy: "\n## ")[0]
        let blocks = section.components(separatedBy: "```").enumerated().filter { $0.offset % 2 == 1 }.map(\.element)
        let files = blocks.compactMap { block -> (path: String, text: String)? in
            guard block.hasPrefix("ini\n# /") else { return nil }
            let text = block.dropFirst("ini\n".count)
            return (String(text.prefix { $0 != "\n" }.dropFirst("# ".count)), String(text))
        }
        let steps = try #require(blocks.first { $0.hasPrefix("sh\n") }?.dropFirst("sh\n".count))
        #expect(files.count == 4)
        try await Self.withSystem { box in
            for (path, text) in files { try box.directory.writeTree(text, to: "stage" + path) }
            try box.directory.write("set -e\n" + steps, to: "steps")
            try await box.need(["cp", "-r", "--no-preserve=mode,ownership", "/run/box/stage/.", "/"])
            try await box.need(["mkdir", "-p", "/opt/stages"])
            try await box.need(["cp", Project.binaries + "/example-forbid-word", "/opt/stages/forbid-word"])
            let declared = "stages: {forbid-word: {lane: request, command: [/opt/stages/forbid-word, forbidden]}}"
            try await box.need(["sh", "-c", "echo '\(declared)' >> /etc/sluice/sluice.yaml"])
            try await box.need(["sh", "/run/box/steps"])

            let clients = box.clients(try await box.createToken("agent-1", group: "ai-agents"))
            try await eventually("agent-1 gets in", deadline: .seconds(60)) {
                try await clients.run("psql", ["-X", "-c", "SELECT 1"]).status == 0
            }
            let refused = try await clients.psql("SELECT 'forbidden';\nSELECT 'goes on';")
            #expect(
                refused.errors.contains("forbid-word") && refused.output.contains("goes on"), "\(refused.transcript)")
            let pid = try await Self.mainPID(of: "sluice-forbid-word@0.service", in: box)
            #expect(try await box.need(["ps", "-o", "user:32=", "-p", pid]) == "sluice-forbid-word")
            #expect(
                try await box.need(["stat", "-c", "%a %U %s", "/var/lib/sluice/keys/forbid-word.key"]) == "600 root 32")
        }
    }

    /// systemd-analyze(1) counts 0 (nothing is possible) to 10. Ingress has the network, the others have none.
    static let greatestExposure = ["ingress": 1.2, "approver": 0.3, "classifier": 0.3, "masker": 0.3, "recorder": 0.3]

    @Test("the units are valid, and their exposure is below the bounds")
    func exposureIsBounded() async throws {
        try await Self.withSystem { box in
            let verify = "cd /usr/lib/systemd/system && systemd-analyze verify --recursive-errors=no"
            let units = "$PWD/sluice.target $PWD/sluice-*.socket $PWD/sluice-*.service"
            let verified = try await box.run(["sh", "-c", "\(verify) \(units)"])
            #expect(verified.status == 0 && verified.errors.isEmpty, "\(verified.transcript)")
            for (stage, unit) in Self.stages {
                let bound = try #require(Self.greatestExposure[stage])
                let judged = try await box.run(
                    ["systemd-analyze", "security", "--no-pager", "--threshold=\(Int(bound * 10))", unit])
                #expect(judged.status == 0, "\(judged.transcript)")
            }
        }
    }

    private static func mainPID(of unit: String, in box: Box) async throws -> String {
        try await box.need(["systemctl", "show", "--property=MainPID", "--value", unit])
    }
}
