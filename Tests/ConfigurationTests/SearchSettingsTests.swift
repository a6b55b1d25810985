import Configuration
import StrictYAML
import Testing

@Suite struct SearchSettingsTests {
    private static func parse(_ recording: String) throws -> RecordingSettings {
        try Configuration.parse(
            """
            state: ./state
            listeners: {postgres: 127.0.0.1:15432}
            resources:
              - {name: orders, protocol: postgres, target: 127.0.0.1:1/o, tls: disable, credentials: {user: u, password: {env: P}}}
            policy: policy.yaml
            \(recording)
            """, file: "/srv/sluice.yaml"
        ).recording
    }

    @Test func whatIsSearched() throws {
        for (text, search) in [
            ("", RecordingSettings.Search.commands), ("recording: {segment: 1MiB}", .commands),
            ("recording: {search: off}", .off), ("recording: {search: commands}", .commands),
            ("recording: {search: output, segment: 1MiB}", .output),
        ] { #expect(try Self.parse(text).search == search, "\(text)") }
        for text in ["recording: {search: on}", "recording: {search: [off]}"] {
            #expect(throws: ConfigurationError.self, "\(text)") { try Self.parse(text) }
        }
    }
}
