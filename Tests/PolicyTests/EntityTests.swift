import Detection
import Testing

@testable import Policy

@Suite("Names of detectors")
struct EntityTests {
    @Test func everyDetectorCanBeNamed() {
        #expect(Policy.Entity.allCases.map(\.rawValue) == ["all"] + Detection.Entity.all.map(\.name))
    }
}
