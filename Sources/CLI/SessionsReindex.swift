import Archive
import ArgumentParser
import Configuration
import Foundation
import PostgresRender
import Recording
import Retention
import SharedIndex

/// `--recordings`, for the commands that read recordings.
struct RecordingsOption: ParsableArguments {
    @OptionGroup var config: ConfigOption
    @Option(help: "A folder of recordings, by default the configuration's: a copy, or those of several hosts together.")
    var recordings: String?

    @OptionGroup var decryption: DecryptionOption

    /// Reads through to the configuration's archive. A copy may be read where there is no configuration.
    func access() throws -> RecordingAccess {
        var access = RecordingAccess(keys: try decryption.keys())
        if recordings == nil || config.exists {
            access.source = CachedSegments.of(try config.load(), recordings: try folder())
        }
        return access
    }

    /// The configuration's index; that of a folder which was named is in the folder.
    func index() throws -> RecordingIndex {
        if let recordings { return try RecordingIndex(recordings: recordings, access: access()) }
        return try RecordingIndex.open(config.load(), access: access())
    }

    /// What of a session's records is here. Says where the others are.
    ///
    /// - Throws: when all of them are elsewhere.
    func locations(of session: RecordingIndex.Session, _ index: RecordingIndex) throws -> [RecordingIndex.Location] {
        let parts = try index.parts(of: session.id)
        guard let absence = parts.absence else { return parts.here }
        let text = "session \(TerminalText.escape(session.id)): \(TerminalText.escape(absence))"
        guard !parts.here.isEmpty else { throw CommandFailure("\(text): run this command there") }
        Sluice.complain("\(text), and is not read")
        return parts.here
    }

    func archive() throws -> RecordingArchive { RecordingArchive(recordings: try folder(), access: try access()) }

    func folder() throws -> String {
        if let recordings { return recordings }
        return try config.load().state.recordings
    }
}

/// `--decryption-key`, for the commands that read recordings.
struct DecryptionOption: ParsableArguments {
    @Option(
        name: .customLong("decryption-key"), parsing: .singleValue,
        help: "A PEM file with the private key of a recipient, to read what is encrypted; may be given more than once.")
    var files: [String] = []

    func keys() throws -> DecryptionKeys? { files.isEmpty ? nil : try DecryptionKeys(files: files) }
}

extension SessionsCommand {
    /// `sluice sessions reindex`: the list of sessions, made anew from what is recorded.
    struct Reindex: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make the list of sessions anew from the recordings.",
            discussion: """
                For a copy, after folders of recorders were put together or moved, or when the index is damaged: then remove \
                index.sqlite, index.sqlite-wal and index.sqlite-shm first, while no recorder runs. Recorders may run \
                otherwise. Segments are only read. In a database of several hosts only this host's sessions are made anew.
                """)

        @OptionGroup var source: RecordingsOption

        func run() throws {
            guard try source.decryption.files.isEmpty == false || !source.archive().isEncrypted() else {
                throw CommandFailure(
                    "the recordings are encrypted: give --decryption-key, or the list would lose what only the records say"
                )
            }
            let index = try source.index()
            try index.rebuild()
            try remakeWords(index.recordings, try source.access())
            let replicas = try source.archive().replicas()
            print("read \(replicas.count) recorders' folders in \(index.recordings)")
        }

        /// A search index that is there is made anew too, by the recorder that keeps it when one does.
        private func remakeWords(_ recordings: String, _ access: RecordingAccess) throws {
            let path = recordings + "/" + SearchIndex.fileName
            guard FileManager.default.fileExists(atPath: path) else { return }
            let content = try SearchIndex.content(of: path, recordings)
            do throws(RecordingError) {
                let index = try SearchIndex(writing: path, of: recordings, content, access: access)
                try index.clear()
                try index.update(replies: RecordedReplies())
            } catch {
                guard error.code == .locked else { throw error }
                try SearchIndex(reading: path, of: recordings).clear()
            }
        }
    }
}
