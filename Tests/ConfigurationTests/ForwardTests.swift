import Configuration
import Testing

/// `recording.forward`.
@Suite struct ForwardTests {
    private static func sink(_ yaml: String) throws -> ForwardSink? {
        try parse(extra: "recording: {forward: {sinks: {a: \(yaml)}}}\n").recording.forward?.sinks.first
    }

    @Test func withoutItNothingRuns() throws {
        let configuration = try parse()
        #expect(configuration.recording.forward == nil)
        #expect(!configuration.runs(.forwarder))
        #expect(configuration.startOrder == configuration.stages.startOrder)
    }

    @Test func theForwarderStartsFirstAndOnce() throws {
        let configuration = try parse(extra: "recording: {forward: {sinks: {a: {command: [x]}}}}\n")
        let first = try #require(configuration.startOrder.first)
        #expect(first.name == "forwarder" && first.replicas == 1 && first.bounds == 1...1 && first.soleReason != nil)
        #expect(configuration.startOrder.last?.name == "ingress")
    }

    @Test func syslog() throws {
        let sink = try #require(
            try Self.sink("{syslog: {address: \"tls://[::1]:6514\", ca: ca.pem, certificate: me.pem}}"))
        guard case .syslog(let settings) = sink.kind else {
            Issue.record("\(sink)")
            return
        }
        #expect(settings.transport == .tls && settings.host == "::1" && settings.port == 6514)
        #expect(settings.certificateAuthority == "/srv/app/ca.pem" && settings.certificate == "/srv/app/me.pem")
        #expect(settings.facility == .authpriv && settings.appName == "sluice" && settings.enterprise == 32473)
        #expect(settings.maximumBytes == 8192)
        #expect(sink.events == Set(ForwardedEventName.allCases) && sink.level == .commands && sink.from == .now)
    }

    @Test func webhook() throws {
        let sink = try #require(
            try Self.sink(
                "{webhook: {url: \"https://h/x\", secret: {file: s}, batch: 7, timeout: 3s, format: lines}, from: start, "
                    + "level: metadata, events: [held, killed]}"))
        guard case .webhook(let settings) = sink.kind else {
            Issue.record("\(sink)")
            return
        }
        #expect(settings.url == "https://h/x" && settings.secret == .file("/srv/app/s"))
        #expect(settings.batch == 7 && settings.timeoutSeconds == 3 && settings.format == .lines)
        #expect(sink.events == [.held, .killed] && sink.level == .metadata && sink.from == .start)
    }

    @Test(arguments: [
        ("{}", "one of syslog, webhook and command"),
        ("{command: [x], syslog: {address: \"tcp://h:1\"}}", "one of syslog, webhook and command"),
        ("{command: x}", "expected a list"),
        ("{command: []}", "expected a program"),
        ("{syslog: {address: \"h:514\"}}", "expected tls://"),
        ("{syslog: {address: \"tcp://h\"}}", "expected tls://"),
        ("{syslog: {address: \"tcp://h:1\", ca: x}}", "only a tls:// address"),
        ("{syslog: {address: \"tls://h:1\", app_name: \"a b\"}}", "visible ASCII"),
        ("{syslog: {address: \"tls://h:1\", facility: kern}}", "kern"),
        ("{syslog: {address: \"tls://h:1\", max_message: 1KiB}}", "expected 2KiB"),
        ("{syslog: {address: \"tls://h:1\"}, timeout: 2s}", "timeout is of a command"),
        ("{webhook: {url: \"http://h/\", secret: {env: A}}}", "expected an https://"),
        ("{webhook: {url: \"http://localhost.example.com/\", secret: {env: A}}}", "expected an https://"),
        ("{webhook: {url: \"https://h/\", secret: abc}}", "{env: NAME}"),
        ("{webhook: {url: \"https://h/\"}}", "secret"),
        ("{command: [x], events: [deleted]}", "deleted"),
        ("{command: [x], events: []}", "no events"),
        ("{command: [x], form: now}", "form"),
    ])
    func mistakes(_ yaml: String, _ message: String) throws {
        let found = try #require(failure(extra: "recording: {forward: {sinks: {a: \(yaml)}}}\n"))
        #expect("\(found)".contains(message), "\(found)")
    }

    @Test(arguments: ["A: {command: [x]}", "\"1\": {command: [x]}", "a_b: {command: [x]}", ""])
    func names(_ sinks: String) {
        #expect(failure(extra: "recording: {forward: {sinks: {\(sinks)}}}\n") != nil)
    }

    @Test func aStageCannotHaveItsName() {
        #expect(failure(extra: "stages: {forwarder: {lane: request, command: [x]}}\n") != nil)
    }
}
