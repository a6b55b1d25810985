import Contract
import SwiftProtobuf

func serialized(_ message: some Message) throws(RecordingError) -> [UInt8] {
    do {
        return try message.serializedBytes()
    } catch {
        throw RecordingError(.invalid, "a record cannot be serialised")
    }
}

/// Sorts some batches: what is new goes into the encoder's block, what is late, early or wrong stays out.
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
    /// For each batch, the places of its sessions.
    private var members: [[Int]] = []
    /// Batch and place in it of the records that are in the block.
    private(set) var accepted: [(batch: Int, entry: Int)] = []
    private var manifestBuilder = ManifestBuilder()
    /// What the block's manifest says of the records that are in the block.
    var manifest: BlockManifest { manifestBuilder.manifest }

    init(encoder: BlockEncoder, options: SegmentWriter.Options) {
        self.encoder = encoder
        self.options = options
        encoder.reset()
    }

    mutating func take(_ batch: IncomingBatch, _ table: borrowing SessionTable) throws(RecordingError) {
        let own = members.count
        members.append([])
        for session in batch.sessions {
            let place = self.place(of: session, table)
            members[own].append(place)
        }
        for (index, entry) in batch.entries.enumerated() {
            let place = members[own][entry.session]
            if try take(entry, of: batch, place) { accepted.append((own, index)) }
        }
    }

    private mutating func place(of session: String, _ table: borrowing SessionTable) -> Int {
        if let place = places[session] { return place }
        places[session] = sessions.count
        sessions.append(session)
        switch table[session] {
        case .unknown: progress.append(Progress(last: 0, known: false, ended: false))
        case .open(let last): progress.append(Progress(last: last, known: true, ended: false))
        case .ended(let last): progress.append(Progress(last: last, known: true, ended: true))
        }
        if session.isEmpty || session.utf8.count > Format.maxSessionBytes {
            refuse(sessions.count - 1, "a session's id has 1 to \(Format.maxSessionBytes) bytes")
        }
        return sessions.count - 1
    }

    private mutating func refuse(_ place: Int, _ error: String) {
        progress[place].error = error
        progress[place].stopped = true
    }

    /// True when the record is in the block.
    private mutating func take(
        _ entry: IncomingBatch.Entry, of batch: IncomingBatch, _ place: Int
    ) throws(RecordingError) -> Bool {
        let state = progress[place]
        guard !state.stopped else { return false }
        guard entry.head.sequence > 0 else {
            refuse(place, "a record's sequence begins at 1")
            return false
        }
        guard entry.head.sequence > state.last else { return false }
        guard !state.ended else {
            refuse(place, "the session has ended")
            return false
        }
        guard entry.head.event != RecordHead.Field.sessionResumed else {
            refuse(place, "only a recorder says that it goes on with a session")
            return false
        }
        guard entry.record.count <= options.maxRecordBytes else {
            refuse(place, "a record has more than \(options.maxRecordBytes) bytes")
            return false
        }
        let follows = entry.head.sequence == state.last + 1
        let size = 4 + entry.record.count + (follows ? 0 : Format.maxResumedBytes)
        guard encoder.records == 0 || encoder.payloadLength + size <= options.maxBlockBytes else {
            progress[place].stopped = true
            return false
        }
        if !follows, !(try resume(place, before: entry.head.sequence, batch)) {
            return false
        }
        encoder.append(batch.body, entry.record)
        let isEnd = entry.head.event == RecordHead.Field.sessionEnded
        manifestBuilder.add(sessions[place], at: place, sequence: entry.head.sequence, isEnd: isEnd)
        progress[place].last = entry.head.sequence
        progress[place].known = true
        progress[place].wrote = true
        progress[place].ended = isEnd
        return true
    }

    /// A record does not follow on what this recorder has: another one had the session, or records are missing. True
    /// when the batch says where the other one's records end, which then stands in the block too.
    private mutating func resume(
        _ place: Int, before sequence: UInt64, _ batch: IncomingBatch
    ) throws(RecordingError) -> Bool {
        guard let resumption = batch.resumptions[sessions[place]] else {
            if progress[place].known {
                progress[place].stopped = true
            } else {
                refuse(place, "this recorder does not know the session")
            }
            return false
        }
        guard resumption.after == sequence - 1 else {
            progress[place].stopped = true
            return false
        }
        guard Format.isReplicaName(resumption.replica), resumption.block > 0,
            resumption.chain.count == ChainHasher.length
        else {
            refuse(place, "the former recorder's last block is not named")
            return false
        }
        var record = Record()
        record.session = resumption.session
        record.sequence = resumption.after
        record.timeUs = currentMicroseconds()
        record.sessionResumed = resumption
        let bytes = try serialized(record)
        encoder.append(bytes, 0..<bytes.count)
        manifestBuilder.resume(resumption, at: place)
        return true
    }

    func commit(to table: inout SessionTable, block: UInt64) {
        for (session, state) in zip(sessions, progress) where state.wrote {
            table.advance(session, to: state.last, block: block, ended: state.ended)
        }
    }

    /// What each batch's sessions have now.
    func acknowledgements(replica: String, block: UInt64, chain: [UInt8]) -> [RecordAck] {
        members.map { places in
            var ack = RecordAck()
            ack.replica = replica
            ack.block = block
            ack.chain = .init(chain)
            var named: Set<Int> = []
            for place in places where places.count == 1 || named.insert(place).inserted {
                var one = SessionAck()
                one.session = sessions[place]
                one.through = progress[place].last
                one.error = progress[place].error
                ack.sessions.append(one)
            }
            return ack
        }
    }
}
