import Foundation
import TestKit
import Testing

extension Pipeline {
    /// `sluice stage test` over stages that keep the contract, and over those that break one point of it each.
    @Suite struct ConformanceTests {
        private struct Outcome {
            let finished: Finished
            let failed: [String]
        }

        private static func test(
            _ command: [String], lane: String = "request", timeout: String = "10"
        ) async throws -> Outcome {
            let directory = try TemporaryDirectory()
            let finished = try await Child(
                Project.binaries + "/sluice",
                ["stage", "test", "--lane", lane, "--timeout", timeout, "--format", "json", "--"] + command,
                directory: directory, label: "stage-test"
            ).finish(deadline: .seconds(300))
            guard finished.status < 2 else { throw TestKitError(finished.transcript) }
            let report = try JSONValue(finished.output)
            let failed = report.list.filter { $0["found"].string != "" }
            return Outcome(finished: finished, failed: failed.compactMap { $0["check"].string })
        }

        private static func broken(_ fault: String) async throws -> [String] {
            [
                try await PythonEnvironment.shared.value, Project.root + "/Tests/PipelineTests/Clients/broken_stage.py",
                fault,
            ]
        }

        @Test(arguments: ["request", "response", "both"])
        func aGoodPythonStageConforms(_ lane: String) async throws {
            let outcome = try await Self.test(try await Self.broken("nothing"), lane: lane)
            #expect(outcome.failed.isEmpty && outcome.finished.status == 0, "\(outcome.finished.transcript)")
        }

        @Test func aStageThatHoldsConforms() async throws {
            let outcome = try await Self.test(try await Self.broken("holds"))
            #expect(outcome.failed.isEmpty, "\(outcome.finished.transcript)")
        }

        @Test func theSwiftExampleConforms() async throws {
            let outcome = try await Self.test([Project.binaries + "/example-forbid-word", "forbiddenword"])
            #expect(outcome.failed.isEmpty && outcome.finished.status == 0, "\(outcome.finished.transcript)")
        }

        /// Each fault is found under the name of the point that it breaks.
        @Test(arguments: [
            ("never-ready", "ready"), ("never-binds", "ready"), ("ends-at-once", "ready"), ("another-pid", "ready"),
            ("silent-to-pings", "presence"),
            ("fails-always", "request: answers"), ("skips-sessions", "request: answers"),
            ("no-verdict", "request: answers"),
            ("wrong-key", "request: signature"), ("another-stage", "request: signature"),
            ("another-command", "request: binding"), ("another-digest", "request: binding"),
            ("unseen", "request: binding"),
            ("drops-decisions", "request: earlier decisions"), ("rewrites-decisions", "request: earlier decisions"),
            ("loosens", "request: command"), ("changes-the-text", "request: command"),
            ("changes-the-facts", "request: command"), ("changes-the-header", "request: header"),
            ("skips-the-next-stop", "request: route"), ("never-asks-the-approver", "request: route"),
            ("annotates-too-much", "request: answers"), ("impure", "request: pure"),
            ("counts-resends", "request: resends"), ("crashes-on-garbage", "request: hostile messages"),
            ("reads-two-parts", "request: hostile messages"), ("any-version", "request: hostile messages"),
            ("answers-anywhere", "request: reply address"), ("answers-by-prefix", "request: reply address"),
            ("quits-on-long-texts", "request: large command"), ("drops-every-seventh", "request: burst"),
            ("stuck-under-load", "request: presence under load"),
            ("ignores-sigterm", "drain"), ("drops-what-is-left", "drain"), ("leaves-its-socket", "drain"),
            ("exits-with-an-error", "drain"), ("ignores-the-lifeline", "lifeline"), ("prints-the-text", "logs"),
        ])
        func aFaultInTheRequestLaneIsNamed(_ fault: String, _ check: String) async throws {
            let outcome = try await Self.test(try await Self.broken(fault), timeout: "2")
            #expect(outcome.failed.contains(check), "\(outcome.finished.transcript)")
            #expect(outcome.finished.status == 1)
        }

        @Test(arguments: [
            ("cuts-messages", "response: messages"), ("drops-rows", "response: rows"),
            ("drops-values", "response: rows"), ("breaks-binary", "response: binary columns"),
            ("keeps-a-tail", "response: tail"), ("prints-rows", "logs"), ("random-answers", "response: resends"),
        ])
        func aFaultInTheResponseLaneIsNamed(_ fault: String, _ check: String) async throws {
            let outcome = try await Self.test(try await Self.broken(fault), lane: "response", timeout: "2")
            #expect(outcome.failed.contains(check), "\(outcome.finished.transcript)")
            #expect(outcome.finished.status == 1)
        }
    }
}
