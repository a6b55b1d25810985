import Glibc

/// Where a replica's folder is.
public struct ReplicaPlace: Sendable, Equatable, CustomStringConvertible {
    public let host: String
    /// The folder of recordings that it is in.
    public let folder: String

    public var description: String { "on host \(host) in \(folder)" }

    /// This host's folder.
    static func of(_ recordings: String) -> ReplicaPlace {
        var name = [CChar](repeating: 0, count: Int(HOST_NAME_MAX) + 1)
        gethostname(&name, name.count - 1)
        let real = realpath(recordings, nil)
        defer { free(real) }
        let host = String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        return ReplicaPlace(host: host, folder: real.map { String(cString: $0) } ?? recordings)
    }
}

extension RecordingIndex {
    /// The parts of a session, by whether they can be read here.
    public struct Parts: Sendable, Equatable {
        public var here: [Location] = []
        /// The others' replicas, and where these are as far as the index knows.
        public var elsewhere: [String: ReplicaPlace?] = [:]

        /// What a person is told of the others; nil: there are none.
        public var absence: String? {
            guard !elsewhere.isEmpty else { return nil }
            let places = elsewhere.sorted { $0.key < $1.key }.map { replica, place in
                place.map { "\($0)/\(replica)" } ?? "in \(replica), wherever its folder is"
            }
            return "\(here.isEmpty ? "it" : "a part of it") is recorded \(places.joined(separator: ", and "))"
        }
    }

    /// Where the records of a session are. What can be read through from the archive is here too, where this index was opened with
    /// one.
    public func parts(of session: String) throws(RecordingError) -> Parts {
        var parts = Parts()
        for location in try locations(of: session) {
            if try isReadable(location) {
                parts.here.append(location)
            } else if parts.elsewhere[location.replica] == nil {
                let place = try database.read { index throws(RecordingError) in
                    try Self.place(of: location.replica, index)
                }
                parts.elsewhere.updateValue(place, forKey: location.replica)
            }
        }
        return parts
    }

    private func isReadable(_ location: Location) throws(RecordingError) -> Bool {
        // Others write to a shared index: a name must not lead out of the folder.
        guard Format.isReplicaName(location.replica) else { return false }
        if isReplicaDirectory(recordings + "/" + location.replica) { return true }
        return try access.source?.find(
            location.segment, firstBlock: location.firstBlock, replica: location.replica) != nil
    }

    static func place(
        of replica: String, _ index: any IndexTransaction
    ) throws(RecordingError) -> ReplicaPlace? {
        try index.rows("SELECT host, folder FROM places WHERE replica = $1", .text(replica)).first.map {
            row throws(RecordingError) in ReplicaPlace(host: try row.text(0), folder: try row.text(1))
        }
    }

    /// Replicas that were last read there.
    func replicas(at place: ReplicaPlace) throws(RecordingError) -> [String] {
        try database.read { index throws(RecordingError) in
            try index.rows(
                "SELECT replica FROM places WHERE host = $1 AND folder = $2", .text(place.host), .text(place.folder)
            ).map { row throws(RecordingError) in try row.text(0) }
        }
    }
}
