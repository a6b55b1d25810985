// Feeds the classifier with statements that are cut, spliced and damaged.
//
// ClassifierFuzz CORPUS SECONDS [SEED]: takes every file below CORPUS as seeds (of `facts :: statement` files each
// line's statement). An input that ends the process is written to CORPUS/crashes before it ends; one that breaks a
// rule of the facts is written there too, and the process ends with 1.
import Foundation
import FuzzKit
import PostgresClassify

guard let run = FuzzRun(CommandLine.arguments, kind: "sql") else {
    print("usage: ClassifierFuzz CORPUS SECONDS [SEED]")
    exit(2)
}
let seeds = SeedCorpus.read(run.corpus)
guard !seeds.isEmpty else {
    print("no seeds in \(run.corpus.path)")
    exit(2)
}
let classifier = PostgresClassifier()
var understood = 0
run.feed(Mutator(seeds: seeds, seed: run.seed)) { input in
    let facts = classifier.facts(of: input)
    if !facts.opaque { understood += 1 }
    return Rules.broken(facts, input, classifier)
}
print("\(understood) of them understood")
