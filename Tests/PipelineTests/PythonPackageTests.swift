import TestKit
import Testing

extension Pipeline {
    /// The Python package for stages: its own tests, and its types.
    @Suite struct PythonPackageTests {
        private func run(_ arguments: [String], in folder: String) async throws -> Finished {
            let interpreter = try await PythonEnvironment.shared.value
            let words = ["--chdir=\(Project.root)/\(folder)", interpreter, "-m"] + arguments
            return try await Child("/usr/bin/env", words, directory: try TemporaryDirectory(), label: arguments[0])
                .finish(deadline: .seconds(240))
        }

        @Test func itsTestsPass() async throws {
            let tests = try await run(["pytest", "-q", "-p", "no:cacheprovider"], in: "sdk/python")
            #expect(tests.status == 0, "\(tests.transcript)")
        }

        @Test func itIsTyped() async throws {
            let types = try await run(["mypy", "--strict", "--cache-dir=/dev/null"], in: "sdk/python")
            #expect(types.status == 0, "\(types.transcript)")
        }
    }
}
