import Configuration
import Foundation
import StrictYAML
import Testing

let file = "/srv/app/sluice.yaml"

/// A whole configuration with `replacing` lines changed.
func text(_ changes: [String: String] = [:], extra: String = "") -> String {
    let lines = [
        ("state", "state: ./state"),
        ("listeners", "listeners:\n  postgres: 127.0.0.1:15432"),
        ("resources", "resources:"),
        ("name", "  - name: orders"),
        ("protocol", "    protocol: postgres"),
        ("target", "    target: 127.0.0.1:5432/orders"),
        ("tls", "    tls: prefer"),
        ("credentials", "    credentials: {user: app, password: {env: ORDERS_PASSWORD}}"),
        ("recording", "    recording: written"),
        ("policy", "policy: policy.yaml"),
    ]
    return lines.map { changes[$0.0] ?? $0.1 }.filter { !$0.isEmpty }.joined(separator: "\n") + "\n" + extra
}

func parse(_ changes: [String: String] = [:], extra: String = "") throws -> Configuration {
    try Configuration.parse(text(changes, extra: extra), file: file)
}

func failure(_ changes: [String: String] = [:], extra: String = "") -> ConfigurationError? {
    do {
        _ = try Configuration.parse(text(changes, extra: extra), file: file)
        return nil
    } catch {
        return error
    }
}

@Suite("Configuration")
struct ConfigurationTests {
    @Test func recordingHasBudgets() throws {
        #expect(try parse().recording.budget == RecordingBudget())
        let said = try parse(extra: "recording: {budget: {per_command: 1MiB, per_session: 3GiB}}\n").recording
        #expect(said.budget.perCommand == 1 << 20 && said.budget.perSession == 3 << 30)
        let one = try parse(extra: "recording:\n  budget: {per_command: 0KiB}\n").recording.budget
        #expect(one.perCommand == 0 && one.perSession == RecordingBudget().perSession)
        for wrong in [
            "budget: 5", "budget: {per_command: 5}", "budget: {per_command: -1KiB}", "budget: {per_day: 1MiB}",
        ] {
            #expect(failure(extra: "recording: {\(wrong)}\n")?.line == 12, "\(wrong)")
        }
    }

    @Test func resourcesHaveLabels() throws {
        #expect(try parse().resources[0].labels == [:])
        let labels = try parse(["recording": "    labels: {env: prod, tier: \"1\"}"]).resources[0].labels
        #expect(labels == ["env": "prod", "tier": "1"])
        #expect(failure(["recording": "    labels: {env: [prod]}"]) != nil)
    }

    @Test func readsTheFirstConfiguration() throws {
        let configuration = try parse()
        #expect(configuration.file == file)
        #expect(configuration.folder == "/srv/app")
        #expect(configuration.policyFile == "/srv/app/policy.yaml")
        #expect(configuration.listeners.map(\.protocolName) == ["postgres"])
        #expect(configuration.listeners.map(\.description) == ["127.0.0.1:15432"])
        #expect(configuration.limits.maxConnections == 1000)
        #expect(configuration.limits.drainSeconds == 300)
        #expect(configuration.limits.replyMemory == 512 << 20)
        #expect(configuration.limits.recordMemory == 256 << 20)
        let resource = try #require(configuration.resources.first)
        #expect(resource.name == "orders")
        #expect(resource.target.host == "127.0.0.1")
        #expect(resource.target.port == 5432)
        #expect(resource.target.database == "orders")
        #expect(resource.tls == .prefer)
        #expect(resource.credentials.password == .environment("ORDERS_PASSWORD"))
        #expect(resource.recording == .written)
        #expect(configuration.foreignSecretNames(of: "masker") == ["ORDERS_PASSWORD"])
        #expect(configuration.foreignSecretNames(of: "ingress").isEmpty)
    }

