// `MaskBench [NAME]`: what masking costs by itself, without sockets and processes: the rows of bench-masking in batches as
// Ingress makes them, and one column by each style. Processor time of one core, the best of some passes.
import Contract
import Foundation
import PostgresMask

let passes = 5
let rowCount = 100_000
/// As Ingress gathers them.
let batchBytes = 128 << 10
let ten = [
    "email", "phone", "credit_card", "iban", "us_ssn", "ip_address", "jwt", "private_key", "aws_access_key", "secret",
]

/// What the processor spent on this thread, whatever else runs on the machine.
func processorSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

func message(_ type: UInt8, _ body: [UInt8]) -> [UInt8] {
    [type] + withUnsafeBytes(of: UInt32(body.count + 4).bigEndian, Array.init) + body
}

func row(_ values: [String]) -> [UInt8] {
    var body = withUnsafeBytes(of: UInt16(values.count).bigEndian, Array.init)
    for value in values {
        body += withUnsafeBytes(of: UInt32(value.utf8.count).bigEndian, Array.init)
        body += value.utf8
    }
    return message(UInt8(ascii: "D"), body)
}

func copyRow(_ values: [String]) -> [UInt8] {
    message(UInt8(ascii: "d"), Array((values.joined(separator: "\t") + "\n").utf8))
}

func column(_ name: String, _ type: UInt32) -> ResultColumn {
    var column = ResultColumn()
    column.name = name
    column.type = type
    return column
}

/// Numbers that look like chance and are the same each time.
func scattered(_ number: Int) -> UInt64 {
    var value = UInt64(bitPattern: Int64(number)) &* 0x9e37_79b9_7f4a_7c15
    value = (value ^ value >> 30) &* 0xbf58_476d_1ce4_e5b9
    value = (value ^ value >> 27) &* 0x94d0_49bb_1331_11eb
    return value ^ value >> 31
}

func hexadecimal(_ number: Int) -> String {
    let text = String(scattered(number), radix: 16)
    return String(repeating: "0", count: 16 - text.count) + text
}

/// The table of bench-masking.
func bulk(_ number: Int) -> [String] {
    [
        "\(number)", "Customer number \(number)", "person\(number)@mail\(number % 7).example.com",
        hexadecimal(number) + hexadecimal(-number) + " lives at number \(number % 100) of some longer street",
    ]
}
let bulkColumns = [column("id", 20), column("name", 25), column("email", 25), column("note", 25)]

struct Load {
    let name: String
    let batch: MaskBatch
    var payloads: [[UInt8]] = [[]]
    /// That a style replaces; zero: bytes count.
    let values: Int

    init(
        _ name: String, _ plan: MaskPlan, _ columns: [ResultColumn], copy: Bool = false, values: Int = 0,
        _ row: (Int) -> [UInt8]
    ) {
        self.name = name
        self.values = values
        var batch = MaskBatch()
        batch.protocol = "postgres"
        batch.plan = plan
        batch.columns = columns
        batch.columnsKnown = true
        if copy {
            batch.copy.out = true
            batch.copy.format = "text"
            batch.copy.nullString = "\\N"
        }
        self.batch = batch
        for number in 1...rowCount {
            let bytes = row(number)
            if payloads[payloads.count - 1].count + bytes.count > batchBytes { payloads.append([]) }
            payloads[payloads.count - 1] += bytes
        }
    }

    func run(_ masker: PostgresMasker) throws -> String {
        var best = Double.infinity
        for _ in 0..<passes {
            let start = processorSeconds()
            for payload in payloads { _ = try payload.withUnsafeBytes { try masker.mask(batch, payload: $0) } }
            best = min(best, processorSeconds() - start)
        }
        let bytes = payloads.reduce(0) { $0 + $1.count }
        guard values > 0 else { return "\(Int((Double(bytes) / best / 1e6).rounded())) MB/s" }
        return "\((best / Double(values) * 1e8).rounded() / 100) µs a value"
    }
}

func plan(_ entities: [String]) -> MaskPlan {
    var detector = DetectorMask()
    detector.entities = entities
    detector.style = .redact
    var plan = MaskPlan()
    plan.detectors = [detector]
    return plan
}

func styled(_ name: String, _ style: MaskStyle, _ type: UInt32, _ value: @escaping (Int) -> String) -> () -> Load {
    {
        var mask = ColumnMask()
        mask.pattern = "value"
        mask.style = style
        mask.parameters.widthBillionths = 10_000_000_000
        mask.parameters.unit = .month
        var plan = MaskPlan()
        plan.columns = [mask]
        return Load(name, plan, [column("value", type)], values: rowCount) { row([value($0)]) }
    }
}

func digits(_ count: Int) -> (Int) -> String {
    { String(String(1_000_000_000_000_000_000 + scattered($0) % 8_000_000_000_000_000_000).suffix(count)) }
}

func date(_ number: Int) -> String { "20\(10 + number % 15)-0\(1 + number % 9)-\(10 + number % 19)" }

let loads: [(name: String, make: () -> Load)] = [
    ("rows", { Load("rows", plan(ten), bulkColumns) { row(bulk($0)) } }),
    ("copy", { Load("copy", plan(ten), bulkColumns, copy: true) { copyRow(bulk($0)) } }),
    (
        "quiet",
        {
            Load("quiet", plan(ten), [column("id", 20), column("title", 25), column("note", 25)]) { number in
                let all = bulk(number)
                return row([all[0], all[1], all[3]])
            }
        }
    ),
    ("redact", styled("redact", .redact, 25, digits(16))), ("partial", styled("partial", .partial, 25, digits(16))),
    ("hash", styled("hash", .hash, 25, digits(16))), ("tokenize", styled("tokenize", .tokenize, 25, digits(16))),
    ("tokenize-int8", styled("tokenize-int8", .tokenize, 20, digits(16))),
    ("tokenize-name", styled("tokenize-name", .tokenize, 25) { "Customer number \($0)" }),
    ("tokenize-sealed", styled("tokenize-sealed", .tokenize, 25) { "Straße Nr. \($0)" }),
    ("bucket", styled("bucket", .bucket, 20, digits(8))), ("bucket-date", styled("bucket-date", .bucket, 1082, date)),
    ("shift", styled("shift", .shift, 1082, date)),
]

let chosen = CommandLine.arguments.dropFirst()
let unknown = chosen.filter { name in !loads.contains { $0.name == name } }
guard unknown.isEmpty else {
    FileHandle.standardError.write(Data("MaskBench [\(loads.map(\.name).joined(separator: "|"))]…\n".utf8))
    exit(2)
}
let masker = PostgresMasker(hashKey: Array("a key for benchmarks".utf8))
for load in loads where chosen.isEmpty || chosen.contains(load.name) {
    print("| \(load.name) | \(try load.make().run(masker)) |")
}
