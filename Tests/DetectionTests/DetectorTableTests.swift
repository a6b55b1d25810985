import Testing

@testable import Detection

func found(_ text: String, _ entities: [Entity] = Entity.all, column: String = "") throws -> [(Entity, String)] {
    let engine = try DetectionEngine(entities: entities)
    return try found(Array(text.utf8), with: engine, column: column)
}

func found(_ bytes: [UInt8], with engine: DetectionEngine, column: String = "") throws -> [(Entity, String)] {
    var findings: [Finding] = []
    let context = engine.context(column: column)
    try bytes.withUnsafeBytes { try engine.findings(in: $0, context: context, into: &findings) }
    return findings.map { ($0.entity, String(decoding: bytes[$0.range], as: UTF8.self)) }
}

@Suite struct DetectorTableTests {
    @Test(arguments: Detector.all.map(\.name))
    func examplesAreFoundAndCounterExamplesAreNot(name: String) throws {
        let detector = try #require(Detector.all.first { $0.name == name })
        let alone = try DetectionEngine(entities: [detector.entity])
        #expect(!detector.examples.isEmpty && !detector.counterExamples.isEmpty && !detector.validation.isEmpty)
        for example in detector.examples {
            let values = try found(Array(example.text.utf8), with: alone, column: example.column).map(\.1)
            #expect(values == [example.finding], "\(example.text)")
        }
        for text in detector.counterExamples {
            #expect(try found(Array(text.utf8), with: alone).map(\.1) == [], "\(text)")
        }
    }

    @Test func examplesAreFoundAmongAllDetectors() throws {
        let together = try DetectionEngine(entities: Entity.all)
        for detector in Detector.all {
            for example in detector.examples {
                let all = try found(Array(example.text.utf8), with: together, column: example.column)
                #expect(
                    all.contains { $0.0 == detector.entity && $0.1 == example.finding },
                    "\(detector.name): \(example.text) \(all)")
            }
        }
    }

    @Test func everyDetectorHasItsOwnName() {
        #expect(Set(Detector.all.map(\.name)).count == Detector.all.count)
    }

    @Test func everyEntityHasADetectorAndANameThatReadsBack() {
        for (index, entity) in Entity.all.enumerated() {
            #expect(entity.index == index)
            #expect(Entity(name: entity.name) == entity)
            #expect(Entity.named(entity.name).contains(entity))
            #expect(Detector.all.contains { $0.entity == entity })
        }
        #expect(Set(Entity.all.map(\.name)).count == Entity.all.count)
        #expect(Entity(name: "nonsense") == nil && Entity.named("nonsense").isEmpty)
        #expect(Entity.named("all") == Entity.all)
        #expect(Entity.named("secret") == [.awsAccessKey, .jwt, .privateKey, .secret])
    }
}
