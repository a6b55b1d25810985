import Foundation
import TestKit

/// A PostgreSQL, and before it a Sluice with replicas whose recordings lie on a disk that can be filled.
struct ChaosRig: Sendable {
    let server: PostgresServer
    let gateway: Gateway
    /// The disk of the recordings.
    let disk: SmallDisk
    /// The disk of everything else that Sluice keeps; nil: the machine's.
    let stateDisk: SmallDisk?
    let free: Token
    let agent: Token
    let reviewer: Token
    /// For faults of the target, and of the disk, one at a time.
    let target = Turnstile()
    let filling = Turnstile()

    /// Room for the recordings of a long run.
    static let diskMegabytes = 2048
    static let stateMegabytes = 64

    static let policy = """
        rules:
          - name: nothing is destroyed
            who: {groups: [unlimited, ai-agents]}
            when:
              any:
                - {operation: [drop, copy.program, copy.file, opaque]}
                - all: [{unfiltered: true}, {not: {operation: [truncate]}}]
            then: {refuse: {message: "this destroys too much"}}
          - name: truncation needs a dba
            who: {groups: [ai-agents]}
            when: {operation: [truncate]}
            then: {hold: {approvers: {groups: [dba]}, quorum: 1, expires: 15m}}
          - name: anything else
            who: {groups: [unlimited, ai-agents]}
            then: allow
          - name: personal data
            who: {groups: [unlimited, ai-agents]}
            mask:
              - {columns: ["*.email"], style: redact}
              - {detect: [credit_card, us_ssn], style: redact}

        """
    static let stages = """
        classifier: {replicas: 2}
        masker: {replicas: 2}
        recorder: {replicas: 2}
        """

    static func start(ownStateDisk: Bool = false) async throws -> ChaosRig {
        let server = try await PostgresServer.start()
        let filled = try await server.direct.run("pgbench", ["-i", "-s", "4", "-q"])
        guard filled.status == 0 else { throw TestKitError(filled.transcript) }
        _ = try await server.direct.query(
            """
            CREATE TABLE chaos_copy (mark text NOT NULL, n integer NOT NULL);
            CREATE TABLE chaos_scratch (n integer);
            """)
        let directory = try TemporaryDirectory()
        let port = try freePort()
        var options = Gateway.Options(policy: policy)
        options.stages = stages
        try Gateway.configure(options, port: port, target: server.port, in: directory)
        let state = directory.file("state")
        guard mkdir(state, 0o700) == 0 else { throw TestKitError("mkdir \(state): errno \(errno)") }
        let stateDisk =
            ownStateDisk ? try await SmallDisk(at: state, megabytes: stateMegabytes, in: directory) : nil
        let disk = try await SmallDisk(at: state + "/recordings", megabytes: diskMegabytes, in: directory)
        let gateway = try await Gateway.start(in: directory, port: port)
        return ChaosRig(
            server: server, gateway: gateway, disk: disk, stateDisk: stateDisk,
            free: try await gateway.createToken("free-1", groups: ["unlimited"]),
            agent: try await gateway.createToken("agent-1", groups: ["ai-agents"]),
            reviewer: try await gateway.createToken("dba-1", groups: ["dba"]))
    }

    /// Runs `body` with a rig that is stopped however it ends.
    static func with(ownStateDisk: Bool = false, _ body: (ChaosRig) async throws -> Void) async throws {
        let rig = try await start(ownStateDisk: ownStateDisk)
        do {
            try await body(rig)
        } catch {
            await rig.stop()
            throw error
        }
        await rig.stop()
    }

    func stop() async {
        await gateway.stop()
        await server.stop()
    }

    var bus: String { gateway.directory.file("state/run/bus") }

    /// Waits until everything works again: all processes are ready, but replaced ones of Ingress that still have
    /// connections, and commands go through.
    func healthy(deadline: Duration = .seconds(60)) async throws {
        try await eventually("all stages are ready", deadline: deadline) {
            try await gateway.stages().allSatisfy { $0.state == "ready" || $0.state == "draining" }
        }
        let clients = gateway.clients(free)
        try await eventually("a masked read goes through", deadline: deadline) {
            let read = try await clients.psql("SELECT email || ssn FROM customers WHERE id = 1;")
            return read.status == 0 && read.output.contains("[redacted]") && !read.errors.contains("ERROR")
        }
    }
}
