import Archive
import ArgumentParser
import Configuration
import Foundation
import PostgresRender
import Recording
import Retention
import SharedIndex

/// What is kept, what is removed, and what nobody may remove. Recorders do it on order, and note it first.
extension SessionsCommand {
    /// `sluice sessions hold`: a legal hold.
    struct Hold: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Keep a session, whatever its retention is, until it is released.",
            discussion:
                "The segments that hold the session are neither removed nor erased. More of a session that goes on "
                + "is held by giving the command again.")

        @OptionGroup var config: ConfigOption
        @Argument(help: "The session's id, or the beginning of it.") var id: String
        @Option(help: "The hold's name, for `release`; several sessions may have one name.") var name: String
        @Option(help: "Why.") var reason: String

        func run() throws {
            let configuration = try config.load()
            let index = try RecordingIndex.open(configuration)
            let found = try SessionSegments.toHold(id, index, configuration)
            let keys = try RecorderKeys(configuration)
            let archive = RecordingArchive(recordings: index.recordings)
            var gone: [String] = []
            for (replica, segments) in found.ranges {
                let directory = index.recordings + "/" + replica
                let present = try LegalHold.all(in: directory, signedBy: keys.verification)
                for range in segments {
                    if !present.contains(where: { $0.name == name && $0.segments == range && $0.problem == nil }) {
                        try LegalHold(name, range, reason: reason).place(
                            in: directory, key: keys.present, former: keys.former)
                    }
                    gone += try archive.removed(range, of: replica).map { "\(replica), segment \($0)" }
                }
            }
            guard gone.isEmpty else {
                throw CommandFailure(
                    "these were removed or erased before: \(gone.joined(separator: "; ")). What else there is of session "
                        + "\(found.session) here is held as \(name)")
            }
            try found.requireAll("held")
            print("session \(found.session) is held as \(name)")
        }
    }

    /// `sluice sessions release`.
    struct Release: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "End a legal hold.")

        @OptionGroup var config: ConfigOption
        @Argument(help: "The hold's name.") var name: String

        func run() throws {
            let configuration = try config.load()
            let recordings = configuration.state.recordings
            let keys = try RecorderKeys(configuration)
            var count = 0
            for replica in try RecordingArchive(recordings: recordings).replicas() {
                let directory = recordings + "/" + replica
                for hold in try LegalHold.all(in: directory, signedBy: keys.verification) where hold.name == name {
                    try hold.release(in: directory, key: keys.present)
                    count += 1
                }
            }
            guard count > 0 else {
                throw CommandFailure("there is no hold named \(name): `sluice sessions holds` lists them")
            }
            print("released \(name)")
        }
    }

    /// `sluice sessions holds`.
    struct Holds: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List legal holds.")

        @OptionGroup var config: ConfigOption
        @Option(help: "table or json.") var format: OutputFormat = .table

        private struct Row: Encodable {
            let name: String
            let replica: String
            let first: UInt64
            let last: UInt64
            let reason: String?
            let problem: String?
        }

        func run() throws {
            let configuration = try config.load()
            let recordings = configuration.state.recordings
            let keys = try RecorderKeys(configuration).verification
            var rows: [Row] = []
            for replica in try RecordingArchive(recordings: recordings).replicas() {
                rows += try LegalHold.all(in: recordings + "/" + replica, signedBy: keys).map {
                    Row(
                        name: $0.name, replica: replica, first: $0.segments.lowerBound, last: $0.segments.upperBound,
                        reason: $0.reason, problem: $0.problem)
                }
            }
            switch format {
            case .json: try printJSON(rows)
            case .table:
                guard !rows.isEmpty else { return print("no holds") }
                TextTable(
                    columns: ["NAME", "RECORDER", "SEGMENTS", "REASON"],
                    rows: rows.map {
                        [
                            $0.name, $0.replica, $0.first == $0.last ? "\($0.first)" : "\($0.first)-\($0.last)",
                            $0.problem.map { "(holds, but is not proven: \($0))" } ?? $0.reason ?? "",
                        ].map { TerminalText.escape($0) }
                    }
                ).print()
            }
        }
    }

    /// `sluice sessions erase`.
    struct Erase: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Destroy what is recorded of a session, for ever.",
            discussion: """
                Destroys the data keys of the segments that hold the session; with --remove the segment files themselves, \
                which is the only way where recordings are not encrypted. Other sessions in the same segments go with it: \
                --with-others says that this is meant. Nothing under legal hold is touched. The recording notes it, and goes \
                on to prove itself.
                """)

        @OptionGroup var config: ConfigOption
        @Argument(help: "The session's id, or the beginning of it.") var id: String
        @Option(help: "Why; one line, which the recording keeps.") var reason: String
        @Flag(help: "Remove the segment files.") var remove = false
        @Flag(help: "Other sessions in the same segments too.") var withOthers = false

        func run() throws {
            let configuration = try config.load()
            guard remove || configuration.recording.encryption != nil else {
                throw CommandFailure(
                    "the recordings are not encrypted, so there are no data keys to destroy: --remove removes segment files"
                )
            }
            let index = try RecordingIndex.open(configuration)
            let session = try index.session(id)
            guard session.endedMicroseconds != nil else {
                throw CommandFailure(
                    "session \(session.id) goes on: end it first, `sluice sessions kill \(session.id)`")
            }
            let segments = try SessionSegments(session.id, index)
            let others = try segments.others(
                index, RecorderKeys(configuration).verification, .withArchive(configuration))
            guard others.isEmpty || withOthers else {
                throw CommandFailure(
                    "its segments hold \(others.count) other sessions, which would go too: --with-others if that is meant"
                )
            }
            let orders = segments.ranges.flatMap { replica, ranges in
                ranges.map { range in
                    PlacedOrder(replica: replica, RemovalOrder(remove ? .remove : .erase, range, reason: reason))
                }
            }
            let keys = try RecorderKeys(configuration)
            try CommandFailure.report(RemovalOrders(configuration, index, keys).carryOut(orders).problems)
            try segments.requireAll(remove ? "removed" : "erased")
            print("session \(session.id) is \(remove ? "removed" : "erased")")
        }
    }

    /// `sluice sessions expire`: retention.
    struct Expire: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Remove segments that `recording.retention` does not keep any more.",
            discussion: """
                A segment goes when all sessions in it have ended and are past their time. sluice-expirer does the same \
                by itself. Nothing under legal hold is touched.
                """)

        @OptionGroup var config: ConfigOption
        @Flag(help: "Say what would be removed, and remove nothing.") var dryRun = false

        func run() throws {
            let configuration = try config.load()
            let index = try RecordingIndex.open(configuration)
            let keys = try RecorderKeys(configuration)
            guard let retention = configuration.recording.retention else {
                if !dryRun {
                    try CommandFailure.report(RemovalOrders(configuration, index, keys).carryOut([]).problems)
                }
                throw CommandFailure("nothing expires: \(configuration.file) has no recording.retention")
            }
            // Whoever gives the command has looked at the clock.
            let now = Date()
            let due = try RetentionDue(
                index, .withArchive(configuration), retention, signedBy: keys.verification, now: now)
            for held in due.held { print("kept: \(held.segments), held as \(held.hold)") }
            for segments in due.segments { print("due: \(segments)") }
            if due.segments.isEmpty { print("nothing to remove") }
            guard !dryRun else { return try CommandFailure.report(due.problems) }
            let done = RemovalOrders(configuration, index, keys).carryOut(due.orders)
            for order in done.orders { print("removed: \(order.place)") }
            try RetentionClock(configuration.state.recordings).note(now)
            try CommandFailure.report(due.problems + done.problems)
        }
    }
}

