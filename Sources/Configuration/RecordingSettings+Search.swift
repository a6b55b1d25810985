extension RecordingSettings {
    /// What of recordings recorders keep an index of, for `sluice sessions search`: `recording.search`.
    public enum Search: String, Sendable, CaseIterable {
        case off
        /// Texts and parameters of commands.
        case commands
        /// What clients saw of replies too.
        case output
    }
}
