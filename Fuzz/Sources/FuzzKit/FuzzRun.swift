import Foundation

public protocol InputSource {
    mutating func next() -> [UInt8]
}

/// One run of a fuzzer: `PROGRAM CORPUS SECONDS [SEED]`.
///
/// An input that ends the process is written to CORPUS/crashes before it ends; one that breaks a rule is written there too, and
/// the process ends with 1.
public struct FuzzRun {
    public let corpus: URL
    public let seed: UInt64
    private let seconds: Double

    /// - Parameter kind: what files of inputs end with.
    public init?(_ arguments: [String], kind: String) {
        guard arguments.count >= 3, let seconds = Double(arguments[2]) else { return nil }
        corpus = URL(filePath: arguments[1])
        self.seconds = seconds
        seed = arguments.count > 3 ? UInt64(arguments[3]) ?? 1 : UInt64.random(in: 1...UInt64.max)
        let crashes = corpus.appending(path: "crashes")
        do {
            try FileManager.default.createDirectory(at: crashes, withIntermediateDirectories: true)
        } catch {
            print("\(crashes.path): \(error)")
            return nil
        }
        CrashWriter.install(folder: crashes.path, kind: kind)
        print("seed \(seed)")
    }

    /// Tries inputs until the time is over.
    /// - Parameter broken: the rule that an input breaks, if it breaks one.
    public func feed(_ source: some InputSource, _ broken: ([UInt8]) -> String?) {
        var source = source
        let end = Date(timeIntervalSinceNow: seconds)
        var runs = 0
        while Date() < end {
            for _ in 0..<50 {
                let input = source.next()
                CrashWriter.current(input)
                runs += 1
                guard let rule = broken(input) else { continue }
                CrashWriter.write(input)
                print("\(rule): \(String(decoding: input.prefix(500), as: UTF8.self).debugDescription)")
                exit(1)
            }
        }
        print("\(runs) inputs, no crash")
    }
}