/// The segments here that hold a session.
private struct SessionSegments {
    let ranges: [(replica: String, segments: [ClosedRange<UInt64>])]
    let session: String
    /// Where the other ones are; nil: there is none.
    private let absence: String?

    /// Seconds that a list of sessions has to be brought up to date.
    private static let patience = 5.0
    private static let interval = 0.05

    /// - Throws: when all of them are elsewhere, or the list of sessions is behind.
    init(_ session: String, _ index: RecordingIndex) throws {
        self.session = session
        try Self.waitForList(index)
        let parts = try index.parts(of: session)
        absence = parts.absence.map { TerminalText.escape($0) }
        if parts.here.isEmpty, let absence {
            throw CommandFailure("session \(session): \(absence): run this command there")
        }
        ranges = Self.ranges(parts.here)
    }

    private init(_ session: String, here: [RecordingIndex.Location]) {
        self.session = session
        ranges = Self.ranges(here)
        absence = nil
    }

    /// While the database of the list is away, what is recorded here says it: a hold does not wait.
    static func toHold(_ id: String, _ index: RecordingIndex, _ configuration: Configuration) throws -> SessionSegments
    {
        do {
            return try SessionSegments(index.session(id).id, index)
        } catch let error as RecordingError where index.isShared && error.code == .storage {
            Sluice.complain("\(error); the session is looked for in what is recorded here")
            let found = try RecordingArchive.withArchive(configuration).locations(ofSession: id)
            return SessionSegments(found.session, here: found.locations)
        }
    }

    private static func ranges(
        _ locations: [RecordingIndex.Location]
    ) -> [(replica: String, segments: [ClosedRange<UInt64>])] {
        Dictionary(grouping: locations, by: \.replica).sorted { $0.key < $1.key }.map {
            ($0.key, SegmentRanges.of($0.value.map(\.segment)))
        }
    }

    /// - Parameter done: what was done with those here.
    /// - Throws: when there are others.
    func requireAll(_ done: String) throws {
        guard let absence else { return }
        throw CommandFailure("session \(session) is \(done) here only: \(absence): run this command there too")
    }

    /// What is recorded by now has to be in the list: it may be in segments that this is about.
    private static func waitForList(_ index: RecordingIndex) throws {
        let archive = RecordingArchive(recordings: index.recordings)
        let end = Date(timeIntervalSinceNow: patience)
        for replica in try archive.replicas() {
            let last = try archive.lastBlock(of: replica)
            while try !index.hasRead(replica, through: last) {
                guard Date() < end else {
                    throw CommandFailure(
                        "the list of sessions is behind the recording of \(replica): give the command again when its recorder runs, or "
                            + "after `sluice sessions reindex`")
                }
                Thread.sleep(forTimeInterval: interval)
            }
        }
    }

    /// Other sessions in these segments: those that the list has there, and those that sealed segments say themselves.
    func others(
        _ index: RecordingIndex, _ keys: [VerificationKey], _ archive: RecordingArchive
    ) throws -> Set<String> {
        var found: Set<String> = []
        for (replica, segments) in ranges {
            let sealed = Set(try archive.sealedSegments(of: replica))
            for range in segments {
                found.formUnion(try index.sessions(in: range, of: replica, beside: session))
                for segment in range where sealed.contains(segment) {
                    found.formUnion(try archive.contents(of: segment, in: replica, signedBy: keys).sessions.keys)
                }
            }
        }
        found.remove(session)
        return found
    }
}
