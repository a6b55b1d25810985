// Feeds the classifier with statements that are cut, spliced and damaged.
//
// ClassifierFuzz CORPUS SECONDS [SEED]: takes every file below CORPUS as seeds (of `facts :: statement` files each
// line's statement). An input that ends the process is written to CORPUS/crashes before it ends; one that breaks a
// rule of the facts is written there too, and the process ends with 1.
import Foundation
import PostgresClassify

let arguments = CommandLine.arguments
guard arguments.count >= 3, let seconds = Double(arguments[2]) else {
    print("usage: ClassifierFuzz CORPUS SECONDS [SEED]")
    exit(2)
}
let corpus = URL(filePath: arguments[1])
let seed = arguments.count > 3 ? UInt64(arguments[3]) ?? 1 : UInt64.random(in: 1...UInt64.max)
let seeds = SeedCorpus.read(corpus)
guard !seeds.isEmpty else {
    print("no seeds in \(corpus.path)")
    exit(2)
}
print("seed \(seed), \(seeds.count) statements")

let crashes = corpus.appending(path: "crashes")
try FileManager.default.createDirectory(at: crashes, withIntermediateDirectories: true)
CrashWriter.install(folder: crashes.path)

var mutator = Mutator(seeds: seeds, seed: seed)
let classifier = PostgresClassifier()
let end = Date(timeIntervalSinceNow: seconds)
var runs = 0
var understood = 0
while Date() < end {
    for _ in 0..<200 {
        let input = mutator.next()
        CrashWriter.current(input)
        let facts = classifier.facts(of: input)
        runs += 1
        if !facts.opaque { understood += 1 }
        if let broken = Rules.broken(facts, input, classifier) {
            CrashWriter.write(input)
            print("\(broken): \(String(decoding: input.prefix(500), as: UTF8.self))")
            exit(1)
        }
    }
}
print("\(runs) inputs, \(understood) of them understood, no crash")
