import Detection
import Testing

/// The matcher finds what is there, wherever it stands.
@Suite struct MatcherTests {
    /// A pattern, what it matches, and a byte that stands around it and does not belong to it.
    @Test(arguments: [
        ("[0-9]\\.[0-9]{1,3}\\.[0-9]{1,3}\\.[0-9]{1,3}", "192.168.100.254", "q"), ("EMP-[0-9]{6}", "EMP-123456", "-"),
        ("[A-Z]{2}[0-9]{4}", "QX1234", "a"), ("[0-9]{3}-[0-9]{2}-[0-9]{4}", "536-90-4399", "x"),
        ("[0-9A-F]{2}:[0-9A-F]{2}:[0-9A-F]{2}", "0A:1B:2C", " "), ("[a-z]+@[a-z]+\\.com", "ann@example.com", " "),
        ("(?:foo|bar)[0-9]+", "bar4711", "z"), ("[0-9]/[0-9]/[0-9]", "1/2/3", "0"),
        ("[^ -~]{3}[0-9]", "\u{e9}\u{e8}1", "m"), ("x[0-9]{2,}y", "x0123456789y", "5"), ("\\d\\D\\d\\D", "1a2b", "1"),
    ])
    func atEveryPlace(_ pattern: String, _ value: String, _ around: String) throws {
        let engine = try DetectionEngine(
            entities: [], custom: [CustomDetector(entity: "own", pattern: pattern)], dictionaries: [])
        for before in 0..<300 {
            for after in [0, 1, 70] {
                let text = String(repeating: around, count: before) + value + String(repeating: around, count: after)
                let expected = before..<before + value.utf8.count
                var found: [Finding] = []
                try Array(text.utf8).withUnsafeBytes { try engine.findings(in: $0, into: &found) }
                #expect(
                    found.contains { expected.overlaps($0.range) && $0.range.upperBound >= expected.upperBound },
                    "\(pattern) behind \(before) bytes, before \(after): \(found.map(\.range))")
            }
        }
    }
}
