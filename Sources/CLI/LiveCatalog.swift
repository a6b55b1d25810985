import Configuration
import Contract
import Foundation
import Glibc
import Supervisor
import SwiftProtobuf

/// A target's catalogue as it is now. It is `sluice-ingress` that asks: this process resolves no credentials.
enum LiveCatalog {
    /// Of the relations that `text` may name, as the gateway looks them up for it; nil: of every relation.
    static func read(
        _ resource: Resource, of configuration: Configuration, naming text: [UInt8]? = nil
    ) throws -> Catalog {
        let process = Process()
        process.executableURL = URL(filePath: try Supervisor.programFolder() + "/sluice-ingress")
        process.arguments =
            ["--config", configuration.file, "--catalog", resource.name] + (text == nil ? [] : ["--naming"])
        let (input, output, errors) = (Pipe(), Pipe(), Pipe())
        process.standardInput = input
        process.standardOutput = output
        process.standardError = errors
        // It may end without having read everything.
        signal(SIGPIPE, SIG_IGN)
        try process.run()
        try? input.fileHandleForWriting.write(contentsOf: Data(text ?? []))
        try? input.fileHandleForWriting.close()
        let answer = try output.fileHandleForReading.readToEnd() ?? Data()
        let complaint = try errors.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        guard process.terminationReason == .exit, process.terminationStatus == 0 else {
            let reason = String(decoding: complaint, as: UTF8.self).split(separator: "\n").joined(separator: "; ")
            throw CommandFailure(TextTable.printable(reason.isEmpty ? "sluice-ingress failed" : reason))
        }
        return try Catalog(serializedBytes: answer)
    }
}
