import ArgumentParser
import Foundation
import PolicyTesting

extension PolicyCommand {
    /// `sluice policy test`: table tests kept beside the policy.
    struct Test: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Run the table tests of policies.",
            discussion: """
                A FILE is a test (NAME.test.yaml), a policy with a test beside it, or a folder of tests. The exit code is 1 \
                when a case fails or too few rules are covered.
                """)

        @Argument(help: "Tests, policies, or folders.") var files: [String]
        @Flag(help: "Show how often each rule matched and decided.") var coverage = false
        @Option(help: "Least percent of each policy's rules that must be covered.") var requireCoverage: Int?
        @Option(help: "table or json.") var format: OutputFormat = .table

        func validate() throws {
            guard !files.isEmpty else { throw ValidationError("name at least one file") }
            if let requireCoverage, !(0...100).contains(requireCoverage) {
                throw ValidationError("--require-coverage is a percentage: 0 to 100")
            }
        }

        func run() throws {
            var paths: [String] = []
            for file in files {
                for path in try PolicyTestFile.tests(at: file) where !paths.contains(path) { paths.append(path) }
            }
            let reports = try paths.map { try PolicyTestFile(path: $0).run() }
            let policies = PolicyTestReport.coverage(of: reports).map(PolicyCoverage.init)
            switch format {
            case .json: try printJSON(Report(tests: reports, coverage: policies))
            case .table: printTable(reports, policies)
            }
            let tooFew = policies.contains { $0.percent < requireCoverage ?? 0 }
            guard reports.allSatisfy(\.failures.isEmpty), !tooFew else { throw ExitCode(1) }
        }

        private func printTable(_ reports: [PolicyTestReport], _ policies: [PolicyCoverage]) {
            for report in reports {
                for failure in report.failures { printFailure(failure) }
                let failed = report.failures.isEmpty ? "" : ", \(report.failures.count) failed"
                print("\(report.file): \(report.cases) case\(report.cases == 1 ? "" : "s")\(failed)")
            }
            for policy in policies {
                print("\(policy.policy): \(policy.percent) % of its rules covered")
                if coverage {
                    let rows = policy.rules.map { [$0.rule, String($0.matched), String($0.decided), $0.place] }
                    TextTable(columns: ["RULE", "MATCHED", "DECIDED", "PLACE"], rows: rows).print()
                } else {
                    for rule in policy.rules where !rule.isCovered {
                        print("  \(rule.place): “\(rule.rule)” never \(rule.matched == 0 ? "matched" : "decided")")
                    }
                }
                if let requireCoverage, policy.percent < requireCoverage {
                    print("  required are \(requireCoverage) %")
                }
            }
        }

        private func printFailure(_ failure: PolicyTestReport.Failure) {
            print("\(failure.place): \(TextTable.printable(failure.what))")
            for difference in failure.differences {
                print("  - \(difference.key): \(difference.expected)")
                print("  + \(difference.key): \(difference.actual)")
            }
            print("    \(failure.reason)")
        }
    }
}

private struct Report: Encodable {
    var tests: [PolicyTestReport]
    var coverage: [PolicyCoverage]
}

private struct PolicyCoverage: Encodable {
    var policy: String
    var percent: Int
    var rules: [PolicyTestReport.Coverage]

    init(policy: String, coverage: [PolicyTestReport.Coverage]) {
        self.policy = policy
        percent = coverage.isEmpty ? 100 : coverage.count(where: \.isCovered) * 100 / coverage.count
        rules = coverage
    }
}
