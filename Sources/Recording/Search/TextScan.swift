import Contract
import Dispatch
import Glibc
import Synchronization

/// Looks for a piece of text in commands by reading all recordings, without an index.
public struct TextScan: Sendable {
    /// How far it is, in segments.
    public struct Progress: Sendable {
        public let done: Int
        public let of: Int
    }

    public struct Result: Sendable {
        public var hits: [SearchHit] = []
        /// More commands have it than are looked at: only some of them were.
        public var isCut = false
    }

    /// Commands with the text that are kept until the sessions are known.
    static let maxFound = 100_000

    private struct Part: Sendable {
        var commands: [RecordedCommand] = []
        var sessions: [String: CommandCollector.Session] = [:]
    }

    private let archive: RecordingArchive
    private let text: [UInt8]

    /// - Parameter text: as it stands in a command, every byte.
    public init(
        recordings: String, text: String, access: RecordingAccess = RecordingAccess()
    ) throws(RecordingError) {
        guard !text.isEmpty else { throw RecordingError(.invalid, "there is no text to look for") }
        archive = RecordingArchive(recordings: recordings, access: access)
        self.text = Array(text.utf8)
    }

    /// The latest commands that have the text, and match. Segments are read by so many threads as there are processors.
    ///
    /// - Parameter progress: called after each segment, by one thread at a time.
    /// - Throws: the first segment's error, after all others were read.
    public func find(
        _ filter: SearchFilter, progress: @Sendable (Progress) -> Void = { _ in }
    ) throws(RecordingError) -> Result {
        var segments: [(replica: String, segment: ReadableSegment, next: ReadableSegment?)] = []
        for replica in try archive.recorded() {
            let all = try archive.readable(replica: replica, fromBlock: 1).filter { !$0.isErased }
            for (place, segment) in all.enumerated() {
                segments.append((replica, segment, place + 1 < all.count ? all[place + 1] : nil))
            }
        }
        let (work, count) = (segments, segments.count)
        let state = Mutex((sum: Part(), done: 0, isCut: false, problem: RecordingError?.none))
        DispatchQueue.concurrentPerform(iterations: count) { index in
            let part: Swift.Result<Part, RecordingError> = Swift.Result { () throws(RecordingError) in
                try read(work[index].replica, work[index].segment, work[index].next, filter)
            }
            state.withLock { state in
                state.done += 1
                switch part {
                case .success(let part):
                    state.sum.commands += part.commands
                    state.sum.sessions.merge(part.sessions) { first, _ in first }
                    if state.sum.commands.count > Self.maxFound {
                        state.sum.commands.removeFirst(state.sum.commands.count - Self.maxFound)
                        state.isCut = true
                    }
                case .failure(let error): state.problem = state.problem ?? error
                }
                progress(Progress(done: state.done, of: count))
            }
        }
        let (sum, _, isCut, problem) = state.withLock { $0 }
        if let problem { throw problem }
        return Result(hits: hits(sum, filter), isCut: isCut)
    }

    private func read(
        _ replica: String, _ segment: ReadableSegment, _ next: ReadableSegment?, _ filter: SearchFilter
    ) throws(RecordingError) -> Part {
        var collector = CommandCollector(
            .commands, textBytes: .max,
            wants: { event, raw in
                // One without text may be the first of several: with when it came, and that it was held.
                event.text.isEmpty && event.parameters.isEmpty || has(raw[event.text])
                    || event.parameters.contains { has(raw[$0]) }
            })
        var part = Part()
        func isFound(_ command: RecordedCommand) -> Bool {
            command.hasText && filter.matches(command) && filter.query.match(command.parts) != nil
        }
        func take() {
            let (started, complete) = collector.take()
            for session in started { part.sessions[session.name] = session }
            part.commands += complete.filter(isFound)
        }
        func read(_ segment: ReadableSegment, while goesOn: () -> Bool) throws(RecordingError) {
            let reader = try segment.reader()
            while goesOn(), try reader.next(limit: segment.limit) != nil {
                let place = reader.place(in: replica, segment.number)
                try reader.forEachHead { head, raw throws(RecordingError) in
                    guard !head.session.isEmpty else { return }
                    collector.add(head, raw, session: try head.sessionName(raw), place: place)
                }
                take()
            }
        }
        try read(segment) { true }
        if let next {
            collector.takesCommands = false
            try read(next) { collector.hasOpen }
        }
        part.commands += collector.open.values.flatMap(\.values).filter(isFound)
        return part
    }

    private func has(_ bytes: Slice<UnsafeRawBufferPointer>) -> Bool {
        firstPlace(UnsafeRawBufferPointer(rebasing: bytes)) != nil
    }

    private func firstPlace(_ bytes: UnsafeRawBufferPointer) -> Int? {
        guard let base = bytes.baseAddress else { return nil }
        var place = 0
        while bytes.count - place >= text.count,
            let found = memchr(base + place, Int32(text[0]), bytes.count - place - text.count + 1)
        {
            place = UnsafeRawPointer(found) - base
            if memcmp(found, text, text.count) == 0 { return place }
            place += 1
        }
        return nil
    }

    private func hits(_ found: Part, _ filter: SearchFilter) -> [SearchHit] {
        var latest = LatestHits(filter.limit)
        for command in found.commands {
            let session = found.sessions[command.session]
            let (identity, resource) = (session?.identity ?? "", session?.resource ?? "")
            guard filter.matches(command, identity: identity, resource: resource) else { continue }
            for part in command.parts {
                guard let place = part.withUnsafeBytes(firstPlace) else { continue }
                latest.add(
                    SearchHit(
                        session: command.session, command: command.number, time: command.time, identity: identity,
                        resource: resource, decision: command.decision ?? (command.wasHeld ? .hold : nil),
                        rule: command.rule, text: part, match: place..<(place + text.count)))
                break
            }
        }
        return latest.sorted
    }
}
