import Contract
import Foundation

/// Proves that the parts of sessions which several replicas recorded are one whole: each part begins where an
/// acknowledged block of the part before ends, no record is missing, and what two replicas have is the same. The replicas
/// may stand in several folders.
struct JoinedVerification {
    /// Problems of this kind that are listed; the rest is counted.
    static let maxProblems = 100
    /// How often a live replica is read again because another names a block that it wrote meanwhile.
    static let maxRounds = 5

    private let keys: VerificationKeys
    private let options: VerificationOptions
    /// Where each replica stands.
    private var directories: [String: String] = [:]
    private var indexed: [String: Set<String>] = [:]
    private(set) var replicas: [String: ReplicaVerification] = [:]
    /// Replicas of a name that another one here has: each proven for itself alone.
    private var namesakes: [ReplicaVerification] = []
    private var problems: [VerificationReport.Problem] = []
    private var warnings: [String] = []
    /// The replicas that parts of a session say it was in before.
    private var named: [String: Set<String>] = [:]

    init(keys: VerificationKeys, options: VerificationOptions) {
        self.keys = keys
        self.options = options
    }

    private var access: RecordingAccess { RecordingAccess(source: options.source, keys: keys.decryption) }

    private func directory(_ replica: String) -> String { directories[replica] ?? replica }

    /// Takes one replica's folder and walks it.
    ///
    /// - Parameter indexed: the sessions that an index names in it, read before: a live recorder indexes only what it
    ///   wrote before.
    mutating func add(_ directory: String, indexed sessions: Set<String>) {
        let replica = lastName(directory)
        if let other = directories[replica] {
            guard canonical(other) != canonical(directory) else { return }
            var check = ReplicaVerification(directory: directory, keys: keys, options: options, index: sessions)
            check.run()
            namesakes.append(check)
            problems.append(
                .init(
                    file: directory, offset: 0,
                    reason: "\(other) is named '\(replica)' too: what other parts name cannot be told apart; verify "
                        + "each folder of recordings for itself"))
            return
        }
        directories[replica] = directory
        indexed[replica] = sessions
        walk(replica)
    }

    private mutating func walk(_ replica: String) {
        var check = ReplicaVerification(
            directory: directory(replica), keys: keys, options: options, index: indexed[replica] ?? [])
        check.run()
        replicas[replica] = check
    }

    /// Checks what joins the replicas walked so far, and adds everything found.
    mutating func finish(_ report: inout VerificationReport) throws(RecordingError) {
        walkAgain()
        for resumption in resumptions { named[resumption.session, default: []].insert(resumption.replica) }
        let moved = movedSessions().filter(isWholeHere)
        checkResumptions()
        try checkChains()
        for session in moved { checkWhole(session) }
        try compareCopies(of: moved)
        for replica in replicas.keys.sorted() { replicas[replica]?.add(to: &report) }
        for check in namesakes { check.add(to: &report) }
        countSessions(&report)
        report.problems += problems.prefix(Self.maxProblems)
        if problems.count > Self.maxProblems {
            report.problems.append(
                .init(
                    file: problems[Self.maxProblems].file, offset: problems[Self.maxProblems].offset,
                    reason: "\(problems.count - Self.maxProblems) more problems where sessions join"))
        }
        report.warnings += warnings
    }

    private var resumptions: [RecordedResumption] {
        replicas.keys.sorted().flatMap { replicas[$0]?.resumptions ?? [] }
    }

    /// A replica that was read before another one may by now have what that names.
    private mutating func walkAgain() {
        for _ in 0..<Self.maxRounds {
            let behind = Set(
                resumptions.filter { resumption in
                    guard let former = replicas[resumption.replica], former.isLive else { return false }
                    return former.lastBlock < resumption.block
                }.map(\.replica))
            if behind.isEmpty { return }
            for replica in behind.sorted() { walk(replica) }
        }
    }

    /// Sessions that more than one replica has, or that went on in the same one after a gap of its memory.
    private func movedSessions() -> [String] {
        var moved = Set(resumptions.map(\.session))
        let all = replicas.values.map(\.sessions)
        for (index, sessions) in all.enumerated() {
            for other in all[(index + 1)...] {
                let (few, many) = sessions.count < other.count ? (sessions, other) : (other, sessions)
                for session in few.keys where many[session] != nil { moved.insert(session) }
            }
        }
        return moved.sorted()
    }

