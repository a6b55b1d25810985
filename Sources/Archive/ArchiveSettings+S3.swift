import Configuration
import Recording

extension S3Settings {
    /// What the configuration says, with its secrets resolved.
    public init(_ settings: ArchiveSettings) throws(SecretError) {
        self.init(
            endpoint: settings.endpoint, bucket: settings.bucket, region: settings.region,
            isPathStyle: settings.addressing == .path,
            credentials: S3Credentials(
                accessKey: try settings.accessKey.resolve(), secretKey: try settings.secretKey.resolve()),
            certificateAuthority: settings.certificateAuthority, partBytes: settings.partBytes,
            lock: settings.lock.map { Lock(mode: $0.mode.rawValue.uppercased(), days: $0.days) })
    }
}

extension Archiver.Keeping {
    public init(_ keep: KeepLocal) {
        switch keep {
        case .everything: self.init()
        case .limited(let seconds, let bytes): self.init(seconds: seconds, bytes: bytes)
        }
    }
}

extension CachedSegments {
    /// Reads through to the archive of the configuration; nil without one. Secrets are resolved when a segment is fetched.
    public static func of(
        _ configuration: Configuration, recordings: String, isReused: Bool = true
    ) -> CachedSegments? {
        guard let settings = configuration.recording.archive else { return nil }
        return CachedSegments(
            recordings: recordings, prefix: settings.prefix, bytes: settings.cacheBytes, isReused: isReused
        ) {
            try S3Client(try S3Settings(settings))
        }
    }
}

extension RecordingArchive {
    /// The configuration's recordings, read through to its archive.
    public static func withArchive(_ configuration: Configuration) -> RecordingArchive {
        let recordings = configuration.state.recordings
        let source = CachedSegments.of(configuration, recordings: recordings)
        return RecordingArchive(recordings: recordings, access: RecordingAccess(source: source))
    }
}
