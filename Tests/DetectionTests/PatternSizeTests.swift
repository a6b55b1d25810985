import Testing

@testable import Detection

@Suite struct PatternSizeTests {
    @Test(arguments: [
        ("abc", 3), ("a{3}", 3), ("a{2,5}b", 6), ("a{2,}", 2), ("(ab){3}", 6), ("((a{10}){10}){10}", 1000),
        ("[a-z]{4}", 4), ("[]{9}]", 1), ("[^]{9}]", 1), ("[\\]{9}]", 1), ("\\{9}", 3), ("a{x}", 4), ("a{0}", 1),
        ("", 0),
        ("a)b{3}", 4), ("(a", 1), ("[a", 1), ("a\\", 2), ("a{", 2), ("a|b{2}", 4),
        ("((((a{1,10}){1,10}){1,10}){1,10})b", PatternSize.maximumSteps + 1),
        ("a{99999999999999999999}", PatternSize.maximumSteps + 1),
    ])
    func repeatsAreWrittenOut(pattern: String, steps: Int) {
        #expect(PatternSize.steps(of: pattern) == steps)
    }

    /// What it lets through compiles, or is refused by the matcher, in moments.
    @Test(arguments: [
        "((((a{1,10}){1,10}){1,10}){1,10})b", "a.{0,5000}b.{0,5000}c.{0,5000}d", "(x{1,100}){1,100}",
    ])
    func costlyPatternsAreRefusedBeforeTheyAreCompiled(pattern: String) {
        let error = #expect(throws: DetectionError.self) {
            try CustomDetector(entity: "a", pattern: pattern).checkPattern()
        }
        #expect(error?.message.contains("too expensive") == true)
    }
}
