import ArgumentParser
import Configuration
import Contract
import Foundation
import PostgresRender
import Recording

/// `sluice sessions`: what was recorded.
struct SessionsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sessions", abstract: "List, count, search, show, replay, watch, export and end sessions.",
        subcommands: [
            List.self, Stats.self, Search.self, Show.self, Replay.self, Watch.self, Export.self, Kill.self,
            Hold.self, Release.self, Holds.self, Erase.self, Expire.self, Reindex.self,
        ])
}

extension SessionsCommand {
    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List recorded sessions, the latest first.")

        @OptionGroup var source: RecordingsOption
        @OptionGroup var filter: SessionFilter
        @Option(help: "At most this many sessions.") var limit = 50
        @Option(help: "table or json.") var format: OutputFormat = .table

        func validate() throws {
            guard limit > 0 else { throw ValidationError("--limit must be at least 1") }
        }

        func run() throws {
            let index = try source.index()
            let sessions = try index.list(filter.filter(limit: limit))
            switch format {
            case .json: try printJSON(sessions.map(SessionRow.init))
            case .table: printTable(sessions)
            }
        }

        private func printTable(_ sessions: [RecordingIndex.Session]) {
            guard !sessions.isEmpty else {
                print("no recorded sessions")
                return
            }
            let rows = sessions.map { session in
                [
                    session.id, session.identity, session.resource, session.protocolName,
                    isoTime(session.startedMicroseconds), session.endedMicroseconds.map(isoTime) ?? "open",
                    String(session.commands), String(session.bytes),
                ].map { TerminalText.escape($0) }
            }
            TextTable(
                columns: ["ID", "IDENTITY", "RESOURCE", "PROTOCOL", "STARTED", "ENDED", "COMMANDS", "BYTES"], rows: rows
            ).print()
        }
    }

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show what was recorded of one session.")

        @OptionGroup var source: RecordingsOption
        @Argument(help: "The session's id, or the beginning of it.") var id: String
        @Option(help: "table or json.") var format: OutputFormat = .table

        func run() throws {
            let index = try source.index()
            let session = try index.session(id)
            switch format {
            case .json:
                try printJSON(SessionRow(session))
            case .table:
                let locations = try source.locations(of: session, index)
                print(summary(session))
                var timeline = PostgresTimeline()
                try source.archive().forEachRecord(
                    of: session.id, in: locations
                ) { record throws(RecordingError) in write(timeline.render(record)) }
                write(timeline.finish())
            }
        }

        private func summary(_ session: RecordingIndex.Session) -> String {
            let groups = session.groups.isEmpty ? "" : " (\(session.groups.joined(separator: ", ")))"
            let end = session.endedMicroseconds.map { "\(isoTime($0)), \(session.endReason ?? "")" } ?? "open"
            let lines = [
                ("session", session.id), ("identity", session.identity + groups), ("resource", session.resource),
                ("protocol", session.protocolName), ("from", session.source),
                ("started", isoTime(session.startedMicroseconds)), ("ended", end),
                ("commands", "\(session.commands), \(session.refused) refused, \(session.held) held"),
                ("bytes", String(session.bytes)),
            ]
            return lines.map { name, value in
                name + String(repeating: " ", count: 10 - name.count) + TerminalText.escape(value)
            }.joined(separator: "\n") + "\n"
        }
    }

    struct Replay: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Replay a session as it happened.",
            discussion: """
                Pauses are those of the session, divided by --speed, and never longer than 5 seconds. With --step each command \
                waits for a line of input (Enter).
                """)
        private static let longestPause = 5.0

        @OptionGroup var source: RecordingsOption
        @Argument(help: "The session's id, or the beginning of it.") var id: String
        @Option(help: "How many times as fast.") var speed = 1.0
        @Flag(help: "Without pauses.") var noDelay = false
        @Flag(help: "Command by command, each when Enter is pressed.") var step = false

        func validate() throws {
            guard speed.isFinite, speed > 0 else { throw ValidationError("--speed must be above 0") }
        }

        func run() throws {
            let index = try source.index()
            let session = try index.session(id)
            var timeline = PostgresTimeline()
            var previous: UInt64?
            try source.archive().forEachRecord(
                of: session.id, in: source.locations(of: session, index)
            ) { record throws(RecordingError) in
                if step {
                    if case .command = record.event, previous != nil { _ = readLine() }
                } else if !noDelay, let previous, record.timeUs > previous {
                    let seconds = Double(record.timeUs - previous) / 1_000_000 / speed
                    Thread.sleep(forTimeInterval: min(seconds, Self.longestPause))
                }
                previous = record.timeUs
                write(timeline.render(record))
            }
            write(timeline.finish())
        }
    }
}

/// The keys of a session that scripts rely on.
private struct SessionRow: Encodable {
    var id: String
    var identity: String
    var groups: [String]
    var resource: String
    var `protocol`: String
    var source: String
    var started: String
    var ended: String?
    var reason: String?
    var commands: UInt64
    var bytes: UInt64
    var refused: UInt64
    var held: UInt64

    init(_ session: RecordingIndex.Session) {
        id = session.id
        identity = session.identity
        groups = session.groups
        resource = session.resource
        self.protocol = session.protocolName
        source = session.source
        started = isoTime(session.startedMicroseconds)
        ended = session.endedMicroseconds.map(isoTime)
        reason = session.endReason
        commands = session.commands
        bytes = session.bytes
        refused = session.refused
        held = session.held
    }

    private enum CodingKeys: String, CodingKey {
        case id, identity, groups, resource, `protocol`, source, started, ended, reason, commands, bytes, refused, held
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(id, forKey: .id)
        try container.encode(identity, forKey: .identity)
        try container.encode(groups, forKey: .groups)
        try container.encode(resource, forKey: .resource)
        try container.encode(self.protocol, forKey: .protocol)
        try container.encode(source, forKey: .source)
        try container.encode(started, forKey: .started)
        // An open session has the key too, with null.
        try container.encode(ended, forKey: .ended)
        try container.encode(reason, forKey: .reason)
        try container.encode(commands, forKey: .commands)
        try container.encode(bytes, forKey: .bytes)
        try container.encode(refused, forKey: .refused)
        try container.encode(held, forKey: .held)
    }
}

/// Unbuffered, so that a replay shows each line when it is due.
func write(_ text: String) {
    FileHandle.standardOutput.write(Data(text.utf8))
}
