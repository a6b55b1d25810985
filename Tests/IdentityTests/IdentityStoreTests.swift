import Foundation
import Testing

@testable import Identity

private let now = Date(timeIntervalSince1970: 1_800_000_000)

/// A store in a temporary directory of its own, removed at the end.
private final class Fixture {
    let directory: String
    var path: String { directory + "/state/identities.sqlite" }

    init() { directory = NSTemporaryDirectory() + "sluice-identity-" + UUID().uuidString }
    deinit { try? FileManager.default.removeItem(atPath: directory) }

    func open() throws -> IdentityStore { try IdentityStore(path: path) }
}

private func login(_ store: IdentityStore, _ name: String, _ secret: String, at time: Date = now) throws
    -> AuthenticatedIdentity
{
    var login = ScramLogin(candidate: try store.snapshot().candidate(name: name))
    var client = ScramClient(password: secret)
    let serverFirst = try login.receive(clientFirst: client.clientFirst())
    let (serverFinal, identity) = try login.receive(
        clientFinal: try client.receive(serverFirst: serverFirst), now: time)
    try client.receive(serverFinal: serverFinal)
    return identity
}

private func error(_ body: () throws -> Void) -> AuthenticationError? {
    do {
        try body()
        return nil
    } catch {
        return error as? AuthenticationError
    }
}

@Suite struct IdentityStoreTests {
    @Test func createdAccountsLogIn() throws {
        let fixture = Fixture()
        let store = try fixture.open()
        let (account, secret) = try store.create(
            name: "agent-1", groups: ["ai-agents"], labels: ["team": "data"], expiresAt: now + 3600, now: now)
        #expect(secret.hasPrefix("slc_") && secret.utf8.count == 47)
        #expect(try store.find("agent-1") == account)

        for identity in [
            try login(store, "agent-1", secret), try store.authenticate(name: "agent-1", secret: secret, now: now),
        ] {
            #expect(identity.name == "agent-1" && identity.groups == ["ai-agents"])
            #expect(identity.labels == ["team": "data"] && identity.expiresAt == now + 3600)
        }
        #expect(try login(store, "agent-1", secret).method == .scramSHA256)
    }

    @Test func theSecretIsNotInTheFilesAndTheFilesArePrivate() throws {
        let fixture = Fixture()
        let store = try fixture.open()
        let (_, secret) = try store.create(name: "agent-1", now: now)
        let directory = fixture.directory + "/state"
        let files = try FileManager.default.contentsOfDirectory(atPath: directory)
        #expect(files.contains("identities.sqlite") && files.contains("identities.sqlite-wal"))
        for file in files {
            let path = directory + "/" + file
            let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
            #expect(mode == 0o600, "\(file)")
            let data = try Data(contentsOf: URL(fileURLWithPath: path))
            #expect(data.range(of: Data(secret.utf8)) == nil)
        }
    }

