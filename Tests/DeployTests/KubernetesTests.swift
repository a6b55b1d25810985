import Foundation
import TestKit
import Testing

/// deploy/kubernetes and deploy/container, as far as this goes without a cluster. `Checks/` says what is checked.
@Suite("Kubernetes and container")
struct KubernetesTests {
    static let base = Project.root + "/deploy/kubernetes/base"
    static let components = Project.root + "/deploy/kubernetes/components"
    static let containerfile = Project.root + "/deploy/container/Containerfile"
    static let programs = [
        "sluice", "sluice-ingress", "sluice-classifier", "sluice-masker", "sluice-approver", "sluice-recorder",
        "sluice-archiver", "sluice-forwarder", "sluice-expirer",
    ]

    static let stages = ["ingress", "classifier", "masker", "approver", "recorder"]

    private static func check(_ script: String, _ arguments: [String]) async throws -> Finished {
        let directory = try TemporaryDirectory()
        let interpreter = try await PythonEnvironment.shared.value
        let path = Project.root + "/Tests/DeployTests/Checks/" + script
        return try await Child(interpreter, [path] + arguments, directory: directory).finish(deadline: .seconds(120))
    }

    @Test func baseIsValidAndAgreesWithItself() async throws {
        let checked = try await Self.check("kubernetes.py", [Self.base, Self.components])
        #expect(checked.status == 0, "\(checked.transcript)")
    }

    /// The check sees what it is there to see: each change of one file is found, and named.
    @Test(arguments: [
        ("masker.yaml", "runAsNonRoot: true", "runAsNonRoot: false", "may run as root"),
        ("masker.yaml", "readOnlyRootFilesystem: true", "readOnlyRootFilesystem: false", "may write to its image"),
        ("masker.yaml", "terminationGracePeriodSeconds", "terminationGraceSeconds", "terminationGraceSeconds"),
        ("masker.yaml", "key: masking.key, path: masking.key", "key: x, path: recording.key", "keys differ"),
        ("masker.yaml", "sluice:0.3.0", "sluice:latest", "no fixed version"),
        (
            "masker.yaml", "minAvailable: 1\n  selector:\n    matchLabels: {app.kubernetes.io/name: sluice",
            "minAvailable: 1\n  selector:\n    matchLabels: {app.kubernetes.io/name: other", "no disruption budget"
        ),
        ("masker.yaml", "spec:\n  # How many", "spec:\n  replicas: 2\n  # How many", "replicas and an autoscaler"),
        ("classifier.yaml", "  replicas: 2\n", "", "neither replicas nor an autoscaler"),
        ("classifier.yaml", "containerPort: 7401", "containerPort: 7402", "bus port"),
        ("recorder.yaml", "clusterIP: None", "clusterIP: 10.0.0.1", "no headless service"),
        ("approver.yaml", "path: /readyz", "path: /", "no readinessProbe"),
        ("networkpolicies.yaml", "podSelector: {}", "podSelector: {matchLabels: {a: b}}", "does not deny"),
        ("networkpolicies.yaml", "port: 7404", "port: 7405", "its bus is open to None"),
        ("masker.yaml", "optional: true", "optional: false", "waits for former keys"),
        ("sluice.yaml", "tcp://sluice-masker.", "tcp://sluice-classifier.", "does not lead to masker"),
    ])
    func checkFinds(file: String, text: String, replacement: String, problem: String) async throws {
        let directory = try TemporaryDirectory()
        let copy = directory.file("base")
        try FileManager.default.copyItem(atPath: Self.base, toPath: copy)
        let original = try String(contentsOfFile: copy + "/" + file, encoding: .utf8)
        #expect(original.contains(text))
        try Data(original.replacingOccurrences(of: text, with: replacement).utf8)
            .write(to: URL(filePath: copy + "/" + file))
        let checked = try await Self.check("kubernetes.py", [copy, Self.components])
        #expect(checked.status == 1 && checked.output.contains(problem), "\(checked.transcript)")
    }

