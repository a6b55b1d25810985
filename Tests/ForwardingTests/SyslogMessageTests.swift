import Configuration
import Contract
import Foundation
import OCSF
import Recording
import Testing

@testable import Forwarding

/// RFC 5424, and its limits.
@Suite struct SyslogMessageTests {
    private static func settings(_ more: String = "") throws -> SyslogSettings {
        let yaml = """
            state: ./state
            listeners: {postgres: 127.0.0.1:15432}
            resources: [{name: orders, protocol: postgres, target: 127.0.0.1:5432/orders, credentials: {user: app}}]
            policy: policy.yaml
            recording: {forward: {sinks: {siem: {syslog: {address: "tcp://127.0.0.1:514"\(more)}}}}}
            """
        let configuration = try Configuration.parse(yaml, file: "/srv/sluice.yaml")
        guard case .syslog(let settings)? = configuration.recording.forward?.sinks.first?.kind else {
            throw ForwardError(.settings, "no syslog")
        }
        return settings
    }

    private static func event(_ text: String, rule: String = "anything") throws -> ForwardedEvent {
        var scene = Scene("s-1")
        scene.start(identity: "agent \"1\"]\\")
        scene.receive(text, .refuse, rule: rule)
        scene.finish("refused")
        var stream = EventStream { _ in nil }
        let events = try scene.takeRecords().flatMap {
            try stream.add($0, in: BlockKey(replica: "recorder-0", block: 1))
        }
        return events[1]
    }

    @Test func hasTheFormOfTheStandard() throws {
        let message = SyslogMessage(try Self.settings(", facility: local3, app_name: gate"), host: "host-1")
        let bytes = message.bytes(try Self.event("SELECT 'ü'"))
        let text = try #require(String(validating: bytes, as: UTF8.self))
        // local3.warning: 19 × 8 + 4.
        #expect(
            text.wholeMatch(
                of:
                    /<156>1 \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z host-1 gate - refused \[sluice@32473 [^\n]*\] \u{FEFF}\{[^\n]*\}/
            )
                != nil, "\(text)")
        #expect(text.contains(#"identity="agent \"1\"\]\\""#))
        #expect(text.contains(#"id="s-1/1""#) && text.contains(#"command="1""#))
        #expect(text.contains("SELECT 'ü'"))
    }

    @Test(arguments: [
        (#"a"b"#, #"a\"b"#), (#"a\b"#, #"a\\b"#), ("a]b", #"a\]b"#), ("a\nb\u{7f}c\u{85}d", "a b c d"), ("ü", "ü"),
    ])
    func escapes(_ value: String, _ expected: String) {
        #expect(SyslogMessage.escaped(value) == expected)
    }

    /// Whatever the text is made of, the message stays within its bound, is whole UTF-8, and its JSON is whole.
    @Test(arguments: ["x", "ü", "漢", "😀", "\"", "\u{01}", "\\"])
    func longTextsAreSummarised(_ unit: String) throws {
        let message = SyslogMessage(try Self.settings(", max_message: 2KiB"), host: "h")
        for count in [10, 400, 700, 1500, 2000, 3000, 100_000] {
            let text = String(repeating: unit, count: count)
            let bytes = message.bytes(try Self.event(text))
            #expect(bytes.count <= 2048, "\(unit) × \(count)")
            let decoded = try #require(String(validating: bytes, as: UTF8.self), "\(unit) × \(count)")
            let json = try #require(decoded.split(separator: "\u{FEFF}", maxSplits: 1).last)
            let object = try #require(try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any])
            #expect((object["metadata"] as? [String: Any])?["uid"] as? String == "s-1/1")
            if count == 100_000 {
                let shown = (object["query_info"] as? [String: Any])?["query_string"] as? String
                #expect(shown?.contains("(\(text.utf8.count) bytes)") == true, "\(shown ?? "")")
            }
        }
    }

    @Test func aLongRuleIsCut() throws {
        let message = SyslogMessage(try Self.settings(", max_message: 2KiB"), host: "h")
        let bytes = message.bytes(try Self.event("SELECT 1", rule: String(repeating: "ü", count: 5000)))
        #expect(bytes.count <= 2048)
        #expect(String(validating: bytes, as: UTF8.self) != nil)
    }
}
