import Bus
import Contract
import Foundation
import Gateway
import NIOCore
import PostgresWire

/// One command of a session, from its first byte to its last reply.
final class Command {
    /// How a command's replies were ended.
    enum Status: String {
        case done, failed, refused, skipped, suspended, lost
    }

    /// From 1 within the session.
    let number: UInt64
    let facts: Facts
    private(set) var mask: MaskPlan
    /// What its ruling says is for one run.
    let isForOnce: Bool
    /// Policy epoch of its ruling.
    let epoch: [UInt8]
    /// Enforced while it runs.
    private(set) var limit: RowLimit?
    var limiter: RowLimiter?
    /// Shared by all runs of a portal.
    let tally: RowTally
    /// How it runs once more when reviewers allow what was rolled back; nil: it does not.
    var retry: Retry?
    /// What the planner expects of it, if the classifier asked.
    let estimate: Estimate?
    var isFinished = false
    /// When it was read, monotonic nanoseconds; nil once it went to the target.
    var readAt: UInt64?
    /// When it went to the target, Unix time, microseconds.
    var sentAt: UInt64 = 0
    /// How much of it is recorded.
    private(set) var recording: RecordingChoice
    var rows: UInt64 = 0
    var tag = ""
    var sqlState = ""
    var error = ""
    /// The target's error may quote values.
    var errorMayQuote = false
    var status: Status?
    /// What its rows are, where their description is another message's answer.
    var columns: [ResultColumn] = []
    private var masked: [String: UInt64] = [:]
    private var output = RecordedData()
    private var input = RecordedData()
    private var recorded = 0

    /// A command that may run.
    init(number: UInt64, ruling: Ruling) {
        self.number = number
        facts = ruling.facts
        mask = ruling.mask
        epoch = ruling.epoch
        isForOnce = ruling.isForOnce
        limit = RowLimit(ruling.limits)
        tally = RowTally()
        estimate = ruling.estimate
        recording = ruling.recording
    }

    /// A further run of what `earlier` was: masked as both rulings say.
    init(number: UInt64, ruling: Ruling, continuing earlier: Command) {
        self.number = number
        facts = ruling.facts
        var mask = ruling.mask
        mask.tighten(earlier.mask)
        self.mask = mask
        epoch = ruling.epoch
        isForOnce = ruling.isForOnce
        limit = RowLimit.tighter(RowLimit(ruling.limits), earlier.limit)
        tally = earlier.tally
        estimate = ruling.estimate
        recording = ruling.recording
    }

    /// A command that does not run.
    init(refused number: UInt64) {
        self.number = number
        recording = .full
        facts = Facts()
        mask = MaskPlan()
        epoch = []
        isForOnce = false
        tally = RowTally()
        estimate = nil
    }

    /// It runs once more, as `ruling` lets it after `excess`. A limit that reviewers have allowed it to go beyond is none.
    func restart(_ ruling: Ruling, after excess: Excess) {
        mask.tighten(ruling.mask)
        limit = RowLimit(ruling.limits)
        if !ruling.holdID.isEmpty, let rows = limit?.rows, rows <= excess.maxRows { limit = nil }
        limiter = nil
        retry = nil
        recording = ruling.recording
        tally.reset()
    }

    /// What it runs by name was judged with this limit.
    func tighten(_ other: RowLimit?) { limit = RowLimit.tighter(limit, other) }

    /// The target describes other columns than the text tells: what is computed there may be anything.
    func checkOutputs(described: Int) {
        guard !mask.columns.isEmpty || !mask.outputs.isEmpty, !facts.outputs.contains(where: \.star) else { return }
        guard !facts.outputsKnown || facts.outputs.count != described else { return }
        mask.allComputed = true
        // Masks by place may stand at the wrong ones, and an origin may be a view's column.
        if facts.resolved || !mask.outputs.isEmpty { mask.allOutputs = true }
    }

    /// Bytes of replies that the client got.
    var bytes: UInt64 { output.total }