    /// Whether all that the replicas may have of the session was read.
    private func isWholeHere(_ session: String) -> Bool {
        let named = named[session] ?? []
        return replicas.allSatisfy { $0.value.hasAll(of: session, isNamed: named.contains($0.key)) }
    }

    private mutating func checkResumptions() {
        for resumption in resumptions {
            guard let former = replicas[resumption.replica] else {
                problem(resumption, "replica '\(resumption.replica)' is missing")
                continue
            }
            guard !former.isBroken else { continue }
            guard resumption.block <= former.lastBlock else {
                problem(resumption, "that replica ends with block \(former.lastBlock): what it acknowledged is gone")
                continue
            }
            guard isWholeHere(resumption.session) else { continue }
            let runs = former.runs(of: resumption.session).filter { $0.reaches(resumption.after) }
            if runs.isEmpty {
                problem(resumption, "that replica does not have the session's records up to there")
            } else if runs.allSatisfy({ $0.last == resumption.after && $0.lastBlock > resumption.block }) {
                problem(resumption, "the record stands behind that block")
            }
        }
    }

    private mutating func checkChains() throws(RecordingError) {
        for (replica, named) in Dictionary(grouping: resumptions, by: \.replica).sorted(by: { $0.key < $1.key }) {
            guard let former = replicas[replica], !former.isBroken else { continue }
            let within = named.filter { $0.block <= former.lastBlock }
            let chains = try BlockChains.find(Set(within.map(\.block)), in: directory(replica), access)
            for resumption in within where chains[resumption.block] != resumption.chain {
                // It may have been in a segment that is gone.
                if chains[resumption.block] == nil, !isWholeHere(resumption.session) { continue }
                problem(resumption, "that block has another chain value: one of the two recordings was exchanged")
            }
        }
    }

    private mutating func checkWhole(_ session: String) {
        var parts: [(replica: String, run: RecordedRun)] = []
        for (replica, check) in replicas {
            // What is damaged was named already.
            if check.isBroken { return }
            parts += check.runs(of: session).map { (replica, $0) }
        }
        var through: UInt64 = 0
        for part in parts.sorted(by: { ($0.run.first, $0.replica) < ($1.run.first, $1.replica) }) {
            if part.run.first - 1 > through {
                problems.append(
                    .init(
                        file: directory(part.replica), offset: 0,
                        reason: "session '\(session)': no replica has its records \(through + 1) to "
                            + "\(part.run.first - 1), before block \(part.run.firstBlock) of '\(part.replica)'"))
            }
            through = max(through, part.run.last)
        }
    }

    // MARK: - Records in two replicas

    private mutating func compareCopies(of moved: [String]) throws(RecordingError) {
        var comparison = CopyComparison()
        for session in moved {
            comparison.expect(session, replicas.values.flatMap { $0.runs(of: session) })
        }
        guard !comparison.isEmpty else { return }
        for (replica, check) in replicas.sorted(by: { $0.key < $1.key }) where !check.isBroken {
            let blocks = moved.flatMap { session in
                comparison.concerns(session) ? check.runs(of: session).map(\.firstBlock) : []
            }
            guard let first = blocks.min() else { continue }
            try comparison.read(
                directory(replica), replica: replica, from: first, through: check.lastBlock, access)
        }
        problems += comparison.problems
        if let reason = comparison.unread {
            warnings.append("records that stand in two replicas were not compared: \(reason)")
        }
        if comparison.copies > 0 {
            warnings.append(
                "\(comparison.copies) records of \(comparison.sessions) sessions stand in two replicas, the same bytes: "
                    + "written by one that was then given up, and by the one that took the session over")
        }
    }

    private func countSessions(_ report: inout VerificationReport) {
        var sessions: Set<String> = []
        var ended: Set<String> = []
        for check in replicas.values {
            for session in check.sessions.keys {
                sessions.insert(session)
                if check.runs(of: session).contains(where: \.hasEnded) { ended.insert(session) }
            }
        }
        report.sessions += sessions.count
        report.openSessions += sessions.count - ended.count
    }

    private mutating func problem(_ resumption: RecordedResumption, _ reason: String) {
        problems.append(
            .init(
                file: resumption.file, offset: resumption.offset,
                reason: "session '\(resumption.session)' goes on here after record \(resumption.after), block "
                    + "\(resumption.block) of '\(resumption.replica)': \(reason)"))
    }
}

/// A folder by the one path that has no symbolic links.
private func canonical(_ path: String) -> String {
    guard let real = realpath(path, nil) else { return path }
    defer { free(real) }
    return String(cString: real)
}