    @Test(arguments: [
        ("archiver/recorder.yaml", "livenessProbe:", "readinessProbe:", "archiver would take the pod out of service"),
        ("forwarder/recorder.yaml", "containerPort: 9466", "containerPort: 9464", "the metrics port of forwarder"),
        ("expirer/recorder.yaml", "args: [sluice-expirer", "args: [sluice-archiver", "runs another process"),
        ("expirer/recorder.yaml", "path: recording.key}", "path: masking.key}", "keys differ"),
        ("expirer/recorder.yaml", "sluice:0.3.0", "sluice:0.2.0", "another image"),
        ("forwarder/recorder.yaml", "        - name: sinks", "        - name: other", "mounts what is not there"),
        ("archiver/recorder.yaml", "name: sluice-recorder", "name: sluice-other", "patches nothing"),
        ("archiver/networkpolicy.yaml", "policyTypes", "policyKinds", "policyKinds"),
        ("forwarder/kustomization.yaml", "networkpolicy.yaml", "other.yaml", "the folder differ"),
    ])
    func componentCheckFinds(file: String, text: String, replacement: String, problem: String) async throws {
        let directory = try TemporaryDirectory()
        let copy = directory.file("components")
        try FileManager.default.copyItem(atPath: Self.components, toPath: copy)
        let original = try String(contentsOfFile: copy + "/" + file, encoding: .utf8)
        #expect(original.contains(text))
        try Data(original.replacingOccurrences(of: text, with: replacement).utf8)
            .write(to: URL(filePath: copy + "/" + file))
        let checked = try await Self.check("kubernetes.py", [Self.base, copy])
        #expect(checked.status == 1 && checked.output.contains(problem), "\(checked.transcript)")
    }

    @Test func secretsHoldEachStagesKeysAlone() async throws {
        let directory = try TemporaryDirectory()
        let stages = Self.stages
        for name in stages + ["masking", "recording"] { try directory.writeTree(name, to: "keys/\(name).key") }
        for name in stages {
            try directory.writeTree("public \(name)", to: "keys/bus/\(name).public")
            try directory.writeTree("secret \(name)", to: "keys/bus/\(name).secret")
        }
        let made = try await Child(
            Project.root + "/deploy/kubernetes/secrets.sh", [directory.file("keys")], directory: directory
        ).finish()
        #expect(made.status == 0, "\(made.transcript)")
        let secrets = made.output.components(separatedBy: "---\n").filter { !$0.isEmpty }
        #expect(secrets.count == stages.count + 1)
        let masker = try #require(secrets.first { $0.contains("name: sluice-keys-masker\n") })
        let data = masker.split(separator: "\n").drop { $0 != "data:" }.dropFirst()
        #expect(
            data.map { $0.split(separator: ":")[0].trimmingCharacters(in: .whitespaces) }
                == ["masker.key", "masker.secret", "masking.key"])
        #expect(masker.contains(Data("secret masker".utf8).base64EncodedString()))

