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

    /// RowDescription: name, table, column, type, size, modifier, format of each.
    private static let description: [UInt8] = {
        var body = number(names.count, 2)
        for name in names {
            body += bytes(name)
            body += [UInt8](repeating: 0, count: 7) + number(25, 4)
            body += number(-1, 2) + number(-1, 4) + number(0, 2)
        }
        return message("T", body)
    }()

    /// CopyOutResponse of four columns.
    private static func copies(_ format: Int) -> [UInt8] {
        var body: [UInt8] = [UInt8(format)]
        for value in [4, format, format, format, format] { body += number(value, 2) }
        return message("H", body)
    }

    private static func field(_ value: [UInt8]?) -> [UInt8] { number(value?.count ?? -1, 4) + (value ?? []) }

    /// With a RowDescription, and with what announces COPY.
    private static let described: [[UInt8]] = {
        let rows = row([bytes("1"), Planted.email, nil, Planted.card])
        let lines = message("d", bytes("1\talice.b@example.com\t4111 1111 1111 1111\t{}\n"))
        let binary = signature + number(4, 2) + field(number(4_111_111_111_111_111, 8))
        let rest = field(Planted.email) + field(nil) + field(nil) + number(-1, 2)
        return [
            description + rows + message("C", bytes("SELECT 1") + [0]),
            copies(0) + lines + message("c", []),
            copies(1) + message("d", binary) + message("d", rest) + message("c", []),
        ]
    }()

    static let seeds: [[UInt8]] =
        described + [
            row([bytes("1"), Planted.email, bytes("note 536-90-4399"), bytes("{\"a\": \"alice.b@example.com\"}")]),
            row([number(1, 4), Planted.email, nil, [1] + bytes("{\"ssn\": 536904399}")])
                + row([nil, bytes("x"), array, nil]),
            row([
                bytes("{1,2}"), bytes("{alice.b@example.com,\"a \\\"b\",NULL}"), bytes("(1,536-90-4399)"), bytes("[]"),
            ]),
            message("d", bytes("1\talice.b@example.com\tx\\n536-90-4399\t\\N\n2\t\t\t\n")),
            message("d", bytes("1,\"alice.b@example.com\",\"say \"\"x\"\"\nnext\","))
                + message("d", bytes("536-90-4399\n")),
            message(
                "d",
                signature + number(4, 2) + number(4, 4) + number(1, 4) + number(Planted.email.count, 4) + Planted.email
            )
                + message("d", number(-1, 4) + number(-1, 4)) + message("d", number(-1, 2)) + message("c", []),
            error(
                "E",
                [
                    ("S", "ERROR"), ("C", "23505"), ("M", "duplicate"),
                    ("D", "Key (email)=(alice.b@example.com) exists."),
                ]),
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

    /// A plan, and whether its columns' types may hold what is looked for.
    struct Batch {
        let batch: MaskBatch
        let isChecked: Bool
    }

    private static let detected = ["email", "us_ssn", "credit_card", "secret"]
    private static let names = ["id", "email", "note", "doc"]

    /// What a style shows of the values is no value that was planted: widths and shifts are as they are told.
    private static let styles: [(MaskStyle, StyleParameters)] = [
        (.redact, StyleParameters()), (.null, StyleParameters()), (.drop, StyleParameters()), (.hash, StyleParameters()),
        (.tokenize, StyleParameters()), (.shift, StyleParameters()), (.partial, StyleParameters()),
        (.partial, .with { ($0.first, $0.last, $0.keepDomain) = (2, 4, true) }),
        (.bucket, .with { $0.widthBillionths = 1000 * StyleParameters.billion }), (.bucket, .with { $0.unit = .month }),
    ]

    private static let plans: [MaskPlan] = styles.flatMap { style, told -> [MaskPlan] in
        let detect = MaskPlan.with {
            $0.detectors = [.with { ($0.entities, $0.style, $0.parameters) = (detected, style, told) }]
        }
        let rules = MaskPlan.with {
            $0.columns = [
                .with { ($0.pattern, $0.style, $0.parameters) = ("*.email", style, told) },
                .with { ($0.pattern, $0.style) = ("*.note", .null) },
            ]
            $0.detectors = [.with { ($0.entities, $0.style) = (detected, .hash) }]
        }
        // A finding has no column that could be dropped.
        return style == .drop ? [rules] : [detect, rules]
    }

    /// Any plan, with columns of any types, as rows or as COPY.
    static func batch(_ random: inout SeededRandom) -> Batch {
        var batch = MaskBatch()
        (batch.protocol, batch.plan, batch.last) = ("postgres", random.pick(plans), true)
        let isChecked = random.number(below: 4) > 0
        let format = Int32(random.number(below: 2))
        batch.columnsKnown = random.number(below: 10) > 0
        if batch.columnsKnown {
            let held = format == 1 ? Columns.written : Columns.holding
            let types = isChecked ? held : Columns.holding + Columns.quiet
            batch.columns = names.map { name in
                var described = ResultColumn()
                (described.name, described.type, described.format) = (name, random.pick(types), format)
                return described
            }
            batch.columns = batch.plan.markingDropped(batch.columns)
        }
        guard random.number(below: 2) == 0 else { return Batch(batch: batch, isChecked: isChecked) }
        batch.copy.out = true
        batch.copy.format = random.pick(["text", "csv", "binary"])
        batch.copy.nullString = batch.copy.format == "text" ? "\\N" : ""
        return Batch(batch: batch, isChecked: isChecked)
    }

    /// Nil when nothing of it is let through.
    static func mask(_ batch: MaskBatch, _ input: [UInt8], _ masker: PostgresMasker) -> [UInt8]? {
        input.withUnsafeBytes { try? masker.mask(batch, payload: $0).payload }
    }

    /// Whole messages, by their type; nil when they are none.
    static func messages(_ bytes: [UInt8]) -> [(type: Character, body: ArraySlice<UInt8>)]? {
        var messages: [(Character, ArraySlice<UInt8>)] = []
        var index = 0
        while index < bytes.count {
            guard index + 5 <= bytes.count else { return nil }
            let end = index + 1 + integer(bytes[index + 1..<index + 5])
            guard end >= index + 5, end <= bytes.count else { return nil }
            messages.append((Character(UnicodeScalar(bytes[index])), bytes[index + 5..<end]))
            index = end
        }
        return messages
    }

    /// Fields of the data rows; nil when these are no whole messages.
    static func rows(_ bytes: [UInt8]) -> [[[UInt8]?]]? {
        guard let messages = messages(bytes) else { return nil }
        var rows: [[[UInt8]?]] = []
        for (type, body) in messages where type == "D" {
            guard let fields = fields(body) else { return nil }
            rows.append(fields)
        }
        return rows
    }

    /// Texts that were masked: fields of rows, rows of COPY in text, what errors and notices say, payloads and settings.
    static func texts(_ messages: [(type: Character, body: ArraySlice<UInt8>)], of batch: MaskBatch) -> [[UInt8]] {
        messages.flatMap { type, body -> [[UInt8]] in
            switch type {
            case "D": return (fields(body) ?? []).compactMap(\.self)
            case "d":
                return batch.copy.format == "binary" ? [] : body.split { $0 == 0x09 || $0 == 0x2c }.map(Array.init)
            case "E", "N":
                let said = Set("MDHW".utf8)
                return body.split(separator: 0).filter { $0.first.map(said.contains) ?? false }.map {
                    Array($0.dropFirst())
                }
            // The names of a channel and a setting are not masked.
            case "A":
                return body.dropFirst(4).split(separator: 0, omittingEmptySubsequences: false).dropFirst().map(
                    Array.init)
            case "S": return body.split(separator: 0, omittingEmptySubsequences: false).dropFirst().map(Array.init)
            case _: return []
            }
        }
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
