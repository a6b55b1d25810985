import Bus
import Contract
import Recording

/// The records of all replicas in one queue, each session's in their order. Not for use by several threads at once.
final class RecordQueue {
    private final class Source {
        let tail: ReplicaTail
        /// The next record, and the place before it.
        var head: (record: Record, place: ReplicaTail.Place)?
        /// Whether its record waited for others when they were last looked at.
        var hasWaited = false

        init(_ tail: ReplicaTail) { self.tail = tail }

        var place: ReplicaTail.Place { head?.place ?? tail.place }

        func fill() throws(RecordingError) {
            guard head == nil else { return }
            guard let record = try tail.next() else { return }
            var place = tail.place
            place.taken -= 1
            head = (record, place)
            hasWaited = false
        }
    }

    struct Taken {
        let record: Record
        let block: BlockKey
        /// Before it.
        fileprivate let place: ReplicaTail.Place
    }

    private let archive: RecordingArchive
    private var sources: [String: Source] = [:]
    private var changed: Set<String> = []
    /// Places in replicas that are not open yet.
    private var kept: [String: ReplicaTail.Place]
    /// Why one replica cannot be read; the others go on.
    private(set) var problem: RecordingError?
    private var failed: [String: UInt64] = [:]
    private let report: (String, ReplicaTail.Finding) -> Void

    /// How long a replica that could not be read is left alone, nanoseconds.
    static let retryInterval: UInt64 = 5_000_000_000

    /// - Parameters:
    ///   - places: where to go on; replicas that have none are read from their beginning.
    ///   - report: gets what was found where reading goes on.
    init(
        _ archive: RecordingArchive, at places: [String: ReplicaTail.Place],
        report: @escaping (String, ReplicaTail.Finding) -> Void
    ) {
        self.archive = archive
        kept = places
        self.report = report
    }

    /// Where all replicas end now.
    static func heads(_ archive: RecordingArchive) throws(RecordingError) -> [String: ReplicaTail.Place] {
        var places: [String: ReplicaTail.Place] = [:]
        for replica in try archive.replicas() { places[replica] = try ReplicaTail.openAtHead(archive, replica).place }
        return places
    }

    /// Looks for replicas that came, and at those of which there was no more.
    func refresh() throws(RecordingError) {
        let present = Set(try archive.replicas())
        for replica in sources.keys where !present.contains(replica) {
            kept[replica] = sources.removeValue(forKey: replica)?.place
        }
        // One that is gone holds up none.
        failed = failed.filter { present.contains($0.key) }
        if failed.isEmpty { problem = nil }
        let now = monotonicNanoseconds()
        for replica in present.sorted() where sources[replica] == nil {
            if let since = failed[replica], now - since < Self.retryInterval { continue }
            open(replica)
        }
        fill()
    }

    private func open(_ replica: String) {
        do throws(RecordingError) {
            let (tail, finding) = try ReplicaTail.open(archive, replica, at: kept[replica] ?? .beginning)
            if finding != .followed { report(replica, finding) }
            kept[replica] = nil
            failed[replica] = nil
            if failed.isEmpty { problem = nil }
            sources[replica] = Source(tail)
        } catch {
            failed(replica, error)
        }
    }

    private func fill() {
        for (replica, source) in sources {
            do throws(RecordingError) {
                defer { for finding in source.tail.takeFindings() { report(replica, finding) } }
                try source.fill()
            } catch {
                // It is opened again where it stood, in case the disk was to blame.
                kept[replica] = source.place
                sources[replica] = nil
                failed(replica, error)
            }
        }
    }

    private func failed(_ replica: String, _ error: RecordingError) {
        failed[replica] = monotonicNanoseconds()
        problem = error
    }

    /// The next record that may be taken; nil when there is none before ``refresh()`` is called again.
    ///
    /// A record whose predecessor is not here waits until the other replicas were looked at once more: it was
    /// acknowledged there before this one was written. While a replica cannot be read it waits for that one too: what is
    /// behind a gap would make what fills it late, and late records are taken for repeated ones.
    func next(_ isNext: (Record) -> Bool) -> Taken? {
        fill()
        let waiting = sources.filter { $0.value.head != nil }.sorted { Self.comes($0.value, before: $1.value) }
        if let (replica, source) = waiting.first(where: { $0.value.head.map { isNext($0.record) } ?? false }) {
            return take(replica, source)
        }
        guard failed.isEmpty else { return nil }
        if let (replica, source) = waiting.first(where: \.value.hasWaited) { return take(replica, source) }
        for (_, source) in waiting { source.hasWaited = true }
        return nil
    }

    private static func comes(_ a: Source, before b: Source) -> Bool {
        guard let a = a.head?.record, let b = b.head?.record else { return a.head != nil }
        return (a.timeUs, a.session, a.sequence) < (b.timeUs, b.session, b.sequence)
    }

    private func take(_ replica: String, _ source: Source) -> Taken? {
        guard let head = source.head else { return nil }
        source.head = nil
        source.hasWaited = false
        changed.insert(replica)
        return Taken(
            record: head.record, block: BlockKey(replica: replica, block: head.place.block), place: head.place)
    }

    /// Undoes the last ``next(_:)``: what it gave comes again.
    func putBack(_ taken: Taken) {
        sources[taken.block.replica]?.head = (taken.record, taken.place)
        sources[taken.block.replica]?.hasWaited = true
    }

    /// Places that changed since the last call.
    func takePlaces() -> [String: ReplicaTail.Place] {
        defer { changed = [] }
        return changed.reduce(into: [:]) { $0[$1] = sources[$1]?.place ?? kept[$1] }
    }

    /// Acknowledged records that were not taken.
    func waiting() throws(RecordingError) -> UInt64 {
        var count: UInt64 = 0
        for source in sources.values { count += try source.tail.waiting() + (source.head == nil ? 0 : 1) }
        return count
    }

    /// When the oldest record was made that was not taken; Unix time, microseconds.
    var oldest: UInt64? { sources.values.compactMap { $0.head?.record.timeUs }.min() }
}
