import Contract
import Foundation
import StrictYAML
import SwiftProtobuf

extension Catalog {
    /// Largest file read: 64 MiB.
    private static let maximumFileSize = 64 << 20

    /// Reads the message as JSON, as ``lines`` writes it.
    public static func load(path: String) throws(ConfigurationError) -> Catalog {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw ConfigurationError(file: path, message: "cannot be read: check that it exists and is readable")
        }
        guard data.count <= maximumFileSize else {
            throw ConfigurationError(file: path, message: "is larger than \(maximumFileSize) bytes")
        }
        do {
            return try Catalog(jsonUTF8Data: data)
        } catch {
            throw ConfigurationError(file: path, message: "is not the message Catalog of bus.proto as JSON: \(error)")
        }
    }

    /// The message as JSON, with a line for each relation, so that versions can be compared.
    public var lines: String {
        get throws {
            var head = self
            head.relations = []
            let rows = try relations.map { try $0.jsonString() }.joined(separator: ",\n")
            return try head.jsonString().dropLast() + ",\"relations\":[\n\(rows)\n]}"
        }
    }
}
