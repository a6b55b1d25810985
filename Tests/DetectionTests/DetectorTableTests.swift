import Testing

@testable import Detection

func found(_ text: String, _ entities: [Entity] = Entity.all, nearSocialSecurity: Bool = false) throws -> [(
    Entity, String
)] {
    let engine = try DetectionEngine(entities: entities)
    return found(Array(text.utf8), with: engine, nearSocialSecurity: nearSocialSecurity)
}

func found(_ bytes: [UInt8], with engine: DetectionEngine, nearSocialSecurity: Bool = false) -> [(Entity, String)] {
    var findings: [Finding] = []
    bytes.withUnsafeBytes { engine.findings(in: $0, nearSocialSecurity: nearSocialSecurity, into: &findings) }
    return findings.map { ($0.entity, String(decoding: bytes[$0.range], as: UTF8.self)) }
}

@Suite struct DetectorTableTests {
    @Test(arguments: Detector.all.map(\.name))
    func examplesAreFoundAndCounterExamplesAreNot(name: String) throws {
        let detector = try #require(Detector.all.first { $0.name == name })
        let alone = try DetectionEngine(entities: [detector.entity])
        let together = try DetectionEngine(entities: Entity.all)
        #expect(!detector.examples.isEmpty && !detector.counterExamples.isEmpty && !detector.validation.isEmpty)
        for example in detector.examples {
            let values = found(Array(example.text.utf8), with: alone).map(\.1)
            #expect(values == [example.finding], "\(example.text)")
            let all = found(Array(example.text.utf8), with: together)
            #expect(all.contains { $0.0 == detector.entity && $0.1 == example.finding }, "\(example.text)")
        }
        for text in detector.counterExamples {
            #expect(found(Array(text.utf8), with: alone).map(\.1) == [], "\(text)")
        }
    }

    @Test func everyEntityHasADetectorAndANameThatReadsBack() {
        for (index, entity) in Entity.all.enumerated() {
            #expect(entity.index == index)
            #expect(Entity(name: entity.name) == entity)
            #expect(Detector.all.contains { $0.entity == entity })
        }
        #expect(Entity(name: "phone") == nil)
    }
}
