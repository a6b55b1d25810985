/// One folder of recordings under verification: which replicas must be in it.
struct RecordingsFolder {
    private let path: String
    private let index: IndexSnapshot
    /// The list of replicas as it was before the walk; nil when there was none.
    private var listed: Set<String>?
    private var isListDamaged = false
    private var names: [String] = []

    init(_ path: String, _ report: inout VerificationReport) {
        self.path = path
        index = IndexSnapshot.read(path)
        if let note = index.note { report.warnings.append(note) }
        if let problem = index.problem { report.problems.append(problem) }
        do throws(RecordingError) {
            listed = try ReplicaList.read(path, keys: nil)
        } catch {
            isListDamaged = true
            report.problems.append(.init(error))
        }
    }

    mutating func walk(_ joined: inout JoinedVerification) throws(RecordingError) {
        names = try directoryEntries(path).filter { name in
            Format.isReplicaName(name) && isDirectory(path + "/" + name)
        }
        names = names.filter { name in
            // A folder without head and segments is a recording only if the list or the index says so.
            isReplicaDirectory(path + "/" + name) || listed?.contains(name) == true || index.sessions[name] != nil
        }
        for name in names { joined.add(path + "/" + name, indexed: index.sessions[name] ?? []) }
    }

    /// Adds what is missing.
    ///
    /// - Parameters:
    ///   - replicas: all that were walked, in this folder or in others.
    ///   - keys: who may have signed the list; none: its signature is not checked.
    func finish(
        _ replicas: [String: ReplicaVerification], signedBy keys: Set<VerificationKey>,
        _ report: inout VerificationReport
    ) {
        if names.isEmpty { report.warnings.append("\(path): no recordings here") }
        var missing: [String: String] = [:]
        for name in index.sessions.keys { missing[name] = "the index names this replica; it is missing" }
        checkList(replicas, keys, &missing, &report)
        for (name, reason) in missing.sorted(by: { $0.key < $1.key }) {
            guard replicas[name] == nil, !isDirectory(path + "/" + name) else { continue }
            report.problems.append(.init(file: path + "/" + name, offset: 0, reason: reason))
        }
    }

    private func checkList(
        _ replicas: [String: ReplicaVerification], _ keys: Set<VerificationKey>, _ missing: inout [String: String],
        _ report: inout VerificationReport
    ) {
        guard !isListDamaged else { return }
        let notes = names.flatMap { name in
            (replicas[name]?.noted ?? [:]).map { (name: $0.key, place: $0.value) }
        }.sorted { ($0.name, $0.place.file) < ($1.name, $1.place.file) }
        for note in notes {
            missing[note.name] = "\(note.place.file), byte \(note.place.offset), names this replica; it is missing"
        }
        let now: Set<String>?
        do throws(RecordingError) {
            // Again: a recorder that began meanwhile stands in it now.
            now = try ReplicaList.read(path, keys: keys.isEmpty ? nil : Array(keys))
        } catch {
            report.problems.append(.init(error))
            return
        }
        guard let now else {
            if let note = notes.first {
                report.problems.append(
                    .init(
                        file: ReplicaList.path(path), offset: 0,
                        reason: "the list of replicas is missing; \(note.place.file), byte \(note.place.offset), names "
                            + "it"))
            } else if !names.isEmpty {
                report.warnings.append(
                    "\(path): no list of replicas: that a whole folder was removed shows only where other parts or the index "
                        + "name it")
            }
            return
        }
        for name in now { missing[name] = missing[name] ?? "the list of replicas names this one; it is missing" }
        for note in notes where !now.contains(note.name) {
            report.problems.append(
                .init(
                    file: ReplicaList.path(path), offset: 0,
                    reason: "replica '\(note.name)' is not on the list, and \(note.place.file), byte "
                        + "\(note.place.offset), says that it was: an older list was put back"))
        }
    }
}
