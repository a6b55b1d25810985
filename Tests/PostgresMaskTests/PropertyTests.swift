import Contract
import FoundationEssentials
import Masking
import PostgresMask
import TestKit
import Testing

/// Random tables of all types, some of whose values hold what must not leave, in every way in which a type can write it.
@Suite struct PropertyTests {
    struct Table {
        let shapes: [Shape]
        var rows: [[TypedValue?]] = []
        /// By row: whether the field holds something sensitive.
        var isSensitive: [[Bool]] = []
        var secrets: [Sensitive] = []

        init(_ number: UInt64, columns: Int = 8, rows count: Int = 6) {
            var seed = Seed(number)
            shapes = (0..<columns).map { _ in Shape.random(&seed) }
            for _ in 0..<count {
                var marks: [Bool] = []
                rows.append(
                    shapes.map { shape in
                        if Int.random(in: 0..<10, using: &seed) == 0 {
                            marks.append(false)
                            return nil
                        }
                        var secret: Sensitive?
                        if Int.random(in: 0..<2, using: &seed) == 0 {
                            let candidate = Sensitive.random(&seed)
                            if shape.holds(candidate) { secret = candidate }
                        }
                        if let secret { secrets.append(secret) }
                        marks.append(secret != nil)
                        return shape.value(&seed, secret)
                    })
                isSensitive.append(marks)
            }
        }

        func columns(binary: Bool) -> [ResultColumn] {
            shapes.enumerated().map { column("c\($0)", type: $1.type, format: binary ? 1 : 0) }
        }

        func fields(_ row: Int, binary: Bool) -> [[UInt8]?] { rows[row].map { binary ? $0?.binary : $0?.text } }
    }

    private static let entities = ["email", "credit_card", "us_ssn"]
    private static let styles: [MaskStyle] = [.redact, .partial, .hash, .null, .tokenize, .shift, .bucket]

    private func masked(_ table: Table, _ plan: MaskPlan, binary: Bool, with masker: PostgresMasker) throws
        -> [[[UInt8]?]]
    {
        let payload = table.rows.indices.flatMap { Wire.row(table.fields($0, binary: binary)) }
        let reply = try mask(batch(plan, table.columns(binary: binary)), payload, with: masker)
        let messages = Wire.parse(reply.payload)
        #expect(messages.count == table.rows.count && messages.allSatisfy { $0.type == "D" })
        return messages.map { Wire.fields($0.body) }
    }

    private func show(_ bytes: [UInt8]?) -> String { bytes.map { String(decoding: $0, as: UTF8.self) } ?? "NULL" }

    @Test(arguments: UInt64(1)...150)
    func nothingSensitiveLeavesAndAllElseStays(number: UInt64) throws {
        let table = Table(number)
        var plan = plan(detect: Self.entities, Self.styles[Int(number) % Self.styles.count])
        plan.detectors[0].parameters.widthBillionths = 1_000_000_000 * 1_000_000_000
        let masker = PostgresMasker(hashKey: key)
        let both = try [false, true].map { try masked(table, plan, binary: $0, with: masker) }
        let forbidden = table.secrets.flatMap(\.spellings)
        for row in table.rows.indices {
            for field in table.shapes.indices {
                let type = table.shapes[field].type
                for (format, output) in both.enumerated() {
                    let original = table.fields(row, binary: format == 1)[field]
                    #expect(output[row].count == table.shapes.count)
                    let value = output[row][field]
                    let about = "type \(type) \(format == 1 ? "binary" : "text") \(show(original)) → \(show(value))"
                    #expect((value != original) == table.isSensitive[row][field], "\(about)")
                    guard let value else { continue }
                    #expect(isWhole(value, type: type, binary: format == 1), "\(about)")
                    if plan.detectors[0].style != .partial {
                        #expect(!forbidden.contains { value.contains($0) }, "\(about)")
                    }
                }
                #expect((both[0][row][field] == nil) == (both[1][row][field] == nil))
            }
        }
    }

    /// A rule about a column leaves nothing of it in any format, whatever its type.
    @Test(arguments: UInt64(1)...30)
    func columnRulesLeaveNothing(number: UInt64) throws {
        let table = Table(number)
        let plan = plan(columns: [("*.c0", .redact), ("*.c3", .null)], detect: Self.entities)
        for binary in [false, true] {
            let output = try masked(table, plan, binary: binary, with: PostgresMasker(hashKey: key))
            for row in table.rows.indices {
                for field in [0, 3] where table.rows[row][field] != nil {
                    let value = output[row][field]
                    #expect(value != table.fields(row, binary: binary)[field])
                    if let value { #expect(isWhole(value, type: table.shapes[field].type, binary: binary)) }
                }
            }
        }
    }

    /// COPY in its three formats says what rows say, wherever its data is cut.
    @Test(arguments: UInt64(1)...10, ["text", "csv", "binary"])
    func copiesCutAnywhereAreEqual(number: UInt64, format: String) throws {
        let table = Table(number, columns: 4, rows: 2)
        let plan = plan(detect: Self.entities)
        let isBinary = format == "binary"
        var shape = batch(plan, table.columns(binary: isBinary), copy: format)
        let data = Copies.data(table.rows.indices.map { table.fields($0, binary: isBinary) }, format)
        let masker = PostgresMasker(hashKey: key)
        let whole = try copied([data], &shape, masker)
        let rows = try masked(table, plan, binary: isBinary, with: masker)
        #expect(try Copies.rows(whole, format) == rows)
        for cut in data.indices.dropFirst() {
            shape.tail = .init()
            let parts = [Array(data[..<cut]), Array(data[cut...])]
            #expect(try copied(parts, &shape, masker) == whole, "cut at \(cut)")
        }
    }

    /// Each part in a batch of its own.
    private func copied(_ parts: [[UInt8]], _ shape: inout MaskBatch, _ masker: PostgresMasker) throws -> [UInt8] {
        var out: [UInt8] = []
        for (index, part) in parts.enumerated() {
            shape.last = index == parts.count - 1
            let reply = try mask(shape, Wire.message("d", part), with: masker)
            out += Wire.parse(reply.payload).flatMap(\.body)
            shape.tail = reply.reply.tail
        }
        return out
    }
}

extension [UInt8] {
    func contains(_ part: [UInt8]) -> Bool {
        guard let first = part.first, part.count <= count else { return false }
        return (0...count - part.count).contains { self[$0] == first && self[$0..<$0 + part.count].elementsEqual(part) }
    }
}
