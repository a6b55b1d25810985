import ArgumentParser
import Configuration
import Contract
import Foundation
import Glibc

/// `sluice reveal`: what tokens stand for.
struct RevealCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reveal",
        abstract: "Turn tokens of the style `tokenize` back into their values.",
        discussion: """
            Asks the gateway that runs here, with the account of SLUICE_TOKEN=NAME:SECRET. A rule of the policy that names the \
            operation `reveal` has to allow it, perhaps after an approval; the tokens are recorded before any value is \
            shown. Without tokens as arguments, standard input is read: one in each line. Where there is no `sluice`, any \
            client of the gateway can send SELECT sluice.reveal('token', …).
            """)

    /// Of standard input, in bytes.
    private static let maximumInput = 8 << 20

    @Argument(help: "The resource, by whose rules it is judged.") var resource: String
    @Argument(help: "The tokens.") var tokens: [String] = []
    @Option(help: "Seconds to wait, for an approval perhaps.") var timeout = 600
    @OptionGroup var config: ConfigOption
    @Option(help: "text (a value in each line, empty for what is no token) or json (an object for each token).")
    var format = Format.text

    enum Format: String, ExpressibleByArgument, CaseIterable { case text, json }

    private struct Line: Encodable {
        let token: String
        let value: String?

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: Keys.self)
            try container.encode(token, forKey: .token)
            try container.encode(value, forKey: .value)
        }

        private enum Keys: String, CodingKey { case token, value }
    }

    func validate() throws {
        guard (1...86_400).contains(timeout) else { throw ValidationError("--timeout is 1 to 86400") }
    }

    func run() throws {
        let configuration = try config.load()
        let resource = try configuration.resource(named: resource)
        let account = try GatewayAccount.current(that: "may reveal tokens")
        let tokens = tokens.isEmpty ? try Self.readTokens() : tokens
        let together = Facts.maximumRevealedTokens
        let parts = stride(from: 0, to: tokens.count, by: together).map {
            Array(tokens[$0..<min($0 + together, tokens.count)])
        }
        let question = GatewayQuestion(
            parts.map(Self.statement), name: "sluice reveal", account: account, seconds: timeout,
            secondsForAll: timeout, maximumValue: .max, tellsMessages: true)
        var unknown = 0
        var failures: [String] = []
        var hasLines = false
        var answered = 0
        try question.ask(
            resource, of: configuration, noticed: { Sluice.complain(TextTable.printable($0)) },
            receive: { place, answer in
                answered += 1
                guard let rows = answer.rows else { return failures.append(answer.failure ?? "no answer in time") }
                guard rows.map({ $0.first }) == parts[place], rows.allSatisfy({ $0.count == 2 }) else {
                    return failures.append("the gateway answered for other tokens than were asked for")
                }
                for (token, row) in zip(parts[place], rows) {
                    if row[1] == nil { unknown += 1 }
                    if format == .text, row[1]?.utf8.contains(UInt8(ascii: "\n")) == true { hasLines = true }
                    show(token, row[1])
                }
            })
        if answered < parts.count { failures.append("no answer in time") }
        if let failure = failures.first { throw CommandFailure(TextTable.printable(failure)) }
        if hasLines { throw CommandFailure("a value has several lines, which cannot be told apart: use --format json") }
        if unknown > 0 { throw CommandFailure("\(unknown) of \(tokens.count) are no tokens of this installation") }
    }

    private func show(_ token: String, _ value: String?) {
        switch format {
        case .json:
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            do {
                print(String(decoding: try encoder.encode(Line(token: token, value: value)), as: UTF8.self))
            } catch {
                preconditionFailure("two strings always encode: \(error)")
            }
        case .text:
            let value = value ?? ""
            // What a terminal would act on is shown as it is written.
            print(isatty(STDOUT_FILENO) == 1 ? TextTable.printable(value) : value)
        }
    }

    private static func readTokens() throws -> [String] {
        let input = try FileHandle.standardInput.read(upToCount: maximumInput + 1) ?? Data()
        guard input.count <= maximumInput else {
            throw CommandFailure("the tokens are longer than \(maximumInput) bytes: reveal them in parts")
        }
        guard let text = String(validating: input, as: UTF8.self), !text.utf8.contains(0) else {
            throw CommandFailure("the tokens are not text: give one in each line")
        }
        let lines = text.split(whereSeparator: \.isNewline).map(String.init)
        guard !lines.isEmpty else { throw CommandFailure("no tokens: give them as arguments, or one in each line") }
        return lines
    }

    private static func statement(_ tokens: [String]) -> String {
        "SELECT \(Facts.revealFunction)("
            + tokens.map(SQLText.literal).joined(separator: ", ") + ")"
    }
}
