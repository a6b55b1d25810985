// Feeds the masker of terminal streams with damaged lines and sequences, cut and flushed anywhere.
//
// StreamFuzz CORPUS SECONDS [SEED]. Rules: cuts do not matter, what has no finding passes as it is, flushes lose nothing, no value
// shows, and no more is held than is said.
import Contract
import Foundation
import FuzzKit
import Masking

guard let run = FuzzRun(CommandLine.arguments, kind: "stream") else {
    print("usage: StreamFuzz CORPUS SECONDS [SEED]")
    exit(2)
}

let sequences = [
    "\u{1b}[31m", "\u{1b}[0m", "\u{1b}[K", "\u{1b}[1K", "\u{1b}[2J", "\u{1b}[3C", "\u{1b}[5D", "\u{1b}[9G",
    "\u{1b}[4;7H", "\u{1b}[2P",
    "\u{1b}[3@", "\u{1b}[4X", "\u{1b}[I", "\u{1b}[Z", "\u{1b}(B", "\u{1b}E", "\u{1b}M", "\u{1b}7", "\u{1b}]0;",
    "\u{1b}P1$r", "\u{1b}\\", "\u{7}",
    "\u{8}", "\r", "\n", "\r\n", "\t", "\u{18}", "\u{0}", "\u{c}", "\u{85}", "\u{1b}", "\u{1b}[",
    "\u{1b}[99999999999999999999C", "é", "日本",
    "-----BEGIN " + "PRIVATE KEY-----", "-----END PRIVATE KEY-----",
].map { Array($0.utf8) }
let seeds = [
    "$ echo hello\r\nhello\r\n$ ", "al\u{1b}[31mice.b@ex\u{1b}[0mample.com\r\n",
    "ssn 536-90x\u{8}\u{1b}[K-4399 end\r\n",
    "\u{1b}]0;alice.b@example.com\u{7}\u{1b}[1;1H\u{1b}[2Jtop - 10:00\u{1b}[K\r\n 4111 1111 1111 1111 \u{1b}[m\n",
    "password: \u{1b}[9G-90-4399\u{1b}[6G536\r\n",
    "-----BEGIN " + "RSA PRIVATE KEY-----\r\nMIIE\r\n-----END RSA PRIVATE KEY-----\r\n",
].map { Array($0.utf8) }

func plan() -> DocumentPlan {
    do {
        return try DocumentPlan(
            MaskPlan(detect: ["email", "us_ssn", "credit_card", "private_key", "secret"]), hashKey: nil)
    } catch {
        fatalError("\(error)")
    }
}
let shared = plan()
var random = SeededRandom(run.seed)

func mask(_ input: [UInt8], _ plan: DocumentPlan, cuts: [Int], flushes: Bool = false) -> (
    output: [UInt8], isUnchanged: Bool, held: Int
) {
    let masker = StreamMasker(plan: plan)
    var output: [UInt8] = []
    var (start, held) = (0, 0)
    for cut in cuts + [input.count] {
        input[start..<cut].withUnsafeBytes { masker.write($0) }
        if flushes { masker.flush() }
        output += masker.takeOutput()
        held = max(held, cut - output.count)
        start = cut
    }
    masker.finish()
    output += masker.takeOutput()
    return (output, masker.counts.isEmpty, held)
}

run.feed(ByteMutator(seeds: seeds, pieces: sequences + Planted.all, seed: run.seed)) { input in
    let whole = mask(input, shared, cuts: [])
    let cuts = random.cuts(of: input.count)
    let pieces = mask(input, shared, cuts: cuts)
    if pieces.output != whole.output { return "cuts at \(cuts) matter" }
    if whole.isUnchanged, whole.output != input { return "changed without a finding" }
    if whole.isUnchanged, pieces.held > StreamMasker.maximumHeldBytes { return "\(pieces.held) bytes held" }
    let flushed = mask(input, shared, cuts: cuts, flushes: true)
    if flushed.isUnchanged, flushed.output != input { return "flushes at \(cuts) change" }
    if let value = Planted.value(aloneIn: whole.output) { return "\(value) stands in the output" }
    return nil
}