    /// Takes reply messages as the client gets them. Returns what is to be recorded when there is enough.
    func deliver(_ bytes: ByteBuffer, _ allowance: RecordingAllowance) -> [Output] {
        if status == .failed, error.isEmpty { readError(in: bytes) }
        guard recording.level.keepsData else {
            output.pass(bytes)
            return []
        }
        return output.add(bytes, allowance, recorded: &recorded).map { record($0) }
    }

    /// Takes a message of COPY data as the client sent it.
    func receive(_ bytes: ByteBuffer, _ allowance: RecordingAllowance) -> [Output] {
        guard recording.level.keepsData else {
            input.pass(bytes)
            return []
        }
        return input.add(bytes, allowance, recorded: &recorded).map { record($0, fromClient: true) }
    }

    /// Replies wait to be recorded.
    var hasUnrecordedOutput: Bool { !output.pending.isEmpty }

    /// Replies that wait for long enough.
    func agedOutput() -> [Output] { output.aged(unixMicroseconds()).map { record($0) } }

    /// COPY data that is not recorded yet.
    func remainingInput() -> [Output] {
        input.pending.isEmpty ? [] : input.cut().map { record($0, fromClient: true) }
    }

    private func record(_ piece: RecordedData.Piece, fromClient: Bool = false) -> Output {
        var record = Output()
        record.command = number
        record.data = Data(piece.bytes)
        record.firstUs = piece.firstAt
        record.fromClient = fromClient
        record.stopped = piece.usedUp ?? ""
        if piece.isFirst, !fromClient { record.columns = recordedColumns }
        return record
    }

    /// A masked message is known as the client gets it, and no sooner.
    private func readError(in bytes: ByteBuffer) {
        var rest = bytes
        while let type = rest.getInteger(at: rest.readerIndex, as: UInt8.self),
            let length = rest.getInteger(at: rest.readerIndex + 1, as: Int32.self), length >= 4,
            let message = rest.readSlice(length: Int(length) + 1)
        {
            guard type == BackendType.errorResponse else { continue }
            do {
                let fields = try BackendDecoder.errorFields(Frame(type: type, bytes: message))
                error = fields[UInt8(ascii: "M")] ?? ""
            } catch {
                self.error = "(an error that cannot be read)"
            }
            return
        }
    }

    /// What a reader of the rows needs.
    private var recordedColumns: [ResultColumn] {
        columns.lazy.filter { !$0.dropped }.map { column in
            var shown = ResultColumn()
            shown.name = column.name
            shown.type = column.type
            shown.format = column.format
            return shown
        }
    }

    func count(_ counts: [EntityCount]) {
        for count in counts {
            let (sum, overflow) = masked[count.entity, default: 0].addingReportingOverflow(count.count)
            masked[count.entity] = overflow ? .max : sum
        }
    }

    /// Where values are not recorded, neither is an error that may quote them.
    private var recordedError: String {
        switch recording.level {
        case .full, .unspecified, .UNRECOGNIZED: error
        case .commands: errorMayQuote ? "" : error
        case .metadata: ""
        }
    }

    /// The record of how it ended.
    func result() -> CommandResult {
        var result = CommandResult()
        result.command = number
        result.tag = tag
        result.sqlstate = sqlState
        result.error = recordedError
        result.rows = rows
        result.bytes = bytes
        result.status = (status ?? .lost).rawValue
        result.output = Data(output.pending)
        result.sentUs = sentAt
        if recording.level.keepsData {
            result.columns = recordedColumns
        } else {
            result.recording = recording.level
            result.recordingRule = recording.rule
        }
        if let omission = output.omission {
            result.outputOmittedBytes = omission.bytes
            result.omitted = omission
        }
        if input.total > 0 {
            result.input.bytes = input.total
            if let omission = input.omission { result.input.omitted = omission }
        }
        result.masked = masked.sorted { $0.key < $1.key }.map { entity, count in
            var one = EntityCount()
            one.entity = entity
            one.count = count
            return one
        }
        return result
    }
}
