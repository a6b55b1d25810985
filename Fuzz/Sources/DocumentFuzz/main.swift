// Feeds the maskers of documents with damaged JSON, NDJSON, CSV, forms and text, cut anywhere.
//
// DocumentFuzz CORPUS SECONDS [SEED]. Rules: cuts do not matter, what has no finding passes as it is, JSON stays JSON, and no
// value stands in the output.
import Contract
import Foundation
import FuzzKit
import Masking

guard let run = FuzzRun(CommandLine.arguments, kind: "document") else {
    print("usage: DocumentFuzz CORPUS SECONDS [SEED]")
    exit(2)
}

let seeds = [
    #"{"users": [{"email": "alice.b@example.com", "ssn": 536904399, "n": 1.5e3}, null, true], "x": "a\u0040b\n"}"#,
    "{\"a\":1}\n{\"email\":\"alice.b@example.com\"}\nplain 536-90-4399\n",
    "event: x\ndata: {\"email\":\ndata: \"x\"}\n\n: hi\nid: 1\n",
    "id, email ,\"note\"\r\n1,alice.b@example.com,\"say \"\"536-90-4399\"\"\r\nnext\"\r\n2,,\r\n",
    "email=alice.b%40example.com&n=536-90-4399+x&password=hunter2\n",
    "log 4111 1111 1111 1111 of alice.b@example.com\n",
].map { Array($0.utf8) }
let pieces =
    [
        "\"", "\\", "\\u", "\\u0040", "\\ud83d\\ude00", "\\ud83d", "{", "}", "[", "]", ":", ",", "\n", "\r", "\r\n",
        "&", "=", "%", "%4", "%40", "+",
        "data:", "null", "-", "1e999", "\"\"", "\u{feff}", "é", "\u{0}", "-----BEGIN " + "PRIVATE KEY-----\n",
        "-----END PRIVATE KEY-----",
        "\"email\":", "\"password\": \"x y\"",
    ].map { Array($0.utf8) } + Planted.all

func plan(_ columns: [(String, MaskStyle)], _ style: MaskStyle) -> DocumentPlan {
    let entities = ["email", "us_ssn", "credit_card", "private_key", "secret"]
    do {
        return try DocumentPlan(MaskPlan(columns: columns, detect: entities, style: style), hashKey: Array("key".utf8))
    } catch {
        fatalError("\(error)")
    }
}
let plans = [
    plan([], .redact), plan([], .null), plan([("*.email", .partial), ("users.ssn", .null)], .hash),
]
// A name is left out before it is known whether a value comes.
let dropping = plan([("*.email", .drop), ("n", .drop), ("users.ssn", .null)], .redact)
let formats = DocumentFormat.allCases
var random = SeededRandom(run.seed)

func mask(_ input: [UInt8], _ format: DocumentFormat, _ plan: DocumentPlan, cuts: [Int]) -> (
    output: [UInt8], isUnchanged: Bool
) {
    let masker = DocumentMasker(format, plan: plan)
    var start = 0
    for cut in cuts + [input.count] {
        input[start..<cut].withUnsafeBytes { masker.write($0) }
        start = cut
    }
    masker.finish()
    return (masker.takeOutput(), masker.counts.isEmpty)
}

func isJSON(_ bytes: [UInt8]) -> Bool {
    guard (try? JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed)) != nil else { return false }
    // Foundation takes a comma before a closing bracket, which RFC 8259 does not.
    var isInString = false
    var isEscaped = false
    var last: UInt8 = 0
    for byte in bytes {
        if isInString {
            if !isEscaped, byte == UInt8(ascii: "\"") { isInString = false }
            isEscaped = !isEscaped && byte == UInt8(ascii: "\\")
        } else {
            if last == UInt8(ascii: ","), byte == UInt8(ascii: "}") || byte == UInt8(ascii: "]") { return false }
            isInString = byte == UInt8(ascii: "\"")
        }
        if byte > 0x20 { last = byte }
    }
    return true
}

run.feed(ByteMutator(seeds: seeds, pieces: pieces, seed: run.seed)) { input in
    let plan = random.pick(plans + [dropping])
    for format in formats {
        let whole = mask(input, format, plan, cuts: [])
        let cuts = random.cuts(of: input.count)
        let inPieces = mask(input, format, plan, cuts: cuts)
        if inPieces.output != whole.output { return "\(format): cuts at \(cuts) matter" }
        if inPieces.isUnchanged != whole.isUnchanged { return "\(format): counts differ with cuts at \(cuts)" }
        if whole.isUnchanged, plan !== dropping, whole.output != input { return "\(format): changed without a finding" }
        if format == .json, isJSON(input), !isJSON(whole.output) { return "JSON is none any more" }
        // Numbers of JSON are looked at one by one: a card number with spaces between them is none there (docs/masking.md).
        let hasNumbers = format == .json || format == .ndjson
        if let value = Planted.value(aloneIn: whole.output), !(hasNumbers && value.contains(" ")) {
            return "\(format): \(value) stands in the output"
        }
    }
    return nil
}
