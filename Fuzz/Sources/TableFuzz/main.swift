// Feeds the masker of PostgreSQL replies with damaged messages: rows in text and binary, COPY, errors and notices.
//
// TableFuzz CORPUS SECONDS [SEED]. Rules: what is let through is whole messages, as many rows with as many fields as came, but for
// those of columns that are dropped, the same a second time, and no value stands in it.
import Contract
import Foundation
import FuzzKit
import Masking
import PostgresMask

guard let run = FuzzRun(CommandLine.arguments, kind: "messages") else {
    print("usage: TableFuzz CORPUS SECONDS [SEED]")
    exit(2)
}
let masker = PostgresMasker(hashKey: Array("key".utf8))
var random = SeededRandom(run.seed)
var passed = 0
run.feed(ByteMutator(seeds: Replies.seeds, pieces: Replies.pieces, seed: run.seed)) { input in
    let batch = random.pick(Replies.batches)
    guard let masked = Replies.mask(batch, input, masker) else { return nil }
    passed += 1
    guard let rows = Replies.rows(input), let maskedRows = Replies.rows(masked) else { return "no whole messages" }
    let dropped = batch.columns.droppedPlaces.count
    if batch.hasCopy == false, rows.map({ $0.count - dropped }) != maskedRows.map(\.count) { return "rows differ" }
    if Replies.mask(batch, input, masker) != masked { return "the same reply is masked otherwise the second time" }
    for case let field? in maskedRows.joined() {
        if let value = Planted.value(aloneIn: field) { return "\(value) stands in a field" }
    }
    return nil
}
print("\(passed) of them masked, the others refused")
