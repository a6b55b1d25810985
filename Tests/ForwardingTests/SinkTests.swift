import Foundation
import Glibc
import TestKit
import Testing

/// Real receivers that go away and come back, and a forwarder that is killed: every event comes, in its session's order, and
/// what comes again has the id that it had.
@Suite(.serialized) struct SinkTests {
    private static func check(_ received: Received, _ traffic: Traffic, _ what: String) {
        #expect(Set(received.ids) == traffic.expected, "\(what)")
        for scene in traffic.sessions {
            #expect(received.first(of: scene.session) == scene.expected, "\(what): \(scene.session)")
        }
    }

    private static func isWhole(_ received: Received, _ traffic: Traffic) -> Bool {
        traffic.expected.isSubset(of: received.ids)
    }

    // MARK: - A program

    private static let fileSink = """
        own:
          command: [python3, "\(Project.root)/examples/sinks/file.py", out.jsonl]
          from: start
        """

    private static func events(_ lines: [String], in key: String? = nil) throws -> Received {
        Received(
            ids: try lines.map { line in
                let object = try JSONValue(line)
                let event = key.map { object[$0] } ?? object
                guard let id = event["metadata"]["uid"].string else { throw TestKitError("no id in \(line)") }
                return id
            })
    }

    @Test func aProgramGetsEverythingOnce() async throws {
        let process = try ForwarderProcess(sinks: Self.fileSink)
        let traffic = try Traffic(process.recordings)
        let forwarder = try process.start()
        for _ in 0..<5 { try traffic.step() }
        try traffic.end()
        try await eventually("all came") { Self.isWhole(try Self.events(process.lines("out.jsonl")), traffic) }
        #expect(await forwarder.stop() == 0)
        // What was accepted is not sent again.
        let again = try process.start()
        try await eventually("it is ready") { try await process.ask("metrics").contains("sluice_ready") }
        #expect(await again.stop() == 0)
        let received = try Self.events(process.lines("out.jsonl"))
        Self.check(received, traffic, forwarder.errors)
        #expect(received.isWithoutRepeats)
    }

    @Test func killedAgainAndAgain() async throws {
        let process = try ForwarderProcess(sinks: Self.fileSink)
        let traffic = try Traffic(process.recordings)
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<12 {
            let forwarder = try process.start()
            for _ in 0..<3 {
                try traffic.step()
                // Killed with some of them on the way, behind a number of others that differs each time.
                let forwarded = process.lines("out.jsonl").count + Int.random(in: 0...2, using: &generator)
                try await eventually("some more came") { process.lines("out.jsonl").count >= forwarded }
            }
            forwarder.signal(SIGKILL)
            _ = try await forwarder.finish()
        }
        try traffic.end()
        let last = try process.start()
        try await eventually("all came") { Self.isWhole(try Self.events(process.lines("out.jsonl")), traffic) }
        #expect(await last.stop() == 0)
        Self.check(try Self.events(process.lines("out.jsonl")), traffic, last.errors)
    }

