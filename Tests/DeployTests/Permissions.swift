import TestKit
import Testing

/// The table of docs/deploying.md: which user may read, write or reach what. Tried as that user.
enum Permissions {
    /// What is tried, and who alone may do it.
    static let rules: [(test: String, path: String, users: Set<String>)] = [
        ("-r", "/etc/sluice/sluice.yaml", Set(everybody)),
        ("-r", "/etc/sluice/policy.yaml", Set(everybody)),
        ("-w", "/etc/sluice/sluice.yaml", []),
        ("-w", "/etc/sluice/policy.yaml", []),
        ("-w", "/etc/sluice", []),
        ("-r", "/etc/sluice/secrets/orders", []),
        ("-r", "/var/lib/sluice/keys/recording.key", []),
        ("-r", "/var/lib/sluice/keys/classifier.key", []),
        ("-w", "/var/lib/sluice", []),
        ("-r", "/var/lib/sluice/ingress/identities.sqlite", ["ingress"]),
        ("-x", "/var/lib/sluice/ingress", ["ingress"]),
        ("-r", "/var/lib/sluice/tls/key.pem", ["ingress"]),
        ("-r", "/var/lib/sluice/approver/approvals.sqlite", ["approver"]),
        ("-x", "/var/lib/sluice/approver", ["approver"]),
        ("-x", "/var/lib/sluice/recordings", ["recorder"]),
        ("-w", "/run/sluice/bus", []),
        // To connect to a socket one has to be allowed to write to it (unix(7)).
        ("-w", "/run/sluice/bus/ingress/0", Set(everybody)),
        ("-w", "/run/sluice/bus/classifier/0", ["classifier", "ingress"]),
        ("-w", "/run/sluice/bus/masker/0", ["masker", "ingress"]),
        ("-w", "/run/sluice/bus/approver/0", ["approver", "classifier", "ingress"]),
        ("-w", "/run/sluice/bus/recorder/0", ["recorder", "ingress"]),
        // To stand in for another stage one would have to bind in its folder.
        ("-w", "/run/sluice/bus/ingress", ["ingress"]),
        ("-w", "/run/sluice/bus/classifier", ["classifier"]),
        ("-w", "/run/sluice/bus/masker", ["masker"]),
        ("-w", "/run/sluice/bus/approver", ["approver"]),
        ("-w", "/run/sluice/bus/recorder", ["recorder"]),
    ]

    static let everybody = ["ingress", "classifier", "masker", "approver", "recorder"]

    static func check(in box: Box) async throws {
        for user in everybody + ["nobody"] {
            let name = user == "nobody" ? user : "sluice-\(user)"
            let tries = rules.map { "if [ \($0.test) \($0.path) ]; then echo yes; else echo no; fi" }
            let script = tries.joined(separator: "\n")
            let group = try await box.need(["id", "-gn", name])
            let answers = try await box.need(
                ["setpriv", "--reuid=\(name)", "--regid=\(group)", "--init-groups", "sh", "-c", script])
            for (rule, answer) in zip(rules, answers.split(separator: "\n")) {
                #expect(
                    (answer == "yes") == rule.users.contains(user), "\(user): test \(rule.test) \(rule.path): \(answer)"
                )
            }
            #expect(answers.split(separator: "\n").count == rules.count)
        }
        // What is refused must be there: a path that is missing would be refused to all.
        for path in Set(rules.map(\.path)) { try await box.need(["test", "-e", path]) }
    }
}
