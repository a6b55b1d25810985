import StrictYAML
import Testing

@testable import Configuration

@Suite struct RetentionTests {
    private static let head = """
        state: s
        listeners: {postgres: 127.0.0.1:1}
        resources: [{name: orders, protocol: postgres, target: "h:1/d", credentials: {user: u}}]
        policy: p.yaml

        """

    private func retention(_ text: String) throws -> RecordingRetention? {
        try Configuration.parse(Self.head + text, file: "/srv/sluice.yaml").recording.retention
    }

    @Test func theLongestExceptionCounts() throws {
        let found = try #require(
            try retention(
                """
                recording:
                  retention:
                    keep: 10d
                    exceptions:
                      - {rule: pii, keep: 2d}
                      - {resource: orders, keep: 30d}
                      - {rule: pii, resource: orders, keep: 60d}
                """))
        let day = 86_400
        #expect(found.seconds(resource: "x", rules: []) == 10 * day)
        #expect(found.seconds(resource: "x", rules: ["pii"]) == 2 * day)
        #expect(found.seconds(resource: "orders", rules: ["other"]) == 30 * day)
        #expect(found.seconds(resource: "orders", rules: ["pii"]) == 60 * day)
    }

    /// A misspelt name would have it go after the short time.
    @Test func anExceptionIsAboutAResourceThatThereIs() {
        #expect {
            try retention("recording: {retention: {keep: 1d, exceptions: [{resource: ordres, keep: 10d}]}}")
        } throws: { "\($0)".contains("an exception for “ordres”, which is no resource") }
    }

    @Test func whatIsNotNamedIsKept() throws {
        #expect(try retention("") == nil)
        let found = try retention("recording: {retention: {exceptions: [{resource: orders, keep: 1h}]}}")
        #expect(found?.seconds(resource: "x", rules: []) == .some(nil))
    }

    @Test func anExpirerRunsWithRetentionAlone() throws {
        #expect(try retention("recording: {retention: {keep: 1d}}")?.everySeconds == 3600)
        #expect(try retention("recording: {retention: {keep: 1d, every: 10m}}")?.everySeconds == 600)
        for (text, seconds) in [
            ("{keep: 400d}", 86_400), ("{keep: 10h}", 3600), ("{keep: 10h, exceptions: [{rule: a, keep: 1s}]}", 60),
            ("{}", nil),
        ] as [(String, Int?)] {
            #expect(try retention("recording: {retention: \(text)}")?.segmentSeconds == seconds, "\(text)")
        }
        for (text, runs) in [("", false), ("recording: {retention: {keep: 1d}}", true)] {
            let configuration = try Configuration.parse(Self.head + text, file: "/srv/sluice.yaml")
            #expect(configuration.runs(.expirer) == runs)
            #expect(configuration.startOrder.map(\.name).contains("expirer") == runs)
        }
    }

    @Test(arguments: [
        "{keep: 1d, every: 0s}", "{keep: 1d, every: 8d}", "{keep: never}", "{exceptions: [{keep: 1d}]}",
        "{exceptions: [{rule: a}]}", "{for: 1d}",
    ])
    func mistakesAreNamed(text: String) {
        #expect(throws: ConfigurationError.self) { try retention("recording: {retention: \(text)}") }
    }
}
