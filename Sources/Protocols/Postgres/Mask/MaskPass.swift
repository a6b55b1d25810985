import Contract
import Detection
import FoundationEssentials
import Masking

/// One pass over one batch's payload.
struct MaskPass {
    let batch: MaskBatch
    let plan: CompiledPlan
    var values: ValueMasker
    var output: Rewriter
    var copyState: CopyState
    /// Nil when the batch carries no copy data.
    let copyFormat: CopyFormat?
    var rows: UInt64 = 0
    /// Set when a rule refuses the whole.
    var refusal: Refusal?
    var cursor = CandidateCursor.none
    private var scanned = false
    /// Reused for every value that is edited.
    var edited: [UInt8] = []
    /// Reused for every copy field that is decoded, and every new one that is encoded.
    var decoded: [UInt8] = []
    var encoded: [UInt8] = []

    init(batch: MaskBatch, values: ValueMasker, payload: UnsafeRawBufferPointer) throws(MaskError) {
        self.batch = batch
        self.values = values
        plan = values.plan
        var out: [UInt8] = []
        out.reserveCapacity(payload.count + payload.count / 8 + 64)
        output = Rewriter(source: payload, out: out)
        copyState = try CopyState(tail: batch.tail)
        copyFormat = batch.hasCopy ? try CopyFormat(batch.copy) : nil
    }

    mutating func run() throws(MaskError) {
        let payload = output.source
        var index = 0
        while index < payload.count {
            guard payload.count - index >= PostgresMasker.headerBytes else {
                throw .malformed("a message is cut short")
            }
            let length = payload.int32(at: index + 1)
            guard length >= 4, length <= payload.count - index - 1 else {
                throw .malformed("a message's length does not fit")
            }
            let end = index + 1 + length
            let body = index + PostgresMasker.headerBytes..<end
            switch payload[index] {
            case UInt8(ascii: "D"): try dataRow(body)
            case UInt8(ascii: "d"): try copyData(body)
            case UInt8(ascii: "H"): try copyBegins(body)
            case UInt8(ascii: "c"): try copyEnds()
            case UInt8(ascii: "E"):
                copyState = CopyState()
                try report(body)
            case UInt8(ascii: "N"): try report(body)
            case UInt8(ascii: "A"): try notification(body)
            case UInt8(ascii: "S"): try parameterStatus(body)
            case UInt8(ascii: "V"), UInt8(ascii: "W"):
                throw MaskError(
                    code: .unsupported, message: "function call results and replication streams cannot be masked")
            case _: break
            }
            index = end
        }
        output.copy(upTo: payload.count)
    }

    consuming func finish() throws(MaskError) -> (reply: MaskReply, payload: [UInt8]) {
        if batch.last, !copyState.rest.isEmpty { throw .malformed("the copy data ends inside a row") }
        var reply = MaskReply()
        if !batch.last { reply.tail = copyState.tail }
        reply.rows = rows
        reply.counts = values.counts
        return (reply, output.out)
    }

    /// Candidates in the whole payload, made by one scan when the first row needs them.
    mutating func scanPayload() throws(MaskError) {
        guard !scanned else { return }
        scanned = true
        cursor = CandidateCursor(try candidates(in: output.source))
    }

    func candidates(in bytes: UnsafeRawBufferPointer) throws(MaskError) -> [Candidate] {
        guard let engine = plan.engine else { return [] }
        var list: [Candidate] = []
        do throws(DetectionError) {
            try engine.appendCandidates(in: bytes, to: &list)
        } catch {
            throw MaskError(code: .detection, message: error.message)
        }
        return list
    }

    // MARK: rows

    private mutating func dataRow(_ body: Range<Int>) throws(MaskError) {
        let source = output.source
        guard body.count >= 2 else { throw .malformed("a row has no column count") }
        let fields = source.int16(at: body.lowerBound)
        guard fields >= 0 else { throw .malformed("a row's column count is negative") }
        if let expected = plan.rows.expected, expected != fields {
            throw MaskError(
                code: .columnMismatch, message: "a row has \(fields) columns where \(expected) were described")
        }
        if plan.rows.scans { try scanPayload() }
        rows += 1
        let lengthPlace = output.place(of: body.lowerBound - 4)
        let copied = output.copied
        let end = try tuple(fields, plan.rows, from: body.lowerBound + 2, upTo: body.upperBound)
        guard end == body.upperBound else { throw .malformed("a row has bytes after its last column") }
        if output.copied != copied {
            output.out.setInt32(output.place(of: body.upperBound) - lengthPlace, at: lengthPlace)
        }
    }

    /// Masks counted fields (DataRow, binary COPY), whose count stands before `start`, and returns where they end.
    mutating func tuple(
        _ fields: Int, _ shape: CompiledPlan.Shape, from start: Int, upTo limit: Int
    ) throws(MaskError) -> Int {
        try checkColumns(shape)
        let source = output.source
        if shape.dropped > 0 { output.replaceInt16(at: start - 2, with: fields - shape.dropped) }
        var index = start
        for field in 0..<fields {
            guard limit - index >= 4 else { throw .malformed("a row is cut short") }
            let length = source.int32(at: index)
            index += 4
            if length == -1, !shape.masksNull(field) { continue }
            guard length >= -1, length <= limit - index else { throw .malformed("a column's length does not fit") }
            let range = index..<index + max(0, length)
            index = range.upperBound
            let outcome = value(field, shape, source, range)
            try checkValue(field, shape)
            switch outcome {
            case .keep: continue
            case .null where shape.dropped > 0 && shape.columns[field].isDropped: output.dropCounted(range)
            case .null: output.replaceCounted(range, with: nil)
            case .replaced: output.replaceCounted(range, with: edited)
            }
        }
        return index
    }

    /// Decides about one field in wire form; a new value is in `edited`.
    private mutating func value(
        _ field: Int, _ shape: CompiledPlan.Shape, _ source: UnsafeRawBufferPointer, _ range: Range<Int>
    ) -> ValueMasker.Outcome {
        guard shape.expected != nil else {
            if shape.withholds { return values.withheld() }
            let found = cursor.indices(in: range)
            return values.detect(
                .unknown, in: source, scope: range, candidates: cursor.slice(found), near: .none, to: &edited)
        }
        let column = shape.columns[field]
        if let rule = column.rule {
            edited.removeAll(keepingCapacity: true)
            return values.substitute(rule, column, source.part(range), to: &edited)
        }
        if let paths = column.paths {
            edited.removeAll(keepingCapacity: true)
            return values.maskPlaces(paths, near: column.near, in: source.part(range), to: &edited)
        }
        guard column.look != .never else { return .keep }
        let found = cursor.indices(in: range)
        if found.isEmpty, column.passesQuiet(bytes: range.count) { return .keep }
        edited.removeAll(keepingCapacity: true)
        return values.detect(
            column, in: source, scope: range, candidates: column.kind.readsWireText ? cursor.slice(found) : nil,
            to: &edited)
    }
}
