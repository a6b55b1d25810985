import Contract

extension RecordingArchive {
    /// The segments here that hold a session, as their manifests say: without an index, and without a key where they are encrypted.
    /// It reads all that is here.
    ///
    /// - Parameter prefix: the session's id, or the only one that begins so.
    /// - Throws: `notFound` when there is none or more than one; `archived` when a segment cannot be had.
    public func locations(ofSession prefix: String) throws(RecordingError) -> (
        session: String, locations: [RecordingIndex.Location]
    ) {
        var found: [String: [RecordingIndex.Location]] = [:]
        for replica in try recorded() {
            for segment in try readable(replica: replica, fromBlock: 1) {
                let reader = try segment.reader()
                var seen: Set<String> = []
                while let block = try reader.next(limit: segment.limit) {
                    for run in try reader.manifest().runs where run.session.hasPrefix(prefix) {
                        guard !prefix.isEmpty, seen.insert(run.session).inserted else { continue }
                        found[run.session, default: []].append(
                            RecordingIndex.Location(
                                replica: replica, segment: segment.number, firstBlock: block.number))
                    }
                }
            }
        }
        if let own = found[prefix] { return (prefix, own) }
        guard let first = found.first else {
            throw RecordingError(.notFound, "no session that is recorded here has an id that begins with '\(prefix)'")
        }
        guard found.count == 1 else {
            throw RecordingError(.notFound, "more than one session's id begins with '\(prefix)': give more of it")
        }
        return (first.key, first.value)
    }
}