    @Test func whatIsAbsentIsNamedWhereIngressRuns() throws {
        let secrets = [
            "credentials": "    credentials: {user: app, password: {file: /nonexistent/password}}",
            "tls": "    tls: verify-full\n    ca: /nonexistent/ca.pem",
        ]
        #expect(
            try parse(secrets).absences() == [
                "the password of resource “orders”: /nonexistent/password cannot be read",
                "the ca of resource “orders”: /nonexistent/ca.pem cannot be read",
            ])
        let elsewhere = "stages:\n  ingress: {replicas: 0, at: [\"tcp://10.0.0.1:7400\"]}\n"
        #expect(try parse(secrets, extra: elsewhere).absences() == [])
        #expect(try parse(["credentials": "    credentials: {user: app}"]).absences() == [])
    }

    @Test func memoryHasAUnitAndBounds() throws {
        let limits = try parse(extra: "limits: {reply_memory: 64MiB, record_memory: 16MiB}\n").limits
        #expect(limits.replyMemory == 64 << 20)
        #expect(limits.recordMemory == 16 << 20)
        for key in ["reply_memory", "record_memory"] {
            for wrong in ["64", "64MB", "15MiB", "-16MiB", "MiB", "99999999MiB"] {
                #expect(failure(extra: "limits: {\(key): \(wrong)}\n")?.message.contains("such as 512MiB") == true)
            }
        }
    }

    @Test func stateDirectoryHasOnePlaceForEverything() throws {
        let state = try parse().state
        #expect(state.root == "/srv/app/state")
        #expect(state.run == "/srv/app/state/run")
        #expect(state.inbox(stage: "classifier", replica: 1) == "/srv/app/state/run/bus/classifier/1")
        #expect(state.key(stage: "classifier") == "/srv/app/state/keys/classifier.key")
        #expect(state.recordingKey == "/srv/app/state/keys/recording.key")
    }

    @Test func defaultsHold() throws {
        let resource = try #require(try parse(["tls": "", "recording": ""]).resources.first)
        #expect(resource.tls == .prefer)
        #expect(resource.recording == .written)
        #expect(resource.certificateAuthority == nil)
    }

    @Test func longSocketPathsAskForRun() throws {
        let long = "/" + String(repeating: "d", count: 80)
        let error = try #require(failure(["state": "state: \(long)"]))
        #expect(error.message.contains("set run:"))
        #expect(error.line == 1)
        let configuration = try parse(["state": "state: \(long)"], extra: "run: /run/sluice\n")
        #expect(configuration.state.run == "/run/sluice")
        #expect(configuration.state.root == long)
    }

    @Test(arguments: [
        ("127.0.0.1:5432/orders", "127.0.0.1", 5432, "orders"),
        ("db.example.com:6432/a-b", "db.example.com", 6432, "a-b"),
        ("\"[::1]:5432/orders\"", "::1", 5432, "orders"),
        ("/var/run/postgresql:5433/orders", "/var/run/postgresql", 5433, "orders"),
    ])
    func readsTargets(_ target: String, _ host: String, _ port: Int, _ database: String) throws {
        let resource = try #require(try parse(["target": "    target: \(target)"]).resources.first)
        #expect(resource.target.host == host)
        #expect(resource.target.port == port)
        #expect(resource.target.database == database)
        #expect(resource.target.isUnixSocket == host.hasPrefix("/"))
    }

    @Test(arguments: [
        "127.0.0.1", "127.0.0.1:5432", "127.0.0.1:5432/", ":5432/x", "h:0/x", "h:65536/x", "h:-1/x", "::1:5432/x",
        "h:5432x/y", "/tmp/x", "/:5432/x", "/tmp:/x", "\"[::1:5432/x\"", "\"[]:5432/x\"", "h:99999999999999999999/x",
        "\"a b:1/x\"", "\"h:5432/a\\0b\"",
    ])
    func refusesOtherTargets(_ target: String) {
        #expect(failure(["target": "    target: \(target)"])?.line == 7)
    }

    @Test(arguments: ["15432", "127.0.0.1", "127.0.0.1:0", "*:1", "::1:5", "127.0.0.1:70000"])
    func refusesOtherListeners(_ place: String) {
        #expect(failure(["listeners": "listeners:\n  postgres: \(place)"])?.line == 3)
    }

    @Test func mistakesArePlaced() {
        #expect(
            failure(["tls": "    tsl: prefer"])?.description == "\(file):8:5: unknown key “tsl”; did you mean “tls”?")
        #expect(failure(["tls": "    tls: maybe"])?.line == 8)
        #expect(failure(["protocol": "    protocol: oracle"])?.line == 6)
        #expect(failure(["name": "  - name: a/b"])?.line == 5)
        #expect(failure(["policy": ""])?.message == "missing key “policy”")
        #expect(failure(["listeners": "listeners: {}"])?.message.contains("no listener") == true)
        #expect(failure(["listeners": "listeners: {postgress: 127.0.0.1:1}"])?.message.contains("did you mean") == true)
        #expect(failure(["recording": "    recording: never"])?.line == 10)
        #expect(failure(extra: "limits: {max_connections: 0}\n")?.line == 12)
        #expect(failure(extra: "limits: {max_conections: 1}\n")?.line == 12)
        #expect(failure(extra: "limits: {drain: 0s}\n")?.line == 12)
        #expect(failure(extra: "limits: {drain: 25h}\n")?.line == 12)
        #expect(failure(extra: "limits: {drain: 24h}\n") == nil)
    }

    @Test func everyMistakeIsTold() {
        let text = """
            stat: ./state
            listeners: {postgres: nowhere}
            resources:
              - {name: a/b, protocol: postgras, target: x, tls: maybe, credentials: {usr: app}, recording: never}
              - {name: b, protocol: postgres, target: "h:1/d", credentials: {user: app, password: {env: A, fil: b}}}
            stages:
              clasifier: {replicas: 2}
              masker: {replicas: 99, at: ["tcp://10.0.0.2:1", here, "udp://x"]}
              check: {lane: req, command: x, timout: 3s}
            limits: {max_connections: 0, drain: 1w}
            metrics: {listen: 0.0.0.0:1}
            log: jsn
            """
        do throws(ConfigurationError) {
            _ = try Configuration.parse(text, file: file)
            Issue.record("no mistake")
        } catch {
            let places = error.all.map { "\($0.line ?? 0):\($0.column ?? 0)" }
            #expect(
                places == [
                    "1:1", "1:1", "2:23", "4:12", "4:27", "4:45", "4:53", "4:74", "4:96", "5:96", "7:14", "8:22",
                    "8:51",
                    "8:57", "9:17", "9:31", "9:34", "10:27", "10:37", "11:19", "12:6",
                ])
            #expect(error.all.contains { $0.message == "“clasifier” is no stage; did you mean “classifier”?" })
        }
    }

    @Test func whatOnlyMakesSenseTogetherIsNotCheckedOfParts() {
        // The listener is wrong, so that nobody can say which resource has none; nor which stage has no place.
        #expect(failure(["listeners": "listeners: {postgres: x}"])?.others == [])
        let stages =
            "stages:\n  first: {lane: request, command: x}\n  second: {lane: request, command: [x], after: first}\n"
        #expect(failure(extra: stages)?.others == [])
    }

    @Test func thePolicyIsFoundBesideMistakes() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appendingPathComponent("sluice.yaml")
        for (text, isFound) in [("stat: x\npolicy: p.yaml\n", true), ("policy: [p]\n", false), ("policy: {\n", false)] {
            try Data(text.utf8).write(to: file)
            #expect(Configuration.policyFile(namedIn: file.path) == (isFound ? folder.path + "/p.yaml" : nil))
        }
        #expect(Configuration.policyFile(namedIn: "/nonexistent") == nil)
    }

    @Test func aResourceNameIsThereOnce() {
        let second = "  - {name: orders, protocol: postgres, target: \"h:1/d\", credentials: {user: u}}"
        #expect(failure(["policy": second + "\npolicy: p.yaml"])?.message == "resource “orders” is there twice")
    }

    @Test func authorityNeedsVerification() throws {
        #expect(failure(["tls": "    tls: require\n    ca: ca.pem"])?.message.contains("verify-full") == true)
        let resource = try #require(try parse(["tls": "    tls: verify-full\n    ca: ca.pem"]).resources.first)
        #expect(resource.certificateAuthority == "/srv/app/ca.pem")
    }
}

