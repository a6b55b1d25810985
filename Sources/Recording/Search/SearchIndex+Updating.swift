import Foundation
import GRDB

extension SearchIndex {
    /// Commands, and bytes of them, put into one transaction.
    private static let batchCommands = 32_768
    private static let batchBytes = 32 << 20

    /// Forgets what was removed, then reads what recordings hold beyond what is known here, up to their heads. Killed in the
    /// middle, it goes on from the last transaction.
    ///
    /// - Parameter replies: makes text of replies; nil: only commands are read.
    /// - Parameter goesOn: asked between blocks; after false the next update goes on.
    /// - Returns: how many commands were added.
    @discardableResult
    public func update(
        replies: (any ReplyTextReader)?, while goesOn: () -> Bool = { true }
    ) throws(RecordingError) -> Int {
        let archive = RecordingArchive(recordings: recordings, access: access)
        let replicas = try archive.recorded()
        for replica in replicas { try settle(replica) }
        guard try forgetRemoved(while: goesOn) || goesOn() else { return 0 }
        let generation = try generation()
        var collector = CommandCollector(try scope(replies), open: try pending())
        var readers: [ReplicaProgress] = []
        for replica in replicas {
            let place = try read { try Self.place($0, replica) }
            readers.append(try ReplicaProgress(archive, replica, from: place, isAlone: replicas.count == 1))
        }
        var count = 0
        var hasMoved = false
        var isOver = false
        func flush() throws(RecordingError) {
            let (started, complete) = collector.take()
            let isStored = try store(started, complete, open: collector.open, readers.map(\.place), generation)
            // What was removed meanwhile goes before anything more comes.
            let isChanged = try hasNewRemovals
            isOver = !isStored || isChanged
            count += complete.count
            hasMoved = false
        }
        // By time, since a session that moved between replicas begins in one of them.
        while !isOver, goesOn(), let next = Self.first(of: readers) {
            try next.read { head, raw throws(RecordingError) in
                guard !head.session.isEmpty else { return }
                collector.add(head, raw, session: try head.sessionName(raw), place: next.start)
            }
            hasMoved = true
            if collector.complete.count >= Self.batchCommands || collector.completeBytes >= Self.batchBytes {
                try flush()
            }
        }
        if hasMoved { try flush() }
        return count
    }

    /// The one whose next block is the earliest; nil: all are read.
    private static func first(of readers: [ReplicaProgress]) -> ReplicaProgress? {
        var first: (reader: ReplicaProgress, time: UInt64)?
        for reader in readers {
            guard let time = reader.nextTime else { continue }
            if let known = first, known.time <= time { continue }
            first = (reader, time)
        }
        return first?.reader
    }

    /// How many blocks of each replica are recorded and not read here yet; none is not named.
    public func blocksBehind() throws(RecordingError) -> [String: UInt64] {
        var behind: [String: UInt64] = [:]
        for replica in try RecordingArchive(recordings: recordings, access: access).recorded() {
            let next = try read { try Self.place($0, replica) }?.block ?? 1
            let head = try StoredHead.read(directory: recordings + "/" + replica, keys: []).value.block
            if head >= next { behind[replica] = head + 1 - next }
        }
        return behind
    }

    private func scope(_ replies: (any ReplyTextReader)?) throws(RecordingError) -> CommandCollector.Scope {
        switch try content() {
        case .commands: return .commands
        case .output:
            guard let replies else { throw RecordingError(.invalid, "this index is one of replies too") }
            return .output(replies)
        }
    }

    /// Forgets everything when a replica's folder does not hold what was read of it: another recording, or an older copy.
    private func settle(_ replica: String) throws(RecordingError) {
        let directory = recordings + "/" + replica
        guard let place = try read({ try Self.place($0, replica) }) else { return }
        let known = try read { database in
            try Data.fetchOne(database, sql: "SELECT recording FROM replicas WHERE name = ?", arguments: [replica])
        }
        let identity = try RecordingIdentity.read(directory)
        let head = try StoredHead.read(directory: directory, keys: []).value
        let isSame = identity.flatMap { identity in known.flatMap { RecordingIdentity($0)?.isSame(as: identity) } }
        if isSame == false || head.block + 1 < place.block { try clear() }
    }

    private static func place(_ database: Database, _ replica: String) throws -> RecordingPlace? {
        try Row.fetchOne(
            database, sql: "SELECT segment, offset, block, chain FROM replicas WHERE name = ?", arguments: [replica]
        ).map { RecordingPlace($0, replica) }
    }

    func pending() throws(RecordingError) -> [RecordedCommand] {
        try read { database in
            try Data.fetchAll(database, sql: "SELECT value FROM pending").map {
                try JSONDecoder().decode(StoredCommand.self, from: $0).command
            }
        }
    }

    /// False: it was emptied meanwhile, and nothing was added.
    private func store(
        _ started: [CommandCollector.Session], _ complete: [RecordedCommand],
        open: [String: [UInt64: RecordedCommand]], _ places: [RecordingPlace], _ generation: String?
    ) throws(RecordingError) -> Bool {
        return try Self.wrapped(path) {
            var identities: [String: Data] = [:]
            for place in places {
                identities[place.replica] = try RecordingIdentity.read(recordings + "/" + place.replica)
                    .map { Data($0.bytes) }
            }
            return try database.write { database in
                guard try Self.generation(database) == generation else { return false }
                var batch = try SearchBatch(database)
                for session in started { try batch.add(session) }
                for command in complete { try batch.add(command) }
                try batch.finish()
                let pending = try database.cachedStatement(
                    sql: "INSERT OR REPLACE INTO pending(session, number, value) VALUES (?, ?, ?)")
                try database.execute(sql: "DELETE FROM pending")
                for command in open.values.joined().map(\.value) {
                    try pending.execute(arguments: [
                        command.session, Int64(clamping: command.number),
                        try JSONEncoder().encode(StoredCommand(command)),
                    ])
                }
                for place in places where place.segment > 0 {
                    try database.execute(
                        sql: """
                            INSERT INTO replicas(name, recording, segment, offset, block, chain) VALUES (?, ?, ?, ?, ?, ?)
                            ON CONFLICT(name) DO UPDATE SET recording = coalesce(excluded.recording, recording),
                                segment = excluded.segment, offset = excluded.offset, block = excluded.block,
                                chain = excluded.chain
                            """,
                        arguments: [
                            place.replica, identities[place.replica], Int64(clamping: place.segment), place.offset,
                            Int64(clamping: place.block), Data(place.chain),
                        ])
                }
                return true
            }
        }
    }
}

extension RecordingPlace {
    init(_ row: Row, _ replica: String) {
        let segment: Int64 = row["segment"]
        let block: Int64 = row["block"]
        let chain: Data = row["chain"]
        self.init(
            replica: replica, segment: UInt64(clamping: segment), offset: row["offset"],
            block: UInt64(clamping: block), chain: Array(chain))
    }
}
