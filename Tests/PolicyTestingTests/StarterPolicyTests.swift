import Foundation
import Policy
import PolicyTesting
import Testing

/// The policies in examples/, each with the test beside it.
@Suite struct StarterPolicyTests {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "examples/policies").path

    @Test(arguments: [
        "read-only-agent", "read-write-agent", "analyst", "break-glass", "migration-bot", "orders", "own-data",
    ])
    func passesItsTest(_ name: String) throws {
        let paths = try PolicyTestFile.tests(at: "\(Self.folder)/\(name).yaml")
        let report = try PolicyTestFile(path: try #require(paths.first)).run()
        for failure in report.failures {
            let differences = failure.differences.map { "\($0.key): expected \($0.expected), got \($0.actual)" }
            Issue.record(
                "\(failure.place): \(failure.what): \(differences.joined(separator: "; ")) (\(failure.reason))")
        }
        for rule in report.coverage where !rule.isCovered { Issue.record("“\(rule.rule)” is not covered") }
        #expect(report.coveredPercent == 100)
    }

    @Test func analystThroughViews() throws {
        let report = try PolicyTestFile(path: "\(Self.folder)/analyst-catalog.test.yaml").run()
        for failure in report.failures {
            Issue.record("\(failure.place): \(failure.what): \(failure.differences) (\(failure.reason))")
        }
    }

    @Test func everyTestIsRun() throws {
        #expect(try PolicyTestFile.tests(at: Self.folder).count == 8)
    }
}
