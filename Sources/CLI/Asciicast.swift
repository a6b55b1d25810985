import Contract
import Foundation
import PostgresRender
import Recording

/// A session as a terminal recording: asciicast version 2 (docs.asciinema.org/manual/asciicast/v2).
struct Asciicast: SessionExporter {
    private static let columns = 120
    private static let rows = 40

    private struct Header: Encodable {
        let version = 2
        let width = columns
        let height = rows
        /// Unix time, seconds.
        let timestamp: UInt64
        let title: String
    }

    private var timeline = PostgresTimeline()
    private var start: UInt64 = 0
    /// Of the last record.
    private var latest: UInt64 = 0

    mutating func begin(_ session: RecordingIndex.Session) -> String {
        start = session.startedMicroseconds
        latest = start
        let title = "\(session.identity) on \(session.resource), session \(session.id)"
        return Self.json(Header(timestamp: start / 1_000_000, title: title)) + "\n"
    }

    mutating func add(_ record: Record) -> [UInt8] {
        latest = max(latest, record.timeUs)
        return Array(event(timeline.render(record), at: record.timeUs).utf8)
    }

    mutating func end() -> String { event(timeline.finish(), at: latest) }

    private func event(_ text: String, at time: UInt64) -> String {
        guard !text.isEmpty else { return "" }
        let microseconds = time > start ? time - start : 0
        let fraction = String(microseconds % 1_000_000)
        let seconds =
            "\(microseconds / 1_000_000)." + String(repeating: "0", count: 6 - fraction.utf8.count) + fraction
        return "[\(seconds), \"o\", \(Self.json(text.replacing("\n", with: "\r\n")))]\n"
    }

    private static func json(_ value: some Encodable) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            return String(decoding: try encoder.encode(value), as: UTF8.self)
        } catch {
            preconditionFailure("numbers and strings always encode: \(error)")
        }
    }
}
