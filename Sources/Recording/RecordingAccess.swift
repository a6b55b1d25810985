/// What it takes to read recordings beside their folder.
public struct RecordingAccess: Sendable {
    /// Has the segments that are not here any more; nil: reading one of them throws.
    public var source: (any SegmentSource)?
    /// Read what is encrypted; nil: reading its records throws.
    public var keys: DecryptionKeys?

    public init(source: (any SegmentSource)? = nil, keys: DecryptionKeys? = nil) {
        self.source = source
        self.keys = keys
    }
}
