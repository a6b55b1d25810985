// example-forbid-word WORD: a request stage that refuses commands whose text contains WORD, in capitals or not.

import Bus
import Contract
import Foundation

struct ForbidWord: RequestStage {
    let word: String

    func judge(_ judge: Judge, text: [UInt8]) -> Decision {
        var decision = Decision.allow(rule: "forbid-word")
        if String(decoding: text, as: UTF8.self).lowercased().contains(word) {
            decision = .refuse(
                rule: "forbid-word", reason: "refused by rule “forbid-word”: the command has a forbidden word",
                hint: "Rephrase the command without it.")
        }
        decision.pure = true  // the text alone decides, so the answer may be remembered
        return decision
    }
}

StageRunner.main { _ in
    guard let word = CommandLine.arguments.dropFirst().first?.lowercased(), !word.isEmpty else {
        throw BusError(.environment, "usage: example-forbid-word WORD")
    }
    return ForbidWord(word: word)
}