    /// It accepts nothing until it is changed: then everything comes, and other sinks did not wait.
    @Test func oneSinkDoesNotHoldTheOthers() async throws {
        let process = try ForwarderProcess(
            sinks: Self.fileSink
                + "\nstuck:\n  command: [sh, -c, \"cat >/dev/null\"]\n  timeout: 1s\n  from: start"
                + "\nabsent:\n  command: [./absent.sh]\n  from: start")
        let traffic = try Traffic(process.recordings)
        try traffic.step()
        try traffic.end()
        let forwarder = try process.start()
        try await eventually("all came") { Self.isWhole(try Self.events(process.lines("out.jsonl")), traffic) }
        try await eventually("the others' trouble is said") {
            let metrics = try await process.ask("metrics")
            let ready = try await process.ask("readyz")
            return metrics.contains(/sluice_forwarder_failures_total\{[^}]*sink="stuck"\} [1-9]/)
                && metrics.contains(/sluice_forwarder_lag_seconds\{[^}]*sink="stuck"\} 0*[1-9.]/)
                && ready.contains("sink")
        }
        try process.directory.write(
            "#!/bin/sh\nexec python3 \(Project.root)/examples/sinks/file.py late.jsonl\n", to: "absent.sh")
        chmod(process.directory.file("absent.sh"), 0o755)
        try await eventually("the late one gets all", deadline: .seconds(60)) {
            Self.isWhole(try Self.events(process.lines("late.jsonl")), traffic)
        }
        #expect(await forwarder.stop() == 0)
        Self.check(try Self.events(process.lines("late.jsonl")), traffic, forwarder.errors)
    }

    @Test func onlyWhatIsAskedForFromNowOn() async throws {
        let process = try ForwarderProcess(
            sinks: """
                own:
                  command: [python3, "\(Project.root)/examples/sinks/file.py", out.jsonl]
                  events: [held, ended]
                  level: metadata
                """)
        let before = try Traffic(process.recordings, prefix: "old")
        try before.step()
        let forwarder = try process.start()
        try await eventually("it has begun") {
            try await process.ask("metrics").contains("sluice_forwarder_lag_records")
        }
        try await eventually("it knows where it begins") {
            let rows = try await Child(
                "python3",
                [
                    "-c",
                    "import sqlite3; print(sqlite3.connect('state/forwarder/own.sqlite').execute('select count(*) from begun').fetchone())",
                ], directory: process.directory
            ).finish().output
            return rows.contains("(1,)")
        }
        try before.end()
        let wanted = Set(before.expected.filter { $0.hasSuffix("/ended") })
        try await eventually("the ends came") { wanted.isSubset(of: try Self.events(process.lines("out.jsonl")).ids) }
        #expect(await forwarder.stop() == 0)
        #expect(Set(try Self.events(process.lines("out.jsonl")).ids) == wanted)
        #expect(!process.lines("out.jsonl").joined().contains("SELECT"))
    }

    // MARK: - Webhook

    private static func hook(_ process: ForwarderProcess, _ port: Int) throws -> Child {
        try Child(
            "python3",
            [
                Project.root + "/Tests/ForwardingTests/Receivers/webhook.py", "\(port)",
                process.directory.file("cert.pem"),
                process.directory.file("key.pem"), ForwarderProcess.secret, process.directory.file("hook.jsonl"),
                process.directory.file("mode"),
            ], directory: process.directory)
    }

    private static func hookSink(_ port: Int, format: String = "array") -> String {
        """
        hook:
          webhook: {url: "https://127.0.0.1:\(port)/events", secret: {env: HOOK_SECRET}, ca: cert.pem, batch: 7, timeout: 2s, format: \(format)}
          from: start
        """
    }

    @Test(arguments: ["array", "lines"])
    func aWebhookThatFailsInEveryWay(_ format: String) async throws {
        let port = try freePort()
        let process = try ForwarderProcess(sinks: Self.hookSink(port, format: format))
        try await process.makeCertificate()
        let traffic = try Traffic(process.recordings)
        var forwarder = try process.start()
        func failures() async throws -> Int {
            let metrics = try await process.ask("metrics")
            return metrics.firstMatch(of: /sluice_forwarder_failures_total\{[^}]*\} (\d+)/).flatMap { Int($0.1) } ?? 0
        }
        try await eventually("nobody listens yet") { try await failures() > 0 }
        var receiver = try Self.hook(process, port)
        for mode in ["503", "429 1", "404", "lose", "200"] {
            let before = try await failures()
            try process.directory.write(mode, to: "mode")
            try traffic.step()
            if mode != "200" { try await eventually("\(mode) is a failure") { try await failures() > before } }
            if mode == "lose" {
                // Nobody knows whether it took the events: they come again.
                forwarder.signal(SIGKILL)
                _ = try await forwarder.finish()
                receiver.signal(SIGKILL)
                _ = try await receiver.finish()
                receiver = try Self.hook(process, port)
                forwarder = try process.start()
            }
        }
        try traffic.end()
        try await eventually("all came", deadline: .seconds(90)) {
            Self.isWhole(try Self.events(process.lines("hook.jsonl"), in: "event"), traffic)
        }
        #expect(await forwarder.stop() == 0)
        let received = try Self.events(process.lines("hook.jsonl"), in: "event")
        Self.check(received, traffic, forwarder.errors)
        #expect(!received.isWithoutRepeats, "what was lost on the way back came again")
        await receiver.stop()
    }

    @Test func anotherCertificateGetsNothing() async throws {
        let port = try freePort()
        let process = try ForwarderProcess(
            sinks: Self.hookSink(port).replacingOccurrences(of: "ca: cert.pem", with: "timeout: 2s")
                .replacingOccurrences(of: "batch: 7, timeout: 2s", with: "batch: 7"))
        try await process.makeCertificate()
        let receiver = try Self.hook(process, port)
        let traffic = try Traffic(process.recordings)
        try traffic.step()
        let forwarder = try process.start()
        try await eventually("it says why") {
            forwarder.errors.contains("sink hook:") && forwarder.errors.contains("certificate")
        }
        #expect(process.lines("hook.jsonl").isEmpty)
        await forwarder.stop()
        await receiver.stop()
    }

    @Test func aSecretThatIsNoneIsSaidAtTheStart() async throws {
        let process = try ForwarderProcess(
            sinks: Self.hookSink(1).replacingOccurrences(of: "{env: HOOK_SECRET}", with: "{file: cert.pem}"))
        try await process.makeCertificate()
        let finished = try await process.start().finish()
        #expect(finished.status == 1)
        #expect(finished.errors.contains("sink hook:") && finished.errors.contains("whsec_"), "\(finished.transcript)")
    }

    // MARK: - Syslog

    private static func rsyslog(_ process: ForwarderProcess, _ port: Int, tls: Bool, name: String = "rsyslog") throws
        -> Child
    {
        let folder = process.directory.path
        let module =
            tls
            ? """
            global(DefaultNetstreamDriverCAFile="\(folder)/cert.pem" DefaultNetstreamDriverCertFile="\(folder)/cert.pem"
              DefaultNetstreamDriverKeyFile="\(folder)/key.pem")
            module(load="imtcp" StreamDriver.Name="ossl" StreamDriver.Mode="1" StreamDriver.AuthMode="x509/certvalid")
            """ : "module(load=\"imtcp\")"
        try process.directory.write(
            """
            global(workDirectory="\(folder)" maxMessageSize="64k")
            \(module)
            input(type="imtcp" port="\(port)" address="127.0.0.1")
            template(name="all" type="string" string="%app-name%|%msgid%|%structured-data%|%msg%\\n")
            action(type="omfile" file="\(folder)/syslog.txt" template="all")

            """, to: "rsyslog.conf")
        return try Child(
            "/usr/sbin/rsyslogd",
            ["-n", "-f", process.directory.file("rsyslog.conf"), "-i", process.directory.file("\(name).pid")],
            directory: process.directory, label: name)
    }

    private static func syslogEvents(_ process: ForwarderProcess) throws -> Received {
        Received(
            ids: try process.lines("syslog.txt").filter { $0.hasPrefix("sluice|") }.map { line in
                guard let id = line.firstMatch(of: /\[sluice@32473 id="([^"]*)"/)?.1,
                    let json = line.split(separator: "\u{FEFF}").last,
                    try JSONValue(String(json))["metadata"]["uid"].string == String(id)
                else { throw TestKitError("not an event: \(line)") }
                return String(id)
            })
    }

    private static func syslogSink(_ port: Int, tls: Bool) -> String {
        let more = tls ? ", ca: cert.pem, certificate: both.pem" : ""
        return """
            siem:
              syslog: {address: "\(tls ? "tls" : "tcp")://127.0.0.1:\(port)"\(more)}
              from: start
            """
    }

    /// rsyslog is killed and comes back, the forwarder is killed and comes back, all in the middle.
    @Test(arguments: [true, false])
    func rsyslogGetsEverything(tls: Bool) async throws {
        let port = try freePort()
        let process = try ForwarderProcess(sinks: Self.syslogSink(port, tls: tls))
        try await process.makeCertificate()
        try process.directory.write(
            (process.lines("cert.pem") + process.lines("key.pem")).joined(separator: "\n") + "\n", to: "both.pem")
        let traffic = try Traffic(process.recordings)
        var forwarder = try process.start()
        for round in 0..<3 {
            let receiver = try Self.rsyslog(process, port, tls: tls, name: "rsyslog\(round)")
            let before = try Self.syslogEvents(process).ids.count
            for _ in 0..<4 { try traffic.step() }
            try await eventually("events come", deadline: .seconds(90)) {
                try Self.syslogEvents(process).ids.count > before
            }
            try traffic.step()
            receiver.signal(SIGKILL)
            _ = try await receiver.finish()
            try traffic.step()
            forwarder.signal(SIGKILL)
            _ = try await forwarder.finish()
            forwarder = try process.start()
        }
        try traffic.end()
        let receiver = try Self.rsyslog(process, port, tls: tls)
        try await eventually("all came", deadline: .seconds(120)) {
            Self.isWhole(try Self.syslogEvents(process), traffic)
        }
        #expect(await forwarder.stop() == 0)
        Self.check(try Self.syslogEvents(process), traffic, forwarder.errors)
        // Drained and accepted: nothing comes again.
        let count = try Self.syslogEvents(process).ids.count
        let again = try process.start()
        try await eventually("it is ready") { try await process.ask("metrics").contains("sluice_ready") }
        #expect(await again.stop() == 0)
        #expect(try Self.syslogEvents(process).ids.count == count, "\(again.errors)")
        await receiver.stop()
    }

    @Test func datagrams() async throws {
        let port = try freePort()
        let process = try ForwarderProcess(
            sinks: "siem:\n  syslog: {address: \"udp://127.0.0.1:\(port)\"}\n  from: start")
        try process.directory.write(
            """
            module(load="imudp")
            input(type="imudp" port="\(port)" address="127.0.0.1")
            template(name="all" type="string" string="%app-name%|%msgid%|%structured-data%|%msg%\\n")
            action(type="omfile" file="\(process.directory.file("syslog.txt"))" template="all")

            """, to: "rsyslog.conf")
        let receiver = try Child(
            "/usr/sbin/rsyslogd",
            ["-n", "-f", process.directory.file("rsyslog.conf"), "-i", process.directory.file("rsyslog.pid")],
            directory: process.directory)
        try await eventually("rsyslog runs") {
            FileManager.default.fileExists(atPath: process.directory.file("rsyslog.pid"))
        }
        let traffic = try Traffic(process.recordings, sessions: 2)
        try traffic.step()
        let forwarder = try process.start()
        try await eventually("all came") { Self.isWhole(try Self.syslogEvents(process), traffic) }
        #expect(await forwarder.stop() == 0)
        await receiver.stop()
    }
}
