import ArgumentParser
import Configuration
import Foundation
import Identity
import PostgresRender
import Recording
import SharedIndex

extension SessionsCommand {
    /// `sluice sessions kill`: ends a session that goes on.
    struct Kill: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "End a session that goes on.",
            discussion: """
                The client is told so (57P01), what its target runs is cancelled, and what it waits for approval of is given up. The \
                end is recorded with the reason. It may connect again: `sluice token revoke` ends an account. Run it on \
                the host of the session's ingress.
                """)

        /// Seconds to wait for the recorded end, and between two looks.
        private static let patience = 10.0
        private static let interval = 0.1

        @OptionGroup var config: ConfigOption
        @Argument(help: "The session's id, or the beginning of it.") var id: String
        @Option(help: "Why; recorded, and told to the client.") var reason = ""

        func run() throws {
            let configuration = try config.load()
            let state = configuration.state
            let index = try RecordingIndex.open(configuration)
            let session = try index.session(id)
            guard session.endedMicroseconds == nil else {
                throw CommandFailure("session \(session.id) has ended already")
            }
            try IdentityStore(path: state.identities).end(session: session.id, reason: reason)
            let end = Date(timeIntervalSinceNow: Self.patience)
            while Date() < end {
                if try index.session(session.id).endedMicroseconds != nil {
                    return print("session \(session.id) of \(TerminalText.escape(session.identity)) is ended")
                }
                Thread.sleep(forTimeInterval: Self.interval)
            }
            let absence = try index.parts(of: session.id).absence.map { "; \(TerminalText.escape($0))" } ?? ""
            throw CommandFailure(
                "session \(session.id) is not recorded as ended after \(Int(Self.patience)) s: it ends when an ingress that has it "
                    + "reads \(state.identities)\(absence)")
        }
    }
}
