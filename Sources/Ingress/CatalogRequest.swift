import Bus
import Configuration
import Foundation
import NIOCore
import NIOPosix
import PostgresAccept

/// `sluice-ingress --config F --catalog RESOURCE [--naming]`: writes the target's catalogue, a serialised `Catalog`, to
/// standard output and ends. With `--naming`, that of the names in the text on standard input. For `sluice explain
/// --live` and `sluice policy catalog`, which see no credentials.
struct CatalogRequest {
    /// Longest text read, in bytes: more than any parser takes.
    private static let maximumText = 16 << 20

    private let resource: Resource
    private let isNaming: Bool

    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// nil: the process is to serve.
    init?(_ arguments: [String]) throws {
        guard let flag = arguments.firstIndex(of: "--catalog"), flag + 1 < arguments.count else { return nil }
        let configuration = try Configuration.load(path: try StageArguments.configPath())
        guard let resource = configuration.resources.first(where: { $0.name == arguments[flag + 1] }) else {
            throw Failure(description: "no resource “\(arguments[flag + 1])” in \(configuration.file)")
        }
        self.resource = resource
        isNaming = arguments.contains("--naming")
    }

    func answer() async throws {
        let text = isNaming ? [UInt8](try FileHandle.standardInput.read(upToCount: Self.maximumText) ?? Data()) : nil
        let secret = try resource.credentials.password.resolve()
        let bytes: [UInt8]
        do {
            bytes = try await TargetCatalog.read(
                resource, naming: text, on: MultiThreadedEventLoopGroup.singleton.any()
            ).get()
        } catch {
            throw Failure(description: without(secret, "\(error)"))
        }
        try FileHandle.standardOutput.write(contentsOf: Data(bytes))
    }

    /// A target that was sent the password may send it back as a reason.
    private func without(_ secret: String, _ reason: String) -> String {
        secret.isEmpty ? reason : reason.replacing(secret, with: "…")
    }
}
