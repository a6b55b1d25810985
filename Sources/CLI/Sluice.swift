import ArgumentParser
import Foundation
import StrictYAML
import Telemetry

/// The command for people: runs the stages, checks files, and reads what the stages keep.
///
/// Exit codes: 0 fine, 1 refused or failed, 2 usage. A failure is one line on standard error, and mistakes in files one each.
@main
struct Sluice: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sluice",
        abstract: "Governs what AI agents and other non-human identities do to infrastructure.",
        version: BuildVersion.current,
        subcommands: [
            UpCommand.self, StatusCommand.self, ScaleCommand.self, RestartCommand.self, CheckCommand.self,
            ExplainCommand.self, TokenCommand.self, ApprovalsCommand.self, SessionsCommand.self, VerifyCommand.self,
            WitnessCommand.self, KeysCommand.self, StageCommand.self, PolicyCommand.self, MaskCommand.self,
            ClassifySchemaCommand.self,
            RevealCommand.self,
        ])

    /// On the main thread, where commands that do not wait run too: the supervisor blocks a signal for every thread.
    @MainActor static func main() async {
        do {
            var command = try parseAsRoot()
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
        } catch {
            finish(error)
        }
    }

    private static func finish(_ error: any Error) -> Never {
        let code = exitCode(for: error)
        let text = fullMessage(for: error)
        switch code {
        case .success:
            if !text.isEmpty { print(text) }
            Foundation.exit(0)
        case .validationFailure:
            complain(text.hasPrefix("Error: ") ? String(text.dropFirst(7)) : text)
            Foundation.exit(2)
        default:
            if let exit = error as? ExitCode { Foundation.exit(exit.rawValue) }
            if let error = error as? ConfigurationError, !error.others.isEmpty {
                for mistake in error.all { complain("\(mistake)") }
                complain(error.count)
            } else {
                complain("\(error)")
            }
            Foundation.exit(1)
        }
    }

    static func complain(_ text: String) {
        FileHandle.standardError.write(Data("sluice: \(text)\n".utf8))
    }
}

extension ConfigurationError {
    /// How many mistakes it has: `3 mistakes`.
    var count: String {
        let count = others.count + 1
        return "\(count)\(count == Mistakes.maximum ? " or more" : "") mistake\(count == 1 ? "" : "s")"
    }
}

/// Why a command failed; printed as `sluice: …`, exit code 1.
struct CommandFailure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }

    /// Fails with these, one a line, unless there is none.
    static func report(_ problems: [String]) throws {
        guard problems.isEmpty else { throw CommandFailure(problems.joined(separator: "\nsluice: ")) }
    }
}
