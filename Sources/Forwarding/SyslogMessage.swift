import Configuration
import Contract
import Foundation
import Glibc
import OCSF
import Recording
import Telemetry

/// Events as messages of RFC 5424.
struct SyslogMessage {
    /// Longest value of the structured data, bytes; a longer one is cut between characters.
    static let maximumValueBytes = 256
    /// RFC 5424, section 6: HOSTNAME.
    private static let maximumHostBytes = 255
    /// Section 6.4: MSG is UTF-8.
    private static let mark: [UInt8] = [0xEF, 0xBB, 0xBF]

    private let facility: Int
    private let appName: String
    private let host: String
    private let dataName: String
    private let maximumBytes: Int

    init(_ settings: SyslogSettings, host: String = Self.hostName()) {
        facility = settings.facility.code
        appName = settings.appName
        self.host = host
        dataName = "sluice@\(settings.enterprise)"
        maximumBytes = settings.maximumBytes
    }

    /// The message without a frame, of at most the bytes that the settings allow: of a text that is too long, its beginning
    /// and its length.
    func bytes(_ event: ForwardedEvent) -> [UInt8] {
        let head = Array("\(header(event)) \(data(event)) ".utf8) + Self.mark
        let room = maximumBytes - head.count
        let whole = event.json
        guard whole.count > room else { return head + whole }
        // In JSON a byte of the text may take six.
        let around = event.shortened(to: 0).json.count
        for share in [1, 2, 6] where room > around {
            let shortened = event.shortened(to: (room - around) / share).json
            if shortened.count <= room { return head + shortened }
        }
        let least = Array("{\"metadata\":{\"uid\":\"\(Self.plain(event.id))\"},\"omitted_bytes\":\(whole.count)}".utf8)
        return head + least
    }

    private func header(_ event: ForwardedEvent) -> String {
        "<\(facility * 8 + event.name.severity)>1 \(LogEntry.timestamp(event.time * 1000)) \(host) \(appName) - "
            + event.name.rawValue
    }

    private func data(_ event: ForwardedEvent) -> String {
        var values = [
            ("id", event.id), ("session", event.session.id), ("identity", event.session.identity),
            ("resource", event.session.resource), ("source", event.session.source),
        ]
        if let entry = event.entry {
            values.append(("command", "\(entry.number)"))
            values.append(("rule", entry.rule))
            values.append(("status", entry.status))
            values.append(("approval", entry.holds.last ?? ""))
        }
        let fields = values.filter { !$0.1.isEmpty }.map { " \($0.0)=\"\(Self.escaped($0.1))\"" }
        return "[\(dataName)\(fields.joined())]"
    }

    /// PARAM-VALUE: `"`, `\` and `]` have a `\` before them (section 6.3.3). Control characters become blanks.
    static func escaped(_ value: String) -> String {
        var result = ""
        var count = 0
        for scalar in value.unicodeScalars {
            count += String(scalar).utf8.count
            guard count <= maximumValueBytes else { return result + "…" }
            switch scalar {
            case "\"", "\\", "]": result += "\\" + String(scalar)
            default: result += scalar.value < 0x20 || (0x7f...0x9f).contains(scalar.value) ? " " : String(scalar)
            }
        }
        return result
    }

    /// What may stand in a JSON string as it is.
    private static func plain(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.filter { $0.value >= 0x20 && $0 != "\"" && $0 != "\\" }))
    }

    /// Visible ASCII, or the nil value.
    static func hostName() -> String {
        var name = [CChar](repeating: 0, count: maximumHostBytes + 1)
        guard gethostname(&name, maximumHostBytes) == 0 else { return "-" }
        let bytes = name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }.filter { (0x21...0x7e).contains($0) }
        return bytes.isEmpty ? "-" : String(decoding: bytes, as: UTF8.self)
    }
}

extension ForwardedEventName {
    /// RFC 5424, table 2: informational, notice, warning.
    fileprivate var severity: Int {
        switch self {
        case .started, .ended, .allowed: 6
        case .held, .reviewed: 5
        case .refused, .killed: 4
        }
    }
}

extension ForwardedEvent {
    /// Texts cut to `limit` bytes of UTF-8, between characters, with what they were.
    func shortened(to limit: Int) -> ForwardedEvent {
        changing { entry in
            entry.text = Self.cut(entry.text, limit * 3 / 4)
            entry.error = Self.cut(entry.error, limit / 8)
            entry.reason = Self.cut(entry.reason, limit / 8)
        }
    }

    private static func cut(_ text: String, _ limit: Int) -> String {
        let size = text.utf8.count
        guard size > limit else { return text }
        let note = "… (\(size) bytes)"
        var end = text.utf8.index(text.startIndex, offsetBy: max(0, limit - note.utf8.count))
        while end > text.startIndex, end.samePosition(in: text.unicodeScalars) == nil {
            end = text.utf8.index(before: end)
        }
        return text[..<end] + note
    }
}
