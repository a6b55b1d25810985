import Detection
import Foundation
import Testing

@Suite struct DetectorReferenceTests {
    private static let file = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../docs/detectors.md").standardized

    @Test func theDocumentationIsWhatTheTablesSay() throws {
        if ProcessInfo.processInfo.environment["SLUICE_WRITE_DOCS"] != nil {
            try Detector.reference.write(to: Self.file, atomically: true, encoding: .utf8)
        }
        let written = try String(contentsOf: Self.file, encoding: .utf8)
        #expect(
            written == Detector.reference,
            "docs/detectors.md is out of date: SLUICE_WRITE_DOCS=1 swift test --filter DetectorReferenceTests")
    }
}