@Suite("Secrets")
struct SecretTests {
    private func source(_ password: String) throws -> SecretSource {
        let configuration = try parse(["credentials": "    credentials: {user: app\(password)}"])
        return try #require(configuration.resources.first).credentials.password
    }

    @Test func descriptionsNeverShowASecret() throws {
        let source = try source(", password: hunter2-secret")
        var dumped = ""
        dump(source, to: &dumped)
        let whole = try parse(["credentials": "    credentials: {user: app, password: hunter2-secret}"])
        for shown in ["\(source)", String(reflecting: source), dumped, "\(whole)"] {
            #expect(!shown.contains("hunter2"))
        }
        #expect(try source.resolve() == "hunter2-secret")
    }

    @Test func filesLoseTheirNewlineOnly() throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
        defer { try? FileManager.default.removeItem(atPath: path) }
        try Data(" a b \r\n".utf8).write(to: URL(fileURLWithPath: path))
        #expect(try source(", password: {file: \(path)}").resolve() == " a b ")
        try Data("\n".utf8).write(to: URL(fileURLWithPath: path))
        #expect(throws: SecretError.self) { try source(", password: {file: \(path)}").resolve() }
    }

    @Test func anEmptyOrMissingSecretIsNone() throws {
        #expect(throws: SecretError.self) { try source("").resolve() }
        #expect(throws: SecretError.self) { try source(", password: {env: SLUICE_TEST_UNSET}").resolve() }
        #expect(throws: SecretError.self) { try source(", password: {file: /nonexistent}").resolve() }
        #expect(throws: ConfigurationError.self) { try source(", password: \"\"") }
        #expect(throws: ConfigurationError.self) { try source(", password: {env: A, file: b}") }
        #expect(throws: ConfigurationError.self) { try source(", password: {}") }
        #expect(throws: ConfigurationError.self) { try source(", password: {vault: x}") }
    }
}

