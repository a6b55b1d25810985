import ArgumentParser
import Configuration
import Contract
import Foundation
import PostgresRender
import Recording

extension SessionsCommand {
    /// `sluice sessions export`: recordings as other programs read them.
    struct Export: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Write recorded sessions for other programs.",
            discussion: """
                jsonl: a record in each line, with the keys of the message Record in bus.proto as protobuf's JSON mapping \
                writes them: 64-bit numbers are strings, bytes are base64. csv: a row for each command. ocsf: an event for \
                each command, of OCSF's class Datastore Activity, in each line. text: as `show`. asciicast: version 2, of one \
                session, as asciinema plays it.
                Without an ID all sessions that match are written, the oldest first. `jsonl` of everything reads the segments \
                without the index: recorder after recorder of this host, and records that two recorders have come twice.
                """)

        @OptionGroup var source: RecordingsOption
        @OptionGroup var filter: SessionFilter
        @Argument(help: "The session's id, or the beginning of it.") var id: String?
        @Option(help: "jsonl, csv, ocsf, text or asciicast.") var format = Format.jsonl

        enum Format: String, ExpressibleByArgument, CaseIterable {
            case jsonl, csv, ocsf, text, asciicast

            fileprivate var exporter: any SessionExporter {
                switch self {
                case .jsonl: RecordLines()
                case .csv: CommandTable()
                case .ocsf: DatastoreActivityLines()
                case .text: Transcript()
                case .asciicast: Asciicast()
                }
            }
        }

        func validate() throws {
            guard format != .asciicast || id != nil else {
                throw ValidationError("an asciicast is of one session: give its ID")
            }
            guard id == nil || filter.isEmpty else { throw ValidationError("give an ID, or which sessions, not both") }
        }

        func run() throws {
            let archive = try source.archive()
            let output = LineOutput()
            guard format != .jsonl || id != nil || !filter.isEmpty else {
                try archive.forEachRecord { record throws(RecordingError) in output.write(try record.jsonLine()) }
                return output.flush()
            }
            let index = try source.index()
            let filter = filter.filter(limit: 0)
            var exporter = format.exporter
            output.write(Array(exporter.head.utf8))
            func write(_ session: RecordingIndex.Session, _ locations: [RecordingIndex.Location]) throws {
                output.write(Array(exporter.begin(session).utf8))
                try archive.forEachRecord(of: session.id, in: locations) {
                    record throws(RecordingError) in output.write(try exporter.add(record))
                }
                output.write(Array(exporter.end().utf8))
            }
            var absent = 0
            if let id {
                let session = try index.session(id)
                try write(session, source.locations(of: session, index))
            } else {
                var page = try index.page(filter, after: nil)
                while let last = page.last {
                    for session in page {
                        let parts = try index.parts(of: session.id)
                        if let absence = parts.absence {
                            absent += 1
                            Sluice.complain(
                                "session \(TerminalText.escape(session.id)): \(TerminalText.escape(absence))")
                        }
                        if !parts.here.isEmpty { try write(session, parts.here) }
                    }
                    page = try index.page(filter, after: last)
                }
            }
            output.flush()
            guard absent == 0 else {
                throw CommandFailure(
                    "\(absent) sessions were not exported, or not whole: run this where they are recorded")
            }
        }
    }
}

/// Standard output in large pieces.
private final class LineOutput {
    private static let chunkBytes = 256 << 10
    private var pending = Data()

    func write(_ line: [UInt8]) {
        pending.append(contentsOf: line)
        if pending.count >= Self.chunkBytes { flush() }
    }

    func flush() {
        FileHandle.standardOutput.write(pending)
        pending.removeAll(keepingCapacity: true)
    }
}

/// Writes sessions, one after the other.
protocol SessionExporter {
    /// Before the first session.
    var head: String { get }
    mutating func begin(_ session: RecordingIndex.Session) -> String
    mutating func add(_ record: Record) throws(RecordingError) -> [UInt8]
    mutating func end() -> String
}

extension SessionExporter {
    var head: String { "" }
    mutating func begin(_ session: RecordingIndex.Session) -> String { "" }
    mutating func end() -> String { "" }
}

private struct RecordLines: SessionExporter {
    func add(_ record: Record) throws(RecordingError) -> [UInt8] { try record.jsonLine() }
}

private struct Transcript: SessionExporter {
    private var timeline = PostgresTimeline()

    mutating func begin(_ session: RecordingIndex.Session) -> String {
        timeline = PostgresTimeline()
        return "── session \(TerminalText.escape(session.id))\n"
    }

    mutating func add(_ record: Record) -> [UInt8] { Array(timeline.render(record).utf8) }

    mutating func end() -> String { timeline.finish() }
}
