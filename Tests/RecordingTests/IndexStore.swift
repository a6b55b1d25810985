import Configuration
import Foundation
import Recording
import SharedIndex
import TestKit
import Testing

/// Where an index is kept: what it does is the same.
enum IndexStore: String, CaseIterable, Sendable, CustomTestStringConvertible {
    case sqlite, postgres

    var testDescription: String { rawValue }

    /// A new index of the folder.
    func index(_ scratch: Scratch) async throws -> RecordingIndex {
        switch self {
        case .sqlite: try RecordingIndex(recordings: scratch.path)
        case .postgres: try await IndexDatabaseOnServer.make().index(scratch.path)
        }
    }
}

/// A database for an index, on a server that the tests share or one of their own.
struct IndexDatabaseOnServer: Sendable {
    private static let shared = Task { try await PostgresServer.start(connections: 60) }

    let server: PostgresServer
    let name: String

    static func make(on server: PostgresServer? = nil, options: String = "") async throws -> IndexDatabaseOnServer {
        let server = if let server { server } else { try await shared.value }
        let name = "index_" + UUID().uuidString.lowercased().replacing("-", with: "")
        _ = try await Clients(server.endpoint(database: "postgres"), in: server.directory)
            .query("CREATE DATABASE \(name) \(options)")
        return IndexDatabaseOnServer(server: server, name: name)
    }

    /// As the database's owner.
    func query(_ sql: String) async throws -> String {
        try await Clients(server.endpoint(database: name), in: server.directory).query(sql)
    }

    /// As a process of its own opens it.
    func index(
        _ recordings: String, user: String = PostgresServer.owner, password: String = PostgresServer.password
    ) throws -> RecordingIndex {
        RecordingIndex(
            recordings: recordings,
            database: PostgresIndex(
                try indexServer("127.0.0.1:\(server.port)/\(name)", user: user, password: password)))
    }
}

func indexServer(_ target: String, _ keys: String = "tls: prefer", user: String = "u", password: String = "p") throws
    -> IndexServer
{
    let configuration = try Configuration.parse(
        """
        state: s
        listeners: {postgres: 127.0.0.1:1}
        resources: [{name: a, protocol: postgres, target: "h:1/d", credentials: {user: u}}]
        policy: p.yaml
        recording: {index: {target: "\(target)", \(keys), credentials: {user: "\(user)", password: "\(password)"}}}
        """, file: "/srv/sluice.yaml")
    return try #require(configuration.recording.index)
}