@Suite("Stages")
struct StageTableTests {
    private func stages(_ text: String) throws -> StageTable { try parse(extra: "stages:\n" + text).stages }
    private func refusal(_ text: String) -> String? { failure(extra: "stages:\n" + text)?.message }

    @Test func builtInStagesStartInOrder() throws {
        let table = try parse().stages
        #expect(table.startOrder.map(\.name) == ["recorder", "approver", "classifier", "masker", "ingress"])
        #expect(table.requestRoute() == ["classifier"])
        #expect(table.responseRoute() == ["masker"])
    }

    @Test func replicasAreForStagesThatShareNothing() throws {
        #expect(try stages("  classifier: {replicas: 3}\n").replicas(of: .classifier) == 3)
        #expect(try stages("  recorder: {replicas: 2}\n").replicas(of: .recorder) == 2)
        for name in ["approver", "ingress"] {
            #expect(refusal("  \(name): {replicas: 2}\n")?.contains("runs exactly once") == true)
            #expect(refusal("  \(name): {replicas: 1}\n") == nil)
        }
        #expect(refusal("  masker: {replicas: 0}\n")?.contains("has to run somewhere") == true)
        #expect(refusal("  masker: {replicas: 65}\n")?.contains("out of range") == true)
    }

    @Test func stagesOfSeveralHostsHaveTheirBounds() throws {
        let table = try stages(
            """
              masker: {replicas: 0, at: ["tcp://10.0.0.3:7401-7404", "tcp://masker.example:7401"]}
              classifier: {listen: "tcp://0.0.0.0:7411-7413", advertise: "tcp://10.0.0.2", replicas: 2}

            """)
        let bounds = Dictionary(uniqueKeysWithValues: table.startOrder.map { ($0.name, $0.bounds) })
        #expect(bounds["masker"] == 0...64 && table.replicas(of: .masker) == 0)
        #expect(bounds["classifier"] == 1...3)
        #expect(bounds["recorder"] == 1...64)
        #expect(table.network[.masker]?.at.map(\.host) == ["10.0.0.3", "masker.example"])
        #expect(table.network[.masker]?.at.map(\.ports) == [7401...7404, 7401...7401])
        #expect(table.network[.classifier]?.advertise == "10.0.0.2")
    }

    @Test(arguments: [
        ("listen: \"tcp://0.0.0.0:7411\", replicas: 2", "need as many ports"),
        ("listen: \"0.0.0.0:7411\"", "expected tcp://host:port"),
        ("listen: \"tcp://0.0.0.0:7411-7410\"", "expected tcp://host:port"),
        ("listen: \"tcp://0.0.0.0:7000-7064\"", "more than 64 ports"),
        ("advertise: \"tcp://10.0.0.2\"", "advertise needs listen"),
        ("listen: \"tcp://0.0.0.0:1\", advertise: 10.0.0.2", "expected tcp://host"),
        ("at: \"tcp://10.0.0.2:1\"", "expected a list"),
        ("at: []", "expected 1 to 64 places"),
        ("at: [\"tcp://0.0.0.0:1\"]", "that can be reached"),
    ])
    func aPlaceOnTheBusIsChecked(_ keys: String, _ message: String) {
        #expect(refusal("  masker: {\(keys)}\n")?.contains(message) == true)
    }

    @Test func customRequestStagesHaveTheirNeighboursOnTheirHost() throws {
        let check = "  check: {lane: request, command: [x]}\n"
        let replies = "  replies: {lane: response, command: [x]}\n"
        let elsewhere = [
            "  classifier: {replicas: 0, at: [\"tcp://10.0.0.2:7410\"]}\n",
            "  classifier: {listen: \"tcp://10.0.0.1:7410\", at: [\"tcp://10.0.0.1:7410\", \"tcp://10.0.0.2:7410\"]}\n",
            "  approver: {replicas: 0, at: [\"tcp://10.0.0.2:7430\"]}\n",
        ]
        for stage in elsewhere {
            #expect(refusal(stage + check)?.contains("over this host's sockets only") == true, "\(stage)")
            #expect(refusal(stage + replies) == nil)
            // Where no client comes in, it is asked nothing.
            #expect(refusal(stage + check + "  ingress: {replicas: 0, at: [\"tcp://10.0.0.1:7400\"]}\n") == nil)
        }
        #expect(refusal("  masker: {replicas: 0, at: [\"tcp://10.0.0.2:7420\"]}\n" + check) == nil)
    }

