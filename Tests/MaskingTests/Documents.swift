import Contract
import Detection
import Masking

func plan(columns: [(String, MaskStyle)] = [], detect: [String] = [], _ style: MaskStyle = .redact) throws
    -> DocumentPlan
{
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
    return try DocumentPlan(plan, key: Array("a key for tests".utf8))
}

extension DocumentMasker {
    func write(_ bytes: some Sequence<UInt8>) { Array(bytes).withUnsafeBytes { write($0) } }
}

/// A document masked in pieces that end at `cuts`.
func mask(
    _ bytes: [UInt8], _ format: DocumentFormat, _ plan: DocumentPlan, cuts: [Int] = []
) -> (output: [UInt8], counts: [String: UInt64]) {
    let masker = DocumentMasker(format, plan: plan)
    var output: [UInt8] = []
    var start = 0
    for cut in cuts + [bytes.count] {
        masker.write(bytes[start..<cut])
        output += masker.takeOutput()
        start = cut
    }
    masker.finish()
    output += masker.takeOutput()
    return (output, Dictionary(uniqueKeysWithValues: masker.counts.map { ($0.name, $0.count) }))
}

func mask(_ text: String, _ format: DocumentFormat, _ plan: DocumentPlan) -> String {
    String(decoding: mask(Array(text.utf8), format, plan).output, as: UTF8.self)
}

func find(_ bytes: [UInt8], _ format: DocumentFormat, _ plan: DocumentPlan, cuts: [Int] = []) -> [DocumentFinding] {
    let masker = DocumentMasker(format, plan: plan, finds: true)
    var start = 0
    for cut in cuts + [bytes.count] {
        masker.write(bytes[start..<cut])
        start = cut
    }
    masker.finish()
    return masker.takeFindings()
}

/// SplitMix64 (Steele, Lea, Flood, OOPSLA 2014): the same documents each time.
struct Seeded {
    private var state: UInt64

    init(_ seed: Int) { state = UInt64(seed) }

    mutating func number(below bound: Int) -> Int {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return Int((mixed ^ (mixed >> 31)) % UInt64(bound))
    }

    mutating func pick<Element>(_ list: [Element]) -> Element { list[number(below: list.count)] }
}

/// A document, and what masking must make of it.
struct Expected {
    var document: [UInt8] = []
    var masked: [UInt8] = []
    /// Sensitive values in it, as they read.
    var values: [String] = []

    mutating func add(_ text: String) { add(text, masked: text) }

    mutating func add(_ text: String, masked other: String) {
        document += Array(text.utf8)
        masked += Array(other.utf8)
    }
}