    @Test func aFileThatOthersCanReadIsMadePrivate() throws {
        let fixture = Fixture()
        _ = try fixture.open()
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: fixture.path)
        _ = try fixture.open()
        let mode = try FileManager.default.attributesOfItem(atPath: fixture.path)[.posixPermissions] as? Int
        #expect(mode == 0o600)
    }

    @Test func everyRefusalLooksTheSameFromOutside() throws {
        let fixture = Fixture()
        let store = try fixture.open()
        let (_, good) = try store.create(name: "good", now: now)
        let (_, expired) = try store.create(name: "expired", expiresAt: now + 1, now: now)
        let (_, revoked) = try store.create(name: "revoked", now: now)
        try store.revoke("revoked", now: now)

        let cases: [(String, String, AuthenticationError.Code)] = [
            ("good", "wrong", .wrongSecret), ("ghost", good, .unknownAccount), ("", good, .unknownAccount),
            ("expired", expired, .expired), ("revoked", revoked, .revoked), ("expired", "wrong", .wrongSecret),
            ("revoked", good, .wrongSecret),
        ]
        for (name, secret, code) in cases {
            let byPassword = error { _ = try store.authenticate(name: name, secret: secret, now: now + 1) }
            let byScram = error { _ = try login(store, name, secret, at: now + 1) }
            #expect(byPassword?.code == code, "\(name)")
            #expect(byScram?.code == code, "\(name)")
            #expect(byPassword?.publicMessage == "authentication failed")
            #expect(byScram?.publicMessage == "authentication failed")
        }
        for name in ["good", "ghost", "revoked"] {
            #expect(error { _ = try store.authenticate(name: name, secret: "", now: now) }?.code == .emptySecret)
            #expect(error { _ = try login(store, name, "") } != nil)
        }
        let long = String(repeating: "x", count: 100_000)
        #expect(error { _ = try store.authenticate(name: "good", secret: long, now: now) }?.code == .wrongSecret)
    }

    @Test func namesAreTakenUntilRevoked() throws {
        let fixture = Fixture()
        let store = try fixture.open()
        let (first, old) = try store.create(name: "agent", expiresAt: now + 1, now: now)
        // An expired account still holds its name.
        #expect(throws: IdentityStoreError.self) { try store.create(name: "agent", now: now + 10) }
        let identity = try store.authenticate(name: "agent", secret: old, now: now)
        try store.revoke("agent", now: now)
        #expect(throws: IdentityStoreError.self) { try store.revoke("agent", now: now) }
        #expect(throws: IdentityStoreError.self) { try store.revoke("ghost", now: now) }
        let (second, new) = try store.create(name: "agent", now: now)
        #expect(first.id != second.id)
        #expect(try store.list().map(\.name) == ["agent", "agent"])
        #expect(try store.authenticate(name: "agent", secret: new, now: now).accountID == second.id)
        #expect(error { _ = try store.authenticate(name: "agent", secret: old, now: now) }?.code == .wrongSecret)
        // The old identity does not live on under the new account.
        #expect(try !store.snapshot().isCurrent(identity, now: now))
    }

    @Test(arguments: [
        "", "Agent", "a b", "a/b", "operator", "\u{e4}", "a\n", String(repeating: "a", count: 64), "a\u{0}",
    ])
    func badNamesAreRefused(_ name: String) throws {
        let store = try Fixture().open()
        #expect(throws: IdentityStoreError.self) { try store.create(name: name, now: now) }
        #expect(throws: IdentityStoreError.self) { try store.create(name: "fine", groups: [name + "/"], now: now) }
        #expect(try store.list().isEmpty)
    }

    @Test func badGroupsLabelsAndExpiriesAreRefused() throws {
        let store = try Fixture().open()
        #expect(throws: IdentityStoreError.self) { try store.create(name: "a", groups: ["x", "x"], now: now) }
        #expect(throws: IdentityStoreError.self) { try store.create(name: "a", labels: ["k": "\u{1B}[2J"], now: now) }
        #expect(throws: IdentityStoreError.self) { try store.create(name: "a", labels: ["K": "v"], now: now) }
        #expect(throws: IdentityStoreError.self) { try store.create(name: "a", expiresAt: now, now: now) }
    }

    @Test func anotherConnectionSeesChangesByTheSerial() throws {
        let fixture = Fixture()
        let writer = try fixture.open()
        let reader = try fixture.open()
        let before = try reader.serial()
        let (_, secret) = try writer.create(name: "agent", now: now)
        let snapshot = try reader.snapshot()
        #expect(snapshot.serial > before)
        #expect(try reader.serial() == snapshot.serial)
        let identity = try snapshot.candidate(name: "agent").authenticate(secret: secret, now: now)
        #expect(snapshot.isCurrent(identity, now: now))
        try writer.revoke("agent", now: now)
        #expect(try reader.serial() > snapshot.serial)
        #expect(try !reader.snapshot().isCurrent(identity, now: now))
    }

    @Test func identitiesEndWithTheirAccount() throws {
        let store = try Fixture().open()
        let (_, secret) = try store.create(name: "agent", expiresAt: now + 60, now: now)
        let identity = try store.authenticate(name: "agent", secret: secret, now: now)
        #expect(try store.snapshot().isCurrent(identity, now: now + 59))
        #expect(try !store.snapshot().isCurrent(identity, now: now + 60))
    }

    @Test func manyOpenAndWriteAtOnce() async throws {
        let fixture = Fixture()
        let path = fixture.path
        try await withThrowingTaskGroup(of: Void.self) { group in
            for index in 0..<8 {
                group.addTask { _ = try IdentityStore(path: path).create(name: "agent-\(index)", now: now) }
            }
            try await group.waitForAll()
        }
        let store = try fixture.open()
        #expect(try store.list().count == 8)
        #expect(try store.serial() == 8)
    }

    @Test func mocksStayTheSameOverRestarts() throws {
        let fixture = Fixture()
        func serverFirst() throws -> [UInt8] {
            var login = ScramLogin(
                candidate: try fixture.open().snapshot().candidate(name: "ghost"),
                nonce: try #require(ScramNonce("server")))
            return try login.receive(clientFirst: Array("n,,n=,r=client".utf8))
        }
        #expect(try serverFirst() == serverFirst())
    }

    @Test func aFileThatIsNoStoreIsRefused() throws {
        let fixture = Fixture()
        try FileManager.default.createDirectory(
            atPath: fixture.directory + "/state", withIntermediateDirectories: true)
        try Data("this is not a database, but long enough to look like a file".utf8)
            .write(to: URL(fileURLWithPath: fixture.path))
        #expect(throws: IdentityStoreError.self) { try fixture.open() }
    }
}
