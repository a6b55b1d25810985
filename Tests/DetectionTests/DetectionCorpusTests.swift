import Detection
import Foundation
import Testing

/// The corpus of `make bench-detect`, a small one: its program knows the entities by itself and shares nothing with the
/// detectors.
@Suite struct DetectionCorpusTests {
    private struct Sample: Decodable {
        let text: String
        let column: String
        let spans: [Span]
    }

    private struct Span: Decodable, Hashable {
        let entity: String
        let range: Range<Int>

        init(from decoder: any Decoder) throws {
            var values = try decoder.unkeyedContainer()
            let start = try values.decode(Int.self)
            range = start..<(try values.decode(Int.self))
            entity = try values.decode(String.self)
        }

        init(entity: String, range: Range<Int>) {
            self.entity = entity
            self.range = range
        }
    }

    /// Entities whose values carry a checksum or a form of their own, and credentials.
    private static let checked = [
        "credit_card", "iban", "br_cpf", "br_cnpj", "de_tax_id", "fr_nir", "in_aadhaar", "es_dni", "es_nie",
        "btc_address",
        "eth_address", "aws_access_key", "jwt", "private_key", "secret", "email", "us_ssn", "us_itin", "uk_nino",
        "ip_address", "mac_address",
    ]

    private func corpus(count: Int) throws -> [Sample] {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        let program = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../Benchmarks/detect_corpus.py").standardized
        process.arguments = ["python3", program.path, "--seed", "7", "--count", String(count)]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let data = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        return try data.split(separator: 0x0a).map { try JSONDecoder().decode(Sample.self, from: Data($0)) }
    }

    @Test func checkedEntitiesAreFoundAndLookAlikesAreNot() throws {
        let engine = try DetectionEngine(entities: Entity.all)
        var labelled: [String: Int] = [:]
        var found: [String: Int] = [:]
        var right: [String: Int] = [:]
        for sample in try corpus(count: 2500) {
            var findings: [Finding] = []
            try Array(sample.text.utf8).withUnsafeBytes {
                try engine.findings(in: $0, context: engine.context(column: sample.column), into: &findings)
            }
            let spans = Set(findings.map { Span(entity: engine.name(of: $0.entity), range: $0.range) })
            for span in sample.spans { labelled[span.entity, default: 0] += 1 }
            for span in spans { found[span.entity, default: 0] += 1 }
            for span in spans.intersection(sample.spans) { right[span.entity, default: 0] += 1 }
        }
        for entity in Self.checked {
            let right = Double(right[entity] ?? 0)
            let recall = right / Double(max(1, labelled[entity] ?? 0))
            let precision = right / Double(max(1, found[entity] ?? 0))
            #expect((labelled[entity] ?? 0) >= 40, "\(entity)")
            #expect(recall >= 0.98, "\(entity): recall \(recall)")
            #expect(precision >= 0.98, "\(entity): precision \(precision)")
        }
    }
}
