import Contract
import FuzzKit
import Masking
import PostgresMask

/// Replies that others are made from (PostgreSQL manual, "Message Formats").
enum Replies {
    private static func number(_ value: Int, _ bytes: Int) -> [UInt8] {
        (0..<bytes).reversed().map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
    }

    private static func message(_ type: Character, _ body: [UInt8]) -> [UInt8] {
        Array(String(type).utf8) + number(body.count + 4, 4) + body
    }

    private static func row(_ fields: [[UInt8]?]) -> [UInt8] {
        message("D", number(fields.count, 2) + fields.flatMap { $0.map { number($0.count, 4) + $0 } ?? number(-1, 4) })
    }

    private static func error(_ type: Character, _ fields: [(String, String)]) -> [UInt8] {
        message(type, fields.flatMap { Array($0.0.utf8) + Array($0.1.utf8) + [0] } + [0])
    }

    private static func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

    /// text[] in binary: dimensions, flags, element type, length, lower bound, elements.
    private static let array =
        [1, 0, 25, 2, 1].flatMap { number($0, 4) }
        + [Planted.email, bytes("x")].flatMap {
            number($0.count, 4) + $0
        }
    private static let signature: [UInt8] = bytes("PGCOPY\n") + [0xff, 0x0d, 0x0a, 0] + number(0, 8)

    static let seeds: [[UInt8]] = [
        row([bytes("1"), Planted.email, bytes("note 536-90-4399"), bytes("{\"a\": \"alice.b@example.com\"}")]),
        row([number(1, 4), Planted.email, nil, [1] + bytes("{\"ssn\": 536904399}")])
            + row([nil, bytes("x"), array, nil]),
        row([bytes("{1,2}"), bytes("{alice.b@example.com,\"a \\\"b\",NULL}"), bytes("(1,536-90-4399)"), bytes("[]")]),
        message("d", bytes("1\talice.b@example.com\tx\\n536-90-4399\t\\N\n2\t\t\t\n")),
        message("d", bytes("1,\"alice.b@example.com\",\"say \"\"x\"\"\nnext\","))
            + message("d", bytes("536-90-4399\n")),
        message(
            "d", signature + number(4, 2) + number(4, 4) + number(1, 4) + number(Planted.email.count, 4) + Planted.email
        )
            + message("d", number(-1, 4) + number(-1, 4)) + message("d", number(-1, 2)) + message("c", []),
        error(
            "E",
            [("S", "ERROR"), ("C", "23505"), ("M", "duplicate"), ("D", "Key (email)=(alice.b@example.com) exists.")]),
        error("N", [("S", "NOTICE"), ("C", "00000"), ("M", "the number is 536-90-4399")]),
        message("A", number(7, 4) + bytes("news") + [0] + bytes("about 536-90-4399") + [0]),
        message("S", bytes("application_name") + [0] + Planted.email + [0]) + message("C", bytes("SELECT 2") + [0]),
    ]

    static let pieces: [[UInt8]] =
        Planted.all + [0, 1, -1, 2, 1 << 30, 1 << 31, 0x7fff_ffff, 3, 65535].map { number($0, 4) }
        + [
            bytes("{"), bytes("}"), bytes("\""), bytes("\\"), bytes("\n"), bytes("\t"), bytes(","), bytes("\\N"),
            bytes("\\."), [0], [1],
        ]
        + [row([]), message("d", []), message("Z", bytes("I")), message("d", number(-1, 2)), bytes("D"), bytes("d")]

    static let batches: [MaskBatch] = {
        let all = ["email", "us_ssn", "credit_card", "secret"]
        let detect = MaskPlan(detect: all)
        let rules = MaskPlan(columns: [("*.email", .partial), ("*.note", .null)], detect: all, style: .hash)
        let dropping = MaskPlan(columns: [("*.email", .drop), ("*.doc", .drop)], detect: all)
        let columns = [("id", 23), ("email", 25), ("note", 1009), ("doc", 3802)]
        var batches: [MaskBatch] = []
        for plan in [detect, rules, dropping] {
            for format: Int32 in [0, 1] {
                for kinds in [[23, 25, 1009, 3802], [1007, 1009, 2249, 114], [20, 1700, 17, 705]] {
                    var batch = MaskBatch()
                    (batch.protocol, batch.plan, batch.columnsKnown, batch.last) = ("postgres", plan, true, true)
                    batch.columns = zip(columns, kinds).map { column, kind in
                        var described = ResultColumn()
                        (described.name, described.type, described.format) = (column.0, UInt32(kind), format)
                        return described
                    }
                    batch.columns = plan.markingDropped(batch.columns)
                    batches.append(batch)
                    for copy in ["text", "csv", "binary"] {
                        batch.copy.out = true
                        batch.copy.format = copy
                        batch.copy.nullString = copy == "text" ? "\\N" : ""
                        batches.append(batch)
                    }
                }
            }
            var unknown = MaskBatch()
            (unknown.protocol, unknown.plan, unknown.last) = ("postgres", plan, true)
            batches.append(unknown)
        }
        return batches
    }()

    /// Nil when nothing of it is let through.
    static func mask(_ batch: MaskBatch, _ input: [UInt8], _ masker: PostgresMasker) -> [UInt8]? {
        input.withUnsafeBytes { try? masker.mask(batch, payload: $0).payload }
    }

    /// Fields of the data rows; nil when these are no whole messages.
    static func rows(_ bytes: [UInt8]) -> [[[UInt8]?]]? {
        var rows: [[[UInt8]?]] = []
        var index = 0
        while index < bytes.count {
            guard index + 5 <= bytes.count else { return nil }
            let end = index + 1 + integer(bytes[index + 1..<index + 5])
            guard end >= index + 5, end <= bytes.count else { return nil }
            if bytes[index] == UInt8(ascii: "D") {
                guard let fields = fields(bytes[index + 5..<end]) else { return nil }
                rows.append(fields)
            }
            index = end
        }
        return rows
    }

    private static func fields(_ body: ArraySlice<UInt8>) -> [[UInt8]?]? {
        guard body.count >= 2 else { return nil }
        var fields: [[UInt8]?] = []
        var rest = body.dropFirst(2)
        while !rest.isEmpty {
            guard rest.count >= 4 else { return nil }
            let length = integer(rest.prefix(4))
            rest = rest.dropFirst(4)
            guard length <= rest.count, length >= -1 else { return nil }
            fields.append(length < 0 ? nil : Array(rest.prefix(length)))
            rest = rest.dropFirst(max(0, length))
        }
        return fields.count == integer([0, 0] + body.prefix(2)) ? fields : nil
    }

    private static func integer(_ bytes: some Collection<UInt8>) -> Int {
        Int(Int32(bitPattern: bytes.reduce(0) { $0 << 8 | UInt32($1) }))
    }
}
