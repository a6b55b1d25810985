import Contract
import Detection
import Foundation
import Masking
import PostgresMask
import SwiftProtobuf
import Testing

/// Values on which the matcher fails.
@Suite struct UnsearchedTests {
    /// More matches than one scan may have in a few ten thousand bytes.
    private struct Greedy: DetectorDefinitions {
        static let detectors = CustomDetection(
            detectors: (0..<32).map { CustomDetector(entity: "d\($0)", pattern: "[a-y]{\($0 + 2)}") })

        func definitions(of names: [String], digest: [UInt8]) throws(MaskError) -> CustomDetection {
            Self.detectors.only(names)
        }
    }

    private static let value = String(repeating: "a", count: 40_000) + "@ of bob.smith@example.com"

    private func plan(refuse: Bool) -> MaskPlan {
        .with {
            $0.detectors = [
                .with {
                    $0.entities = Greedy.detectors.names
                    $0.style = .redact
                    $0.definitions = Data(Greedy.detectors.digest)
                },
                .with {
                    $0.entities = ["email"]
                    $0.style = .partial
                    $0.parameters.first = 64
                },
            ]
            for index in $0.detectors.indices { $0.detectors[index].refuseOnFailure = refuse }
        }
    }

    @Test(arguments: [
        (UInt32(25), Self.value, String?.none), (114, "{\"a\": \"\(Self.value)\"}", nil),
        (142, "<a>\(Self.value)</a>", nil), (1009, "{x,\"\(Self.value)\"}", "{x,NULL}"), (25, "b", "b"),
    ])
    func isNull(type: UInt32, value: String, expected: String?) throws {
        let masker = PostgresMasker(hashKey: key, definitions: Greedy())
        let columns = [column("note", type: type)]
        let row = Wire.row([Array(value.utf8)])
        let answer = try mask(batch(plan(refuse: false), columns), row, with: masker)
        #expect(answer.payload == Wire.row([expected.map { Array($0.utf8) }]))
        #expect(answer.reply.counts.map(\.entity) == (expected == value ? [] : ["withheld"]))
        let refused = try mask(batch(plan(refuse: true), columns), row, with: masker)
        #expect(refused.reply.hasRefusal == (expected != value))
    }
}
