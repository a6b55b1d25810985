import Configuration
import Recording

/// What the archive has of segments that were removed or erased here, for the command that ordered it.
public struct ArchivedCopies {
    /// Versions of an object that are deleted; there is one for each upload, which is tried again after a kill.
    private static let maxVersions = 100

    private let client: S3Client
    private let prefix: String

    /// Nil without an archive.
    public init?(_ configuration: Configuration) throws {
        guard let settings = configuration.recording.archive else { return nil }
        self.init(try S3Client(try S3Settings(settings)), prefix: settings.prefix)
    }

    init(_ client: S3Client, prefix: String) {
        self.client = client
        self.prefix = prefix
    }

    /// Deletes the same there. What is gone already is no error.
    ///
    /// - Parameter directory: `<recordings>/<replica>`.
    /// - Throws: `denied` when the store keeps a copy, mostly for its lock.
    public func carryOut(_ order: RemovalOrder, in directory: String) throws {
        let replica = directory.split(separator: "/").last ?? ""
        let archived = try ArchivedSegments.read(directory).segments
        for number in order.segments {
            // An upload that is not listed yet has the present prefix; one that is, perhaps an earlier one.
            var prefixes: Set<String> = [prefix]
            let name = "\(replica)/\(SealedSegments.fileName(number))"
            if let entry = archived[number] {
                guard entry.key == name || entry.key.hasSuffix("/" + name) else {
                    throw S3Error(
                        .local,
                        "\(directory)/archived: segment \(number) has the key of something else, \(entry.key): restore the file"
                    )
                }
                prefixes.insert(String(entry.key.dropLast(name.count)))
            }
            for prefix in prefixes {
                try deleteVersions("\(prefix)\(replica)/\(SealedSegments.sidecarName(number))")
                if order.kind == .remove { try deleteVersions(prefix + name) }
            }
        }
    }

    /// Each version: without its name a store that keeps versions would only hide the object.
    private func deleteVersions(_ key: String) throws(S3Error) {
        for _ in 0..<Self.maxVersions {
            guard let stored = try client.head(key, version: nil) else { return }
            try client.delete(key, version: stored.version)
        }
        throw S3Error(.refused, "delete \(key): more than \(Self.maxVersions) versions")
    }
}