        try FileManager.default.removeItem(atPath: directory.file("keys/recording.key"))
        let incomplete = try await Child(
            Project.root + "/deploy/kubernetes/secrets.sh", [directory.file("keys")], directory: directory
        ).finish()
        #expect(incomplete.status == 1 && incomplete.errors.contains("recording.key"))
    }

    /// With a pod's environment, keys and volumes, and an empty run folder as it has.
    @Test("a pod starts in an empty run folder", arguments: stages)
    func podStarts(_ stage: String) async throws {
        let directory = try TemporaryDirectory()
        let made = try await Child(
            Project.binaries + "/sluice",
            ["keys", "make", "--config", Self.base + "/sluice.yaml", "--state", directory.file("state")],
            directory: directory
        ).finish()
        #expect(made.status == 0, "\(made.transcript)")
        let secrets = try await Child(
            Project.root + "/deploy/kubernetes/secrets.sh", [directory.file("state/keys")], directory: directory
        ).finish()
        #expect(secrets.status == 0, "\(secrets.transcript)")
        try directory.write(secrets.output, to: "secrets.yaml")
        try FileManager.default.createDirectory(
            atPath: directory.file("pod"), withIntermediateDirectories: false)
        let pod = try await Child(
            "/usr/bin/unshare",
            [
                "--mount", "--net", "--propagation", "private", try await PythonEnvironment.shared.value,
                Project.root + "/Tests/DeployTests/Checks/pod.py", Self.base, directory.file("secrets.yaml"),
                Project.binaries, stage, directory.file("pod"),
            ], directory: directory, label: "pod"
        ).finish(deadline: .seconds(180))
        #expect(pod.status == 0, "\(pod.transcript)")
    }

    /// What docs/deploying.md says to type, typed: only the cluster is played.
    @Test func documentedKeyStepsWork() async throws {
        let directory = try TemporaryDirectory()
        try FileManager.default.createDirectory(atPath: directory.file("bin"), withIntermediateDirectories: false)
        try directory.write(
            "#!/bin/sh\necho \"$*\" >> \"$KUBECTL_LOG\"\ncase $* in 'apply -f -') cat > \"$KUBECTL_LOG.stdin\" ;; esac\n",
            to: "bin/kubectl")
        #expect(chmod(directory.file("bin/kubectl"), 0o755) == 0)
        // The overlay's folder, with the source tree in it.
        #expect(symlink(Project.root, directory.file("sluice")) == 0)
        let document = try String(contentsOfFile: Project.root + "/docs/deploying.md", encoding: .utf8)
        let blocks = document.components(separatedBy: "```sh\n").dropFirst().map {
            $0.components(separatedBy: "```")[0]
        }
        let copying = try #require(blocks.first { $0.contains("cp sluice/deploy/kubernetes/base/") })
        let keys = try #require(blocks.first { $0.contains("sluice keys make") })
        try directory.write("set -e\n" + copying + keys, to: "steps")
        let typed = try await Child(
            "/bin/sh", [directory.file("steps")],
            environment: [
                "PATH": directory.file("bin") + ":" + Project.binaries + ":/usr/bin:/bin",
                "KUBECTL_LOG": directory.file("kubectl"),
            ], directory: directory
        ).finish()
        #expect(typed.status == 0, "\(typed.transcript)")
        let secrets = try String(contentsOfFile: directory.file("kubectl.stdin"), encoding: .utf8)
        for stage in Self.stages { #expect(secrets.contains("name: sluice-keys-\(stage)\n")) }
        let said = try String(contentsOfFile: directory.file("kubectl"), encoding: .utf8)
        #expect(said.contains("create namespace sluice\n") && said.contains("create secret generic sluice-targets"))
    }

    /// The public keys go first, the former ones with them: pods that have them take either secret key.
    @Test func rotationHasTwoSteps() async throws {
        let directory = try TemporaryDirectory()
        let stages = ["ingress", "classifier", "masker", "approver", "recorder"]
        for name in stages + ["masking", "recording"] { try directory.writeTree(name, to: "keys/\(name).key") }
        for name in stages {
            try directory.writeTree("public \(name)", to: "keys/bus/\(name).public")
            try directory.writeTree("secret \(name)", to: "keys/bus/\(name).secret")
        }
        try directory.writeTree("former masker", to: "keys/bus/masker.previous.public")
        let script = Project.root + "/deploy/kubernetes/secrets.sh"
        let keys = directory.file("keys")
        let first = try await Child(script, ["--public", keys], directory: directory).finish()
        #expect(first.status == 0, "\(first.transcript)")
        #expect(first.output.contains("masker.previous.public: \(Data("former masker".utf8).base64EncodedString())"))
        #expect(!first.output.contains("ingress.previous.public"))
        for name in stages {
            #expect(first.output.contains(Data("public \(name)".utf8).base64EncodedString()))
            #expect(!first.output.contains(Data("secret \(name)".utf8).base64EncodedString()))
        }
        let second = try await Child(script, [keys], directory: directory).finish()
        #expect(second.output.hasPrefix(first.output) && second.output.contains("sluice-keys-masker"))
        let wrong = try await Child(script, ["--public"], directory: directory).finish()
        #expect(wrong.status == 2)
    }

    @Test func imageHasFixedVersionsNoPrivilegesAndEveryLibrary() async throws {
        let programs = Self.programs.map { Project.binaries + "/" + $0 }
        let checked = try await Self.check("container.py", [Self.containerfile] + programs)
        #expect(checked.status == 0, "\(checked.transcript)")
    }

    /// There is no Package.resolved to copy into the image's build.
    @Test func imageIsBuiltFromFixedVersions() throws {
        let manifest = try String(contentsOfFile: Project.root + "/Package.swift", encoding: .utf8)
        let dependencies = manifest.split(separator: "\n").filter { $0.contains(".package(url:") }
        #expect(!dependencies.isEmpty && dependencies.allSatisfy { $0.contains("exact:") })
    }

    @Test(arguments: [
        ("USER 65532:65532", "USER root", "without privileges"),
        ("debian:12.12-slim", "debian:latest", "no fixed version"),
        (" libhyperscan5", "", "sluice-masker needs"), (" libcurl4", "", "sluice-archiver needs"),
        (" libpq5", "", "sluice-recorder needs"),
        ("    && rm -rf", "    && curl -O x && rm -rf", "something else than Debian packages"),
    ])
    func imageCheckFinds(text: String, replacement: String, problem: String) async throws {
        let directory = try TemporaryDirectory()
        let original = try String(contentsOfFile: Self.containerfile, encoding: .utf8)
        #expect(original.contains(text))
        try directory.write(original.replacingOccurrences(of: text, with: replacement), to: "Containerfile")
        let programs = Self.programs.map { Project.binaries + "/" + $0 }
        let checked = try await Self.check("container.py", [directory.file("Containerfile")] + programs)
        #expect(checked.status == 1 && checked.output.contains(problem), "\(checked.transcript)")
    }
}
