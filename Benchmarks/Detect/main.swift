// `DetectBench find FILE`: the findings in a corpus of detect_corpus.py, one JSON array for each of its lines.
// `DetectBench speed NAME FILE`: how fast the file is read, as the masker reads it: one scan over 256 KiB, then each line by
// itself. Processor time of one core.
import Detection
import Foundation

struct Sample: Decodable {
    let text: String
    let column: String
}

let ten: [Entity] = [
    .email, .phone, .creditCard, .iban, .usSSN, .ipAddress, .jwt, .privateKey, .awsAccessKey, .secret,
]
let batchBytes = 256 << 10

func find(_ path: String) throws {
    let engine = try DetectionEngine(entities: Entity.all)
    let decoder = JSONDecoder()
    let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
    var findings: [Finding] = []
    for line in lines {
        let sample = try decoder.decode(Sample.self, from: Data(line.utf8))
        findings.removeAll(keepingCapacity: true)
        try Array(sample.text.utf8).withUnsafeBytes {
            try engine.findings(in: $0, context: engine.context(column: sample.column), into: &findings)
        }
        let parts = findings.map {
            "[\($0.range.lowerBound),\($0.range.upperBound),\"\(engine.name(of: $0.entity))\",\"\($0.confidence.name)\"]"
        }
        print("[" + parts.joined(separator: ",") + "]")
    }
}

/// What the processor spent on this thread, whatever else runs on the machine.
func processorSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

/// Seconds for one pass over `bytes`, and how much was found.
func pass(_ engine: DetectionEngine, _ bytes: UnsafeRawBufferPointer, _ lines: [[Range<Int>]]) throws -> (Double, Int) {
    var candidates: [Candidate] = []
    var findings: [Finding] = []
    var found = 0
    let start = processorSeconds()
    for (batch, ranges) in lines.enumerated() {
        let first = batch * batchBytes
        let part = UnsafeRawBufferPointer(rebasing: bytes[first..<min(first + batchBytes, bytes.count)])
        candidates.removeAll(keepingCapacity: true)
        try engine.appendCandidates(in: part, to: &candidates)
        var next = 0
        for range in ranges {
            while next < candidates.count, Int(candidates[next].end) <= range.lowerBound { next += 1 }
            let begin = next
            while next < candidates.count, Int(candidates[next].end) <= range.upperBound { next += 1 }
            guard next > begin else { continue }
            findings.removeAll(keepingCapacity: true)
            try engine.verify(candidates[begin..<next], in: part, scope: range, into: &findings)
            found += findings.count
        }
    }
    return (processorSeconds() - start, found)
}

func speed(_ name: String, _ path: String) throws {
    let data = try Data(contentsOf: URL(filePath: path))
    try data.withUnsafeBytes { bytes in
        let lines = stride(from: 0, to: bytes.count, by: batchBytes).map { first -> [Range<Int>] in
            let part = bytes[first..<min(first + batchBytes, bytes.count)]
            var ranges: [Range<Int>] = []
            var start = 0
            for (index, byte) in part.enumerated() where byte == 0x0a {
                ranges.append(start..<index)
                start = index + 1
            }
            if start < part.count { ranges.append(start..<part.count) }
            return ranges
        }
        for (label, entities) in [("ten detectors", ten), ("all detectors", Entity.all)] {
            let engine = try DetectionEngine(entities: entities)
            var best = Double.infinity
            var found = 0
            for _ in 0..<5 {
                let (seconds, count) = try pass(engine, bytes, lines)
                best = min(best, seconds)
                found = count
            }
            let rate = Double(bytes.count) / best / 1e6
            print(
                "| \(name), \(label) | \(Int(rate.rounded())) MB/s | \(bytes.count / max(1, found)) bytes a finding |")
        }
    }
}

let arguments = CommandLine.arguments
switch (arguments.count, arguments.dropFirst().first) {
case (3, "find"): try find(arguments[2])
case (4, "speed"): try speed(arguments[2], arguments[3])
case _:
    FileHandle.standardError.write(Data("DetectBench find FILE | speed NAME FILE\n".utf8))
    exit(2)
}
