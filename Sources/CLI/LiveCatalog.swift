import Configuration
import Contract
import Foundation
import SwiftProtobuf

/// A target's catalogue as it is now. It is `sluice-ingress` that asks: this process resolves no credentials.
enum LiveCatalog {
    /// Of the relations that `text` may name, as the gateway looks them up for it; nil: of every relation.
    static func read(
        _ resource: Resource, of configuration: Configuration, naming text: [UInt8]? = nil
    ) throws -> Catalog {
        var answer = Data()
        let arguments = ["--config", configuration.file, "--catalog", resource.name]
        try IngressChild.run(arguments + (text == nil ? [] : ["--naming"]), input: Data(text ?? [])) { answer += $0 }
        return try Catalog(serializedBytes: answer)
    }
}
