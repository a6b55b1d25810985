import Archive
import ArgumentParser
import Configuration
import Recording

/// `--recordings`, for the commands that read recordings.
struct RecordingsOption: ParsableArguments {
    @OptionGroup var config: ConfigOption
    @Option(help: "A folder of recordings, by default the configuration's: a copy, or those of several hosts together.")
    var recordings: String?

    func folder() throws -> String {
        if let recordings { return recordings }
        return try config.load().state.recordings
    }

    /// Reads through to the configuration's archive.
    func archive() throws -> RecordingArchive {
        let recordings = try folder()
        return RecordingArchive(recordings: recordings, source: try segments(recordings))
    }

    func index() throws -> RecordingIndex {
        let recordings = try folder()
        return try RecordingIndex(recordings: recordings, source: try segments(recordings))
    }

    /// A copy may be read where there is no configuration.
    func segments(_ recordings: String) throws -> CachedSegments? {
        guard self.recordings == nil || config.exists else { return nil }
        return CachedSegments.of(try config.load(), recordings: recordings)
    }
}

extension SessionsCommand {
    /// `sluice sessions reindex`: the list of sessions, made anew from what is recorded.
    struct Reindex: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make the list of sessions anew from the recordings.",
            discussion: """
                For a copy, after folders of recorders were put together or moved, or when the index is damaged: then remove \
                index.sqlite, index.sqlite-wal and index.sqlite-shm first, while no recorder runs. Recorders may run \
                otherwise. Segments are only read.
                """)

        @OptionGroup var source: RecordingsOption

        func run() throws {
            let recordings = try source.folder()
            try source.index().rebuild()
            let replicas = try RecordingArchive(recordings: recordings).replicas()
            print("read \(replicas.count) recorders' folders in \(recordings)")
        }
    }
}
