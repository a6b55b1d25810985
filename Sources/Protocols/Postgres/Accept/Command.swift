import Contract
import Foundation
import Gateway
import NIOCore

/// One command of a session, from its first byte to its last reply.
final class Command {
    /// Reply bytes kept for one command's recording; what exceeds them is counted.
    static let recordedOutput = 64 << 10
    /// Size of the pieces in which they are recorded.
    static let recordedPiece = 16 << 10

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
    var rows: UInt64 = 0
    var bytes: UInt64 = 0
    var tag = ""
    var sqlState = ""
    var error = ""
    var status: Status?
    /// What its rows are, where their description is another message's answer.
    var columns: [ResultColumn] = []
    private var masked: [String: UInt64] = [:]
    private var output: [UInt8] = []
    private var recorded = 0
    private var omitted: UInt64 = 0

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
    }

    /// A command that does not run.
    init(refused number: UInt64) {
        self.number = number
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

    /// Counts reply bytes as the client gets them. Returns a piece to record when there is enough.
    func deliver(_ bytes: ByteBuffer) -> Output? {
        self.bytes += UInt64(bytes.readableBytes)
        let room = Self.recordedOutput - recorded - output.count
        guard room >= bytes.readableBytes else {
            omitted += UInt64(bytes.readableBytes)
            return nil
        }
        output.append(contentsOf: bytes.readableBytesView)
        guard output.count >= Self.recordedPiece else { return nil }
        var piece = Output()
        piece.command = number
        piece.data = Data(output)
        if recorded == 0 { piece.columns = recordedColumns }
        recorded += output.count
        output.removeAll(keepingCapacity: true)
        return piece
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

    /// The record of how it ended.
    func result() -> CommandResult {
        var result = CommandResult()
        result.command = number
        result.tag = tag
        result.sqlstate = sqlState
        result.error = error
        result.rows = rows
        result.bytes = bytes
        result.status = (status ?? .lost).rawValue
        result.outputOmittedBytes = omitted
        result.output = Data(output)
        result.columns = recordedColumns
        result.masked = masked.sorted { $0.key < $1.key }.map { entity, count in
            var one = EntityCount()
            one.entity = entity
            one.count = count
            return one
        }
        return result
    }
}
