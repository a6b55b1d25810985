import ArgumentParser
import Contract
import Foundation
import PostgresRender
import Recording

extension SessionsCommand {
    /// `sluice sessions watch`: what sessions do now.
    struct Watch: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show what sessions do, as it is recorded.",
            discussion: """
                With an ID that session from its beginning until it ends; else all sessions, or those that --identity and \
                --resource name, from now on, until it is interrupted.
                """)

        /// Between two looks at the recordings.
        private static let interval = 0.25

        @OptionGroup var source: RecordingsOption
        @Argument(help: "The session's id, or the beginning of it.") var id: String?
        @Option(help: "Only sessions of this identity.") var identity: String?
        @Option(help: "Only sessions on this resource.") var resource: String?

        func run() throws {
            let recordings = try source.folder()
            let index = try RecordingIndex(recordings: recordings)
            let follower = RecordingFollower(recordings: recordings)
            var screen = Screen()
            if let id {
                let session = try index.session(id)
                try follower.start(from: index.locations(of: session.id))
                screen.add(session.id)
                while !screen.hasEnded(session.id) {
                    try follower.poll { record throws(RecordingError) in screen.show(record) }
                    if !screen.hasEnded(session.id) { Thread.sleep(forTimeInterval: Self.interval) }
                }
                return
            }
            try follower.start()
            let open = try index.list(
                .init(identity: identity, resource: resource, isOpen: true, limit: Int(Int32.max)))
            for session in open { screen.add(session.id) }
            while true {
                try follower.poll { record throws(RecordingError) in
                    if case .sessionStarted(let event) = record.event, isMeant(event) { screen.add(record.session) }
                    screen.show(record)
                }
                Thread.sleep(forTimeInterval: Self.interval)
            }
        }

        private func isMeant(_ event: SessionStarted) -> Bool {
            (identity == nil || identity == event.principal.name) && (resource == nil || resource == event.resource)
        }
    }

    /// Sessions side by side: where another one goes on its id stands before it.
    private struct Screen {
        private var timelines: [String: PostgresTimeline] = [:]
        /// Of sessions that two recorders have parts of, records come twice.
        private var shown: [String: UInt64] = [:]
        private var ended: Set<String> = []
        private var current = ""

        mutating func add(_ session: String) {
            if timelines[session] == nil { timelines[session] = PostgresTimeline() }
        }

        func hasEnded(_ session: String) -> Bool { ended.contains(session) }

        mutating func show(_ record: Record) {
            let session = record.session
            guard timelines[session] != nil, record.sequence > shown[session] ?? 0 else { return }
            shown[session] = record.sequence
            guard let text = timelines[session]?.render(record) else { return }
            if !text.isEmpty {
                if timelines.count > 1, current != session { write("── \(TerminalText.escape(session))\n") }
                current = session
                write(text)
            }
            if case .sessionEnded = record.event {
                ended.insert(session)
                timelines[session] = nil
            }
        }
    }
}
