import Contract
import Masking
import PostgresMask

/// Builds backend messages, and runs the masker over them.
enum Wire {
    static func int32(_ value: Int) -> [UInt8] {
        withUnsafeBytes(of: Int32(truncatingIfNeeded: value).bigEndian) { Array($0) }
    }
    static func int16(_ value: Int) -> [UInt8] {
        withUnsafeBytes(of: Int16(truncatingIfNeeded: value).bigEndian) { Array($0) }
    }
    static func int64(_ value: Int64) -> [UInt8] { withUnsafeBytes(of: value.bigEndian) { Array($0) } }

    static func message(_ type: Character, _ body: [UInt8]) -> [UInt8] {
        [type.asciiValue!] + int32(body.count + 4) + body
    }

    static func row(_ fields: [[UInt8]?]) -> [UInt8] {
        message("D", int16(fields.count) + fields.flatMap { $0.map { int32($0.count) + $0 } ?? int32(-1) })
    }

    static func copy(_ text: String) -> [UInt8] { message("d", Array(text.utf8)) }

    static func error(_ fields: [(Character, String)], type: Character = "E") -> [UInt8] {
        message(type, fields.flatMap { [$0.0.asciiValue!] + Array($0.1.utf8) + [0] } + [0])
    }

    /// Messages as (type, body).
    static func parse(_ bytes: [UInt8]) -> [(type: Character, body: [UInt8])] {
        var out: [(Character, [UInt8])] = []
        var index = 0
        while index + 5 <= bytes.count {
            let length = bytes[index + 1..<index + 5].reduce(0) { $0 << 8 | Int($1) }
            guard length >= 4, index + 1 + length <= bytes.count else { break }
            out.append((Character(UnicodeScalar(bytes[index])), Array(bytes[index + 5..<index + 1 + length])))
            index += 1 + length
        }
        if index != bytes.count { out.append(("?", [])) }
        return out
    }

    static func fields(_ body: [UInt8]) -> [[UInt8]?] {
        var out: [[UInt8]?] = []
        var index = 2
        while index < body.count {
            let length = Int(Int32(bitPattern: body[index..<index + 4].reduce(0) { $0 << 8 | UInt32($1) }))
            index += 4
            out.append(length < 0 ? nil : Array(body[index..<index + max(0, length)]))
            index += max(0, length)
        }
        return out
    }
}

func plan(columns: [(String, MaskStyle)] = [], detect: [String] = [], _ style: MaskStyle = .redact) -> MaskPlan {
    var plan = MaskPlan()
    plan.columns = columns.map { pattern, style in
        var column = ColumnMask()
        column.pattern = pattern
        column.style = style
        return column
    }
    if !detect.isEmpty {
        var detector = DetectorMask()
        detector.entities = detect
        detector.style = style
        plan.detectors = [detector]
    }
    return plan
}

func column(_ name: String, type: UInt32 = 25, format: Int32 = 0, origin: (String, String, String)? = nil)
    -> ResultColumn
{
    var column = ResultColumn()
    column.name = name
    column.type = type
    column.format = format
    if let origin {
        column.hasOrigin_p = true
        column.originSchema = origin.0
        column.originTable = origin.1
        column.originColumn = origin.2
    }
    return column
}

func batch(_ plan: MaskPlan, _ columns: [ResultColumn]? = nil, copy: String? = nil, last: Bool = false) -> MaskBatch {
    var batch = MaskBatch()
    batch.protocol = "postgres"
    batch.plan = plan
    batch.columns = columns ?? []
    batch.columnsKnown = columns != nil
    batch.last = last
    if let copy {
        batch.copy.out = true
        batch.copy.format = copy
        batch.copy.nullString = copy == "text" ? "\\N" : ""
    }
    return batch
}

let key: [UInt8] = Array("a key for tests".utf8)
let everyEntity = ["email", "credit_card", "us_ssn", "secret"]

func mask(_ batch: MaskBatch, _ payload: [UInt8]) throws(MaskError) -> (reply: MaskReply, payload: [UInt8]) {
    try mask(batch, payload, with: PostgresMasker(key: key))
}

func mask(_ batch: MaskBatch, _ payload: [UInt8], with masker: PostgresMasker) throws(MaskError) -> (
    reply: MaskReply, payload: [UInt8]
) {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: payload.count, alignment: 1)
    defer { buffer.deallocate() }
    buffer.copyBytes(from: payload)
    return try masker.mask(batch, payload: UnsafeRawBufferPointer(buffer))
}

/// One row of one field through the masker.
func maskValue(_ plan: MaskPlan, _ column: ResultColumn, _ value: [UInt8]) throws -> [UInt8]? {
    let reply = try mask(batch(plan, [column]), Wire.row([value]))
    return Wire.fields(Wire.parse(reply.payload)[0].body)[0]
}

func maskText(_ plan: MaskPlan, _ column: ResultColumn, _ value: String) throws -> String? {
    try maskValue(plan, column, Array(value.utf8)).map { String(decoding: $0, as: UTF8.self) }
}
