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
        let locations = try locations(of: session)
        let owned = try ownReplicas(among: Set(locations.map(\.replica)))
        for location in locations {
            let isHere = owned.contains(location.replica)
            if isHere ? true : try isInArchive(location) {
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

    /// Of those of replicas whose folders are not here.
    private func isInArchive(_ location: Location) throws(RecordingError) -> Bool {
        guard Format.isReplicaName(location.replica), !isHere(location.replica) else { return false }
        return try access.source?.find(
            location.segment, firstBlock: location.firstBlock, replica: location.replica) != nil
    }

    /// Those of these names whose folders are here and hold the recording that the index has under the name. A shared index has
    /// names that others wrote, and former releases' names are alike on all hosts.
    ///
    /// - Parameter names: nil: of all folders here.
    func ownReplicas(among names: Set<String>? = nil) throws(RecordingError) -> Set<String> {
        var identities: [String: RecordingIdentity?] = [:]
        let all: [String]
        if let names { all = Array(names) } else { all = try RecordingArchive(recordings: recordings).replicas() }
        for replica in all where isHere(replica) {
            identities.updateValue(try RecordingIdentity.read(recordings + "/" + replica), forKey: replica)
        }
        return try database.read { index throws(RecordingError) in
            var own: Set<String> = []
            for (replica, identity) in identities {
                switch try match(replica, identity, index) {
                case .same: own.insert(replica)
                case .new: if !isShared { own.insert(replica) }
                case .other: break
                }
            }
            return own
        }
    }

    /// Others write to a shared index: a name must not lead out of the folder.
    private func isHere(_ replica: String) -> Bool {
        Format.isReplicaName(replica) && isReplicaDirectory(recordings + "/" + replica)
    }

    /// What the index has under a replica's name.
    enum Match {
        /// The recording that is in the folder here, as far as is known.
        case same
        case other
        /// Nothing that says which one it is.
        case new
    }

    /// - Parameter identity: of what is in the folder here.
    func match(
        _ replica: String, _ identity: RecordingIdentity?, _ index: any IndexTransaction
    ) throws(RecordingError) -> Match {
        let known = try Self.identity(of: replica, index)
        if let isSame = identity.flatMap({ identity in known?.isSame(as: identity) }) { return isSame ? .same : .other }
        guard isShared else { return known == nil ? .new : .same }
        guard let place = try Self.place(of: replica, index) else { return known == nil ? .new : .other }
        return place == .of(recordings) ? .same : .other
    }

    static func identity(
        of replica: String, _ index: any IndexTransaction
    ) throws(RecordingError) -> RecordingIdentity? {
        try index.rows("SELECT first_chain FROM recordings WHERE replica = $1", .text(replica)).first
            .flatMap { row throws(RecordingError) in RecordingIdentity(try row.bytes(0)) }
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
