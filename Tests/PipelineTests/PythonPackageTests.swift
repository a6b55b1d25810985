import TestKit
import Testing

extension Pipeline {
    /// The Python package for stages and the example stages on it: their own tests, and their types.
    @Suite struct PythonPackageTests {
        private func run(_ arguments: [String], in folder: String) async throws -> Finished {
            let interpreter = try await PythonEnvironment.shared.value
            let words = ["--chdir=\(Project.root)/\(folder)", interpreter, "-m"] + arguments
            return try await Child("/usr/bin/env", words, directory: try TemporaryDirectory(), label: arguments[0])
                .finish(deadline: .seconds(240))
        }

        @Test(arguments: [
            "sdk/python", "examples/stages/office-hours", "examples/stages/budget", "examples/stages/opa",
        ])
        func theTestsPass(_ folder: String) async throws {
            let tests = try await run(["pytest", "-q", "-p", "no:cacheprovider"], in: folder)
            #expect(tests.status == 0, "\(tests.transcript)")
        }

        @Test func thePackageIsTyped() async throws {
            let types = try await run(["mypy", "--strict", "--cache-dir=/dev/null"], in: "sdk/python")
            #expect(types.status == 0, "\(types.transcript)")
        }

        @Test(arguments: [
            ("office-hours", ["office_hours.py"]), ("budget", ["budget.py", "ledger.py"]),
            ("opa", ["opa_stage.py", "opa.py"]), ("python", ["forbid_word.py"]),
        ])
        func theExamplesAreTyped(_ example: String, _ files: [String]) async throws {
            let types = try await run(
                ["mypy", "--strict", "--cache-dir=/dev/null"] + files, in: "examples/stages/\(example)")
            #expect(types.status == 0, "\(types.transcript)")
        }
    }
}
