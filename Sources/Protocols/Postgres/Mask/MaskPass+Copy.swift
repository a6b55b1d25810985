import Contract
import Detection
import Masking

extension MaskPass {
    /// What stands at the front of copy data.
    private enum Piece {
        case header, row, trailer
        /// `\.` on a line of its own.
        case endMark
    }

    /// CopyOutResponse: a COPY begins; what the server announces must be what the batch was judged by.
    mutating func copyBegins(_ body: Range<Int>) throws(MaskError) {
        copyState = CopyState()
        guard let format = copyFormat, let announced = body.isEmpty ? nil : output.source[body.lowerBound] else {
            throw MaskError(code: .unsupported, message: "copy data of an unknown shape cannot be masked")
        }
        guard (announced == 1) == (format.kind == .binary) else {
            throw MaskError(code: .unsupported, message: "the server's COPY format is not the one that was asked for")
        }
    }

    mutating func copyEnds() throws(MaskError) {
        guard copyState.rest.isEmpty else { throw .malformed("the copy data ends inside a row") }
        copyState = CopyState()
    }

    mutating func copyData(_ body: Range<Int>) throws(MaskError) {
        guard let format = copyFormat else {
            throw MaskError(code: .unsupported, message: "copy data of an unknown shape cannot be masked")
        }
        if copyState.rest.isEmpty,
            let (piece, end) = try piece(format, output.source, from: body.lowerBound, upTo: body.upperBound),
            end == body.upperBound
        {
            // The common case, one whole row in one message, is edited where it stands.
            if plan.copy.scans { try scanPayload() }
            let lengthPlace = output.place(of: body.lowerBound - 4)
            let copied = output.copied
            try mask(piece, format, body)
            if output.copied != copied {
                output.out.setInt32(output.place(of: body.upperBound) - lengthPlace, at: lengthPlace)
            }
            return
        }
        guard copyState.rest.count + body.count <= CopyState.maximumRestBytes else {
            throw MaskError(code: .tooLarge, message: "a COPY row is too large to be masked")
        }
        try reassemble(format, body)
    }

    /// Puts together the carried bytes and this message's, and sends each whole row as a message of its own.
    private mutating func reassemble(_ format: CopyFormat, _ body: Range<Int>) throws(MaskError) {
        let payload = output.source
        output.copy(upTo: body.lowerBound - PostgresMasker.headerBytes)
        let pending = UnsafeMutableRawBufferPointer.allocate(byteCount: copyState.rest.count + body.count, alignment: 1)
        defer { pending.deallocate() }
        pending.copyBytes(from: copyState.rest)
        UnsafeMutableRawBufferPointer(rebasing: pending[copyState.rest.count...]).copyBytes(from: payload[body])
        let bytes = UnsafeRawBufferPointer(pending)

        var outerCursor = CandidateCursor(plan.copy.scans ? try candidates(in: bytes) : [])
        swap(&cursor, &outerCursor)
        output = Rewriter(source: bytes, out: takeOutput())
        var index = 0
        while index < bytes.count, var (piece, end) = try piece(format, bytes, from: index, upTo: bytes.count) {
            let start = index
            if case .header = piece, format.kind == .binary {
                // PostgreSQL sends the header of binary COPY in one message with what follows it; clients rely on that.
                copyState.headerDone = true
                guard let next = try self.piece(format, bytes, from: end, upTo: bytes.count) else {
                    copyState.headerDone = false
                    break
                }
                index = end
                (piece, end) = next
            }
            output.skip(to: start)
            output.out.append(UInt8(ascii: "d"))
            let lengthPlace = output.out.count
            output.out.appendInt32(0)
            output.copy(upTo: index)
            try mask(piece, format, index..<end)
            output.copy(upTo: end)
            output.out.setInt32(output.out.count - lengthPlace, at: lengthPlace)
            index = end
        }
        copyState.rest = Array(bytes[index...])
        output = Rewriter(source: payload, out: takeOutput(), copied: body.upperBound)
        swap(&cursor, &outerCursor)
    }

    private mutating func takeOutput() -> [UInt8] {
        var taken: [UInt8] = []
        swap(&taken, &output.out)
        return taken
    }

    /// The piece at `start` and where it ends; nil when it is not whole.
    private func piece(
        _ format: CopyFormat, _ bytes: UnsafeRawBufferPointer, from start: Int, upTo limit: Int
    ) throws(MaskError) -> (Piece, end: Int)? {
        switch format.kind {
        case .text, .csv:
            guard let end = format.rowEnd(bytes, from: start, upTo: limit) else { return nil }
            if format.header, !copyState.headerDone { return (.header, end) }
            let isMark =
                end - start >= 3 && bytes[start] == 0x5c && bytes[start + 1] == 0x2e
                && (bytes[start + 2] == 0x0a || bytes[start + 2] == 0x0d)
            return (isMark ? .endMark : .row, end)
        case .binary:
            return try binaryPiece(bytes, from: start, upTo: limit)
        }
    }

    /// Signature, flags, length of the extension (manual, COPY, Binary Format).
    private static let signature: [UInt8] = Array("PGCOPY\n".utf8) + [0xff, 0x0d, 0x0a, 0x00]
    private static let binaryHeaderBytes = 19
    private static let maximumExtensionBytes = 1 << 16

