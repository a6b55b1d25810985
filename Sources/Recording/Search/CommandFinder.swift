/// Reads commands from the recordings at places that an index names.
final class CommandFinder {
    struct Key: Hashable {
        let session: String
        let number: UInt64
    }

    /// Bytes of a segment that are read behind a place, for what was decided, and for replies.
    private static let decisionBytes: Int64 = 4 << 20
    private static let replyBytes: Int64 = 64 << 20

    private let archive: RecordingArchive
    private var heads: [String: Head] = [:]

    init(_ archive: RecordingArchive) { self.archive = archive }

    /// The commands that are wanted from one place, as far as they are there.
    ///
    /// - Throws: `notFound` when the segment is gone.
    func commands(
        _ wanted: Set<Key>, from place: RecordingPlace, _ scope: CommandCollector.Scope
    ) throws(RecordingError) -> [Key: RecordedCommand] {
        let numbers = Set(wanted.map(\.number))
        var collector = CommandCollector(scope, wants: { event, _ in numbers.contains(event.number) })
        var found: [Key: RecordedCommand] = [:]
        let sessions = Set(wanted.map(\.session))
        var reader = try open(place, number: place.segment)
        reader.reader.move(to: place)
        var segment = place.segment
        var passed: Int64 = 0
        let bound: Int64
        switch scope {
        case .commands: bound = Self.decisionBytes
        case .output: bound = Self.replyBytes
        }
        while found.count < wanted.count, passed < bound {
            guard let block = try reader.reader.next(limit: reader.limit) else {
                guard collector.hasOpen, let next = try? open(place, number: segment + 1) else { break }
                segment += 1
                reader = next
                continue
            }
            // A command's record stands within a stretch behind its place.
            collector.takesCommands =
                segment == place.segment
                && block.offset - place.offset <= ReplicaProgress.stretchBytes
            guard collector.takesCommands || collector.hasOpen else { break }
            passed += Int64(block.length)
            try reader.reader.forEachHead { head, raw throws(RecordingError) in
                let session = try head.sessionName(raw)
                guard sessions.contains(session) else { return }
                collector.add(head, raw, session: session, place: place)
            }
            take(&found, collector.take().complete, wanted)
        }
        take(&found, collector.open.values.flatMap(\.values), wanted)
        return found
    }

    private func take(
        _ found: inout [Key: RecordedCommand], _ commands: [RecordedCommand], _ wanted: Set<Key>
    ) {
        for command in commands {
            let key = Key(session: command.session, number: command.number)
            if wanted.contains(key), found[key] == nil { found[key] = command }
        }
    }

    private func open(
        _ place: RecordingPlace, number: UInt64
    ) throws(RecordingError) -> (reader: SegmentReader, limit: Int64) {
        let folder = try archive.folder(of: place.replica)
        let path = folder.path(number)
        guard folder.has(number) else {
            throw RecordingError(.notFound, file: path, "this segment was removed")
        }
        let head: Head
        if let known = heads[place.replica] {
            head = known
        } else {
            head = try StoredHead.read(directory: folder.directory, keys: []).value
            heads[place.replica] = head
        }
        guard number <= head.segment else {
            throw RecordingError(.notFound, file: path, "this segment is not acknowledged")
        }
        return (try folder.reader(number), number == head.segment ? Int64(head.offset) : .max)
    }
}
