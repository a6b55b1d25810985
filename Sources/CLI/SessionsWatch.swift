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
                --resource name, from now on, until it is interrupted. Sessions whose recorders are on other hosts are watched there.
                """)

        /// Between two looks at the recordings.
        private static let interval = 0.25

        @OptionGroup var source: RecordingsOption
        @Argument(help: "The session's id, or the beginning of it.") var id: String?
        @Option(help: "Only sessions of this identity.") var identity: String?
        @Option(help: "Only sessions on this resource.") var resource: String?

        func run() throws {
            let index = try source.index()
            let follower = RecordingFollower(recordings: index.recordings, access: try source.access())
            // Before what is there is read: what comes between is then seen twice, and shown once.
            try follower.start()
            if let id { return try watch(index.session(id), index, follower) }
            var screen = Screen()
            while true {
                try follower.poll { record throws(RecordingError) in
                    if screen.isUnknown(record.session), let isMeant = try isMeant(record, index) {
                        screen.add(record.session, isMeant: isMeant)
                    }
                    screen.show(record)
                }
                Thread.sleep(forTimeInterval: Self.interval)
            }
        }

        private func watch(
            _ session: RecordingIndex.Session, _ index: RecordingIndex, _ follower: RecordingFollower
        ) throws {
            var screen = Screen()
            var hasEnded = false
            screen.add(session.id, isMeant: true)
            func show(_ record: Record) {
                guard record.session == session.id else { return }
                screen.show(record)
                if case .sessionEnded = record.event { hasEnded = true }
            }
            try source.archive().forEachRecord(
                of: session.id, in: source.locations(of: session, index)
            ) { record throws(RecordingError) in show(record) }
            while !hasEnded {
                try follower.poll { record throws(RecordingError) in show(record) }
                if !hasEnded { Thread.sleep(forTimeInterval: Self.interval) }
            }
        }

        /// Of a session that is not known yet: by its beginning, or by the index when that was before. Nil: that is behind by a
        /// moment, and the session's next record may tell.
        private func isMeant(_ record: Record, _ index: RecordingIndex) throws(RecordingError) -> Bool? {
            if case .sessionStarted(let event) = record.event { return isMeant(event) }
            guard !record.session.isEmpty else { return false }
            do throws(RecordingError) {
                let session = try index.session(record.session)
                return (identity == nil || identity == session.identity)
                    && (resource == nil || resource == session.resource)
            } catch {
                guard error.code == .notFound else { throw error }
                return identity == nil && resource == nil ? true : nil
            }
        }

        private func isMeant(_ event: SessionStarted) -> Bool {
            (identity == nil || identity == event.principal.name) && (resource == nil || resource == event.resource)
        }
    }

    /// Sessions side by side: where another one goes on its id stands before it.
    private struct Screen {
        private struct Shown {
            var timeline = PostgresTimeline()
            /// Of sessions that two recorders have parts of, records come twice.
            var sequence: UInt64 = 0
            let isMeant: Bool
        }

        private var sessions: [String: Shown] = [:]
        private var current = ""

        func isUnknown(_ session: String) -> Bool { sessions[session] == nil }

        mutating func add(_ session: String, isMeant: Bool) { sessions[session] = Shown(isMeant: isMeant) }

        mutating func show(_ record: Record) {
            let session = record.session
            guard var shown = sessions[session] else { return }
            if shown.isMeant, record.sequence > shown.sequence {
                shown.sequence = record.sequence
                let text = shown.timeline.render(record)
                if !text.isEmpty {
                    if sessions.count > 1, current != session { write("── \(TerminalText.escape(session))\n") }
                    current = session
                    write(text)
                }
            }
            sessions[session] = shown
            if case .sessionEnded = record.event { sessions[session] = nil }
        }
    }
}
