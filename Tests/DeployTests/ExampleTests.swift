import Foundation
import TestKit
import Testing

/// Every configuration that deploy/ and docs/ show is one that `sluice check` takes.
@Suite("Examples")
struct ExampleTests {
    private static func check(_ sluice: String, policy: String) async throws -> Finished {
        let directory = try TemporaryDirectory()
        try directory.write(sluice, to: "sluice.yaml")
        try directory.write(policy, to: "policy.yaml")
        // What documented policies include and take lists from.
        try directory.write("vars: {colleagues: [alice]}\n", to: "common.yaml")
        try directory.write(
            "tags: {public.users.email: pii.email, public.users.ssn: pii.us_ssn}\n", to: "orders.tags.yaml")
        try directory.write("Bluebird\nNight Hawk\n", to: "projects.txt")
        return try await Child(
            Project.binaries + "/sluice", ["check", "--config", directory.file("sluice.yaml")], directory: directory
        ).finish()
    }

    private static func text(_ path: String) throws -> String {
        try String(contentsOfFile: Project.root + "/" + path, encoding: .utf8)
    }

    @Test(arguments: ["deploy/systemd", "deploy/host", "deploy/kubernetes/base"])
    func shippedConfigurationIsValid(_ folder: String) async throws {
        let own = folder + "/policy.yaml"
        let isThere = FileManager.default.fileExists(atPath: Project.root + "/" + own)
        let checked = try await Self.check(
            Self.text(folder + "/sluice.yaml"), policy: Self.text(isThere ? own : "deploy/host/policy.yaml"))
        #expect(checked.status == 0, "\(folder): \(checked.transcript)")
    }

    /// A whole configuration in a document is a block of YAML with `state:` at its margin; a whole policy has `rules:` there.
    @Test func documentedConfigurationsAreValid() async throws {
        let documents =
            try FileManager.default.contentsOfDirectory(atPath: Project.root + "/docs")
            .filter { $0.hasSuffix(".md") }.map { "docs/" + $0 } + ["README.md"]
        let minimal =
            "state: ./state\nlisteners: {postgres: 127.0.0.1:15432}\npolicy: policy.yaml\n"
            + "resources: [{name: orders, protocol: postgres, target: 127.0.0.1:5432/orders, credentials: {user: app}}]\n"
        let policy = try Self.text("deploy/host/policy.yaml")
        var configurations = 0
        for document in documents {
            for block in try Self.blocks(of: Self.text(document)) {
                let finished: Finished
                if block.contains("\nstate:") {
                    finished = try await Self.check(block, policy: policy)
                } else if block.contains("\nrules:") {
                    finished = try await Self.check(minimal, policy: block)
                } else {
                    continue
                }
                configurations += 1
                #expect(finished.status == 0, "\(document):\n\(block)\n\(finished.transcript)")
            }
        }
        #expect(configurations > 0)
    }

    /// The YAML blocks of a document, each with a newline before its first line.
    private static func blocks(of text: String) -> [String] {
        text.components(separatedBy: "```yaml").dropFirst().map { $0.components(separatedBy: "```")[0] }
    }
}
