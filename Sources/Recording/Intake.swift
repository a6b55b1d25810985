import Contract
import SwiftProtobuf

func serialized(_ record: Record) throws(RecordingError) -> [UInt8] {
    do {
        return try record.serializedBytes()
    } catch {
        throw RecordingError(.invalid, "a record cannot be serialised")
    }
}

/// Sorts one batch: what is new goes into the encoder's block, what is late, early or wrong stays out.
struct Intake {
    private struct Progress {
        var last: UInt64
        var known: Bool
        var ended: Bool
        var stopped = false
        var wrote = false
        var error = ""
    }

    private let encoder: BlockEncoder
    private let options: SegmentWriter.Options
    private var progress: [Progress] = []
    private var sessions: [String] = []
    private var places: [String: Int] = [:]
    private var current = -1
    /// Places in the batch of the records that are in the block.
    private(set) var accepted: [Int] = []

    init(encoder: BlockEncoder, options: SegmentWriter.Options) {
        self.encoder = encoder
        self.options = options
        encoder.reset()
    }

    mutating func take(_ record: Record, _ index: Int, _ table: borrowing SessionTable) throws(RecordingError) {
        let session = record.session
        if current < 0 || sessions[current] != session { select(session, table[session]) }
        guard !progress[current].stopped else { return }
        let sequence = record.sequence
        let state = progress[current]
        if let error = refusal(state, session, sequence) {
            progress[current].error = error
            progress[current].stopped = true
            return
        }
        if sequence <= state.last { return }
        guard sequence == state.last + 1 else {
            progress[current].stopped = true
            return
        }
        let bytes = try serialized(record)
        guard bytes.count <= options.maxRecordBytes else {
            progress[current].error = "a record has more than \(options.maxRecordBytes) bytes"
            progress[current].stopped = true
            return
        }
        guard encoder.records == 0 || encoder.payloadLength + 4 + bytes.count <= options.maxBlockBytes else {
            progress[current].stopped = true
            return
        }
        encoder.append(record: bytes)
        accepted.append(index)
        progress[current].last = sequence
        progress[current].known = true
        progress[current].wrote = true
        if case .sessionEnded = record.event { progress[current].ended = true }
    }

    private func refusal(_ state: Progress, _ session: String, _ sequence: UInt64) -> String? {
        guard !session.isEmpty, session.utf8.count <= Format.maxSessionBytes else {
            return "a session's id has 1 to \(Format.maxSessionBytes) bytes"
        }
        guard sequence > 0 else { return "a record's sequence begins at 1" }
        guard sequence > state.last else { return nil }
        if state.ended { return "the session has ended" }
        if !state.known, sequence > 1 { return "this recorder does not know the session" }
        return nil
    }

    private mutating func select(_ session: String, _ state: SessionTable.State) {
        if let place = places[session] {
            current = place
            return
        }
        current = sessions.count
        places[session] = current
        sessions.append(session)
        switch state {
        case .unknown: progress.append(Progress(last: 0, known: false, ended: false))
        case .open(let last): progress.append(Progress(last: last, known: true, ended: false))
        case .ended(let last): progress.append(Progress(last: last, known: true, ended: true))
        }
    }

    func commit(to table: inout SessionTable, block: UInt64) {
        for (session, state) in zip(sessions, progress) where state.wrote {
            table.advance(session, to: state.last, block: block, ended: state.ended)
        }
    }

    var acknowledgement: RecordAck {
        var result = RecordAck()
        result.sessions = zip(sessions, progress).map { session, state in
            var ack = SessionAck()
            ack.session = session
            ack.through = state.last
            ack.error = state.error
            return ack
        }
        return result
    }
}