    private func binaryPiece(_ bytes: UnsafeRawBufferPointer, from start: Int, upTo limit: Int) throws(MaskError) -> (
        Piece, end: Int
    )? {
        if start == limit { return nil }
        if copyState.trailerDone { throw .malformed("copy data goes on after its trailer") }
        guard copyState.headerDone else {
            guard limit - start >= MaskPass.binaryHeaderBytes else { return nil }
            guard bytes.equals(start..<start + MaskPass.signature.count, MaskPass.signature) else {
                throw .malformed("copy data does not begin as binary COPY does")
            }
            let flags = bytes.int32(at: start + 11)
            let more = bytes.int32(at: start + 15)
            guard flags & 0xffff_0000 == 0, (0...MaskPass.maximumExtensionBytes).contains(more) else {
                throw MaskError(code: .unsupported, message: "this binary COPY header cannot be masked")
            }
            let end = start + MaskPass.binaryHeaderBytes + more
            return end <= limit ? (.header, end) : nil
        }
        guard limit - start >= 2 else { return nil }
        let fields = bytes.int16(at: start)
        if fields == -1 { return (.trailer, start + 2) }
        guard fields >= 0 else { throw .malformed("a copy row's column count is negative") }
        var index = start + 2
        for _ in 0..<fields {
            guard limit - index >= 4 else { return nil }
            let length = bytes.int32(at: index)
            guard length >= -1 else { throw .malformed("a copy column's length is negative") }
            index += 4 + max(0, length)
            guard index <= limit else { return nil }
        }
        return (.row, index)
    }

    private mutating func mask(_ piece: Piece, _ format: CopyFormat, _ range: Range<Int>) throws(MaskError) {
        switch piece {
        case .header:
            copyState.headerDone = true
            if plan.copy.dropped > 0 { try dropFields(format, ofHeader: range) }
        case .trailer: copyState.trailerDone = true
        case .endMark: break
        case .row:
            rows += 1
            switch format.kind {
            case .binary:
                let fields = output.source.int16(at: range.lowerBound)
                try expect(fields)
                _ = try tuple(fields, plan.copy, from: range.lowerBound + 2, upTo: range.upperBound)
            case .text, .csv: try delimitedRow(format, range)
            }
        }
    }

    func expect(_ fields: Int) throws(MaskError) {
        if let expected = plan.copy.expected, expected != fields {
            throw MaskError(
                code: .columnMismatch, message: "a copy row has \(fields) columns where \(expected) were described")
        }
    }

    /// Where a row's line end begins.
    func end(ofRow row: Range<Int>) -> Int {
        let limit = row.upperBound - 1
        return limit > row.lowerBound && output.source[limit - 1] == 0x0d ? limit - 1 : limit
    }

    private mutating func delimitedRow(_ format: CopyFormat, _ row: Range<Int>) throws(MaskError) {
        try checkColumns(plan.copy)
        if plan.copy.leavesOne, replaceEndMark(format, row) { return }
        let source = output.source
        let limit = end(ofRow: row)
        var index = row.lowerBound
        var number = 0
        while true {
            let field = format.field(source, from: index, upTo: limit)
            if let expected = plan.copy.expected, number >= expected { try expect(number + 1) }
            maskField(format, number, index..<field.end, field)
            try checkValue(number, plan.copy)
            number += 1
            guard field.end < limit else { break }
            index = field.end + 1
            if index == limit {
                // The row ends in a delimiter: an empty field follows.
                maskField(
                    format, number, index..<index,
                    CopyFormat.Field(end: index, isEncoded: false, plain: index..<index, isQuoted: false))
                try checkValue(number, plan.copy)
                number += 1
                break
            }
        }
        try expect(number)
    }

    private mutating func maskField(_ format: CopyFormat, _ number: Int, _ raw: Range<Int>, _ field: CopyFormat.Field) {
        let source = output.source
        if !field.isQuoted, source.equals(raw, format.null), !plan.copy.masksNull(number) { return }
        if plan.copy.withholds {
            values.engine.countWithheld()
            return output.replace(raw, with: format.null)
        }
        let column = plan.copy.expected == nil || number >= plan.copy.columns.count ? nil : plan.copy.columns[number]
        let found = cursor.indices(in: field.plain)
        if let rule = column?.rule {
            if rule.style == .drop {
                values.engine.count(rule: rule.counter)
                return dropField(number, raw)
            }
        } else if column?.paths == nil {
            guard plan.engine != nil, column?.look != .never else { return }
            if found.isEmpty, !field.isEncoded, column?.passesQuiet(bytes: field.plain.count) ?? false { return }
        }
        edited.removeAll(keepingCapacity: true)
        let outcome: ValueMasker.Outcome
        if field.isEncoded {
            format.decode(source.part(raw), to: &decoded)
            var value: [UInt8] = []
            swap(&value, &decoded)
            outcome = value.withUnsafeBytes { decide(column, in: $0, scope: 0..<$0.count, candidates: nil) }
            swap(&value, &decoded)
        } else {
            outcome = decide(column, in: source, scope: field.plain, candidates: cursor.slice(found))
        }
        switch outcome {
        case .keep: break
        case .null: output.replace(raw, with: format.null)
        case .replaced:
            format.encode(edited, to: &encoded)
            output.replace(raw, with: encoded)
        }
    }

    private mutating func decide(
        _ column: CompiledPlan.Column?, in bytes: UnsafeRawBufferPointer, scope: Range<Int>,
        candidates: ArraySlice<Candidate>?
    ) -> ValueMasker.Outcome {
        if let column, let rule = column.rule {
            return values.substitute(rule, column, bytes.part(scope), to: &edited)
        }
        if let column, let paths = column.paths {
            return values.maskPlaces(paths, near: column.near, in: bytes.part(scope), to: &edited)
        }
        // Without a scan of the wire bytes there are no candidates, which is not the same as none found.
        let scanned = plan.copy.scans ? candidates : nil
        guard let column else {
            return values.detect(.anyText, in: bytes, scope: scope, candidates: scanned, near: .none, to: &edited)
        }
        return values.detect(column, in: bytes, scope: scope, candidates: scanned, to: &edited)
    }
}
