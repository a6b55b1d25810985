import Contract
import SwiftProtobuf

/// Collects what a block's manifest says of its records, in the order in which they stand in the block.
struct ManifestBuilder {
    private(set) var manifest = BlockManifest()
    /// The run that each session's next record goes on with.
    private var open: [Int?] = []

    /// A record of a session's own.
    ///
    /// - Parameter place: the session's number, from 0 without gaps as sessions come.
    mutating func add(_ session: String, at place: Int, sequence: UInt64, isEnd: Bool) {
        if place >= open.count { open.append(contentsOf: repeatElement(nil, count: place + 1 - open.count)) }
        if let run = open[place] {
            manifest.runs[run].count += 1
            if isEnd { manifest.runs[run].ended = true }
            return
        }
        var run = SessionRun()
        run.session = session
        run.first = sequence
        run.count = 1
        run.ended = isEnd
        begin(run, at: place)
    }

    /// The recorder's own note that another replica had the session.
    mutating func resume(_ resumption: Resumption, at place: Int) {
        var run = SessionRun()
        run.session = resumption.session
        run.first = resumption.after &+ 1
        run.resumed = resumption
        begin(run, at: place)
    }

    private mutating func begin(_ run: SessionRun, at place: Int) {
        if place >= open.count { open.append(contentsOf: repeatElement(nil, count: place + 1 - open.count)) }
        open[place] = manifest.runs.count
        manifest.runs.append(run)
    }

    mutating func note(_ text: String) { manifest.notices.append(text) }
}

extension BlockManifest {
    /// The manifest that says of its records what `records` show; nil when they are not in an order that one can say.
    ///
    /// - Parameter forEach: calls its argument with each record's head and bytes.
    static func of(
        _ forEach: ((RecordHead, UnsafeRawBufferPointer) throws(RecordingError) -> Void) throws(RecordingError) -> Void
    ) throws(RecordingError) -> BlockManifest {
        var builder = ManifestBuilder()
        var places: [String: Int] = [:]
        var next: [UInt64] = []
        try forEach { head, raw throws(RecordingError) in
            guard !head.session.isEmpty else {
                if head.event == RecordHead.Field.notice {
                    builder.note(try decoded(Notice.self, raw, head.body).text)
                }
                return
            }
            let session = try head.sessionName(raw)
            let place = places[session, default: places.count]
            if place == places.count {
                places[session] = place
                next.append(head.sequence)
            }
            if head.event == RecordHead.Field.sessionResumed {
                let resumption = try decoded(Resumption.self, raw, head.body)
                guard resumption.session == session, resumption.after == head.sequence else {
                    throw RecordingError(
                        .invalid, "session '\(session)': where it was before is said of another record")
                }
                builder.resume(resumption, at: place)
                next[place] = head.sequence &+ 1
                return
            }
            guard head.sequence == next[place] else {
                throw RecordingError(
                    .invalid,
                    "session '\(session)': record \(head.sequence) stands where record \(next[place]) must")
            }
            next[place] &+= 1
            builder.add(
                session, at: place, sequence: head.sequence, isEnd: head.event == RecordHead.Field.sessionEnded)
        }
        return builder.manifest
    }
}

extension SessionRun {
    /// Sequence of the last record; one less than `first` when there is none.
    var last: UInt64 { first &+ UInt64(count) &- 1 }
}
