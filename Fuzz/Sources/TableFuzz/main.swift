// Feeds the masker of PostgreSQL replies with damaged messages: rows in text and binary, COPY, errors and notices.
//
// TableFuzz CORPUS SECONDS [SEED]. Every input is masked by some style, with columns of some types, as rows or as COPY. Rules: what
// is let through is whole messages, as many rows with as many fields as came but for dropped ones, descriptions as they were, the
// same a second time, and no value stands in it where its column may hold one.
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
    let chosen = Replies.batch(&random)
    let batch = chosen.batch
    guard let masked = Replies.mask(batch, input, masker) else { return nil }
    passed += 1
    guard let rows = Replies.rows(input), let maskedRows = Replies.rows(masked),
        let messages = Replies.messages(input), let maskedMessages = Replies.messages(masked)
    else { return "no whole messages" }
    let dropped = batch.columns.droppedPlaces.count
    if !batch.hasCopy, rows.map({ $0.count - dropped }) != maskedRows.map(\.count) { return "rows differ" }
    // Rows of COPY leave one in a message, however they came.
    func others(_ messages: [(type: Character, body: ArraySlice<UInt8>)]) -> [Character] {
        messages.map(\.type).filter { $0 != "d" }
    }
    if others(messages) != others(maskedMessages) { return "messages differ" }
    func descriptions(_ messages: [(type: Character, body: ArraySlice<UInt8>)]) -> [ArraySlice<UInt8>] {
        messages.filter { $0.type == "T" || $0.type == "H" || $0.type == "C" }.map(\.body)
    }
    if !descriptions(messages).elementsEqual(descriptions(maskedMessages), by: { $0.elementsEqual($1) }) {
        return "a description differs"
    }
    if Replies.mask(batch, input, masker) != masked { return "the same reply is masked otherwise the second time" }
    guard chosen.isChecked else { return nil }
    for text in Replies.texts(maskedMessages, of: batch) {
        if let value = Planted.value(aloneIn: text) { return "\(value) stands in it, masked by \(batch)" }
    }
    return nil
}
print("\(passed) of them masked, the others refused")
