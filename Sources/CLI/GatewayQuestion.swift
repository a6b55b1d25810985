import Configuration
import Foundation

/// Statements that a command of `sluice` has run as a client of the gateway. It is `sluice-ingress` that asks: this process
/// opens no connections.
struct GatewayQuestion: Encodable {
    struct Answer: Decodable {
        /// NULL as nil.
        var rows: [[String?]]?
        /// Why there are none; nil when it was not reached.
        var failure: String?
        fileprivate var notice: String?
    }

    /// Longest answer to one statement, in bytes.
    private static let maximumLine = 512 << 20

    private let name: String
    private let user: String
    private let secret: String
    let statements: [String]
    let seconds: Int
    let secondsForAll: Int
    let maximumValue: Int
    let tellsMessages: Bool

    /// - Parameter name: the command's, by which its session is told from others.
    /// - Parameter seconds: at most, for each statement; `secondsForAll`: for all.
    /// - Parameter maximumValue: characters of a value that are handed on.
    /// - Parameter tellsMessages: failures are told by their messages, which may quote values, in place of SQLSTATEs.
    init(
        _ statements: [String], name: String, account: GatewayAccount, seconds: Int, secondsForAll: Int,
        maximumValue: Int, tellsMessages: Bool
    ) {
        self.statements = statements
        self.name = name
        user = account.name
        secret = account.secret
        self.seconds = seconds
        self.secondsForAll = secondsForAll
        self.maximumValue = maximumValue
        self.tellsMessages = tellsMessages
    }

    /// Hands over each answer, with its statement's place, as it comes.
    /// - Throws: ``CommandFailure`` when the gateway is not there, or refuses the account.
    func ask(
        _ resource: Resource, of configuration: Configuration, noticed: (String) -> Void = { _ in },
        receive: (Int, Answer) -> Void
    ) throws {
        guard !statements.isEmpty else { return }
        var line = Data()
        var next = 0
        try IngressChild.run(
            ["--config", configuration.file, "--client", resource.name], input: try JSONEncoder().encode(self)
        ) { part in
            var rest = part[...]
            while let end = rest.firstIndex(of: 0x0a) {
                let answer = try JSONDecoder().decode(Answer.self, from: line + rest[..<end])
                line = Data()
                rest = rest[rest.index(after: end)...]
                if let notice = answer.notice {
                    noticed(notice)
                } else if next < statements.count {
                    receive(next, answer)
                    next += 1
                }
            }
            line += rest
            guard line.count <= Self.maximumLine else { throw CommandFailure("an answer is too long") }
        }
    }
}

/// The account that a command runs as.
struct GatewayAccount {
    let name: String
    let secret: String

    /// - Parameter purpose: what it has to be allowed, as in “an account that may read the tables”.
    static func current(that purpose: String) throws -> GatewayAccount {
        let variable = ReviewerIdentity.tokenVariable
        guard let token = ProcessInfo.processInfo.environment[variable], let colon = token.firstIndex(of: ":") else {
            throw CommandFailure(
                "set \(variable)=NAME:SECRET, of an account that \(purpose): `sluice token create` makes one")
        }
        return GatewayAccount(name: String(token[..<colon]), secret: String(token[token.index(after: colon)...]))
    }
}