    @Test func theApproverStandsAtOnePlace() throws {
        #expect(try stages("  approver: {at: [\"tcp://10.0.0.1:7430-7431\"]}\n").network[.approver]?.at.count == 1)
        let two = refusal("  approver: {at: [\"tcp://10.0.0.1:7430\", \"tcp://10.0.0.2:7430\"]}\n")
        #expect(two?.contains("at one place") == true)
    }

    @Test func customStagesTakeTheirPlace() throws {
        let table = try stages(
            """
              late: {lane: request, command: [./late], after: second}
              first: {lane: request, command: [./first], after: ingress, replicas: 2, timeout: 5s, on_failure: refuse}
              second: {lane: request, command: [./second]}
              third: {lane: request, command: [./third]}
              reply: {lane: response, command: [python3, reply.py]}
              before-mask: {lane: response, command: [./b], after: ingress}

            """)
        #expect(table.requestRoute() == ["first", "classifier", "second", "late", "third"])
        #expect(table.responseRoute() == ["before-mask", "masker", "reply"])
        #expect(table.startOrder.last?.name == "ingress")
        let first = try #require(table.custom.first { $0.name == "first" })
        #expect(first.replicas == 2)
        #expect(first.timeoutSeconds == 5)
        #expect(table.custom.first { $0.name == "reply" }?.command == ["python3", "reply.py"])
    }

    @Test func oneStageMayStandInBothLanes() throws {
        let table = try stages(
            """
              budget: {lane: both, command: [./budget]}
              first: {lane: both, command: [./first], after: {request: ingress, response: budget}}
              last: {lane: both, command: [./last], after: {request: budget}}
              reply: {lane: response, command: [./reply], after: {response: last}}

            """)
        #expect(table.requestRoute() == ["first", "classifier", "budget", "last"])
        #expect(table.responseRoute() == ["masker", "budget", "first", "last", "reply"])
        #expect(table.custom.map(\.lane) == [.both, .both, .both, .response])
        // One process each.
        #expect(table.startOrder.filter { $0.custom != nil }.map(\.name) == ["budget", "first", "last", "reply"])
    }

    @Test(arguments: [
        "  a: {lane: both, command: [x], after: classifier}\n": "a place in each",
        "  a: {lane: both, command: [x], after: {request: masker}}\n": "has no place",
        "  a: {lane: both, command: [x], after: {response: classifier}}\n": "has no place",
        "  a: {lane: both, command: [x], after: {request: ingress, audit: x}}\n": "audit",
        "  a: {lane: request, command: [x], after: {response: masker}}\n": "response",
        "  a: {lane: request, command: [x]}\n  b: {lane: both, command: [x], after: {response: a}}\n": "has no place",
    ])
    func aPlaceIsOneOfItsOwnLane(_ text: String, _ complaint: String) {
        #expect(refusal(text)?.contains(complaint) == true, "\(refusal(text) ?? "accepted")")
    }

    @Test(arguments: [
        "  a: {lane: request, command: [x], after: b}\n  b: {lane: request, command: [x], after: a}\n",
        "  a: {lane: request, command: [x], after: a}\n",
        "  a: {lane: request, command: [x], after: masker}\n",
        "  a: {lane: request, command: [x], after: approver}\n",
        "  a: {lane: response, command: [x], after: nothing}\n",
    ])
    func aStageWithoutAPlaceIsRefused(_ text: String) {
        #expect(refusal(text)?.contains("has no place") == true)
    }

    @Test(arguments: [
        "  a: {lane: audit, command: [x]}\n", "  a: {lane: request}\n", "  a: {lane: request, command: []}\n",
        "  a: {lane: request, command: \"x y\"}\n", "  a: {command: [x]}\n", "  A: {lane: request, command: [x]}\n",
        "  ../a: {lane: request, command: [x]}\n", "  recording: {lane: request, command: [x]}\n",
        "  a: {lane: request, command: [x], timeout: 0s}\n", "  a: {lane: request, command: [x], timeout: 1h}\n",
        "  a: {lane: request, command: [x], on_failure: skip}\n", "  a: {lane: request, command: [x], extra: 1}\n",
        "  a: ~\n", "  a:\n",
    ])
    func otherStagesAreRefused(_ text: String) {
        #expect(refusal(text) != nil)
    }

    @Test func onlyRefuseIsPossibleAndSaysWhy() {
        let message = refusal("  a: {lane: request, command: [x], on_failure: skip}\n")
        #expect(message?.contains("unjudged") == true)
    }
}
