import Bus
import Configuration
import Foundation
import NIOCore
import NIOPosix
import PostgresAccept

/// `sluice-ingress --config F --client RESOURCE`: runs statements as a client of this gateway, and ends. For commands of
/// `sluice`, which opens no connections itself.
///
/// Standard input is one JSON object, a `Question`. For each statement a line with a JSON object goes to standard output as
/// it is answered: `rows`, or `failure`. Lines with a `notice` come before it.
struct ClientRequest {
    /// Longest input read, in bytes.
    private static let maximumInput = 16 << 20

    private struct Question: Decodable {
        /// `application_name` of the session.
        var name: String
        var user: String
        var secret: String
        var statements: [String]
        /// For each statement, and for all.
        var seconds: Int64
        var secondsForAll: Int64
        /// Characters of a value that are handed on.
        var maximumValue: Int
        /// Messages of failures are handed on, which may quote values.
        var tellsMessages: Bool
    }

    private struct Answer: Encodable {
        var rows: [[String?]]?
        var failure: String?
        var notice: String?
    }

    private let resource: Resource
    private let listener: Listener

    /// nil: the process is asked for something else.
    init?(_ arguments: [String]) throws {
        guard let flag = arguments.firstIndex(of: "--client"), flag + 1 < arguments.count else { return nil }
        let configuration = try Configuration.load(path: try StageArguments.configPath())
        guard let resource = configuration.resources.first(where: { $0.name == arguments[flag + 1] }),
            let listener = configuration.listeners.first(where: { $0.protocolName == resource.protocolName })
        else {
            throw CatalogRequest.Failure(
                description: "no resource “\(arguments[flag + 1])” in \(configuration.file)")
        }
        self.resource = resource
        self.listener = listener
    }

    func answer() async throws {
        let input = try FileHandle.standardInput.read(upToCount: Self.maximumInput) ?? Data()
        let question = try JSONDecoder().decode(Question.self, from: input)
        let client = GatewayClient(
            Resource(resource, behind: listener, user: question.user, secret: question.secret), name: question.name,
            on: MultiThreadedEventLoopGroup.singleton.any(),
            noticed: { message in
                do {
                    try Self.write(Answer(notice: message))
                } catch {
                    // Nobody listens any more: the answer will not be taken either, which is said then.
                }
            })
        let end = ContinuousClock.now + .seconds(question.secondsForAll)
        for statement in question.statements {
            guard ContinuousClock.now < end else { break }
            try Self.write(try await answer(statement, client, question))
        }
        try await client.close().get()
    }

    /// A statement that is refused is an answer; an account that is refused ends everything.
    private func answer(_ statement: String, _ client: GatewayClient, _ question: Question) async throws -> Answer {
        do {
            let rows = try await client.rows(of: statement, within: .seconds(question.seconds)).get()
            return Answer(rows: rows.map { $0.map { $0.map { String($0.prefix(question.maximumValue)) } } })
        } catch let error as GatewayClient.Failure {
            switch error {
            case .login:
                throw CatalogRequest.Failure(
                    description:
                        "\(listener.description): \(error). It must run here (sluice up), and let the account in")
            case .statement(_, let message) where question.tellsMessages: return Answer(failure: message)
            case .statement, .answer, .late: return Answer(failure: "\(error)")
            }
        }
    }

    private static func write(_ answer: Answer) throws {
        try FileHandle.standardOutput.write(contentsOf: try JSONEncoder().encode(answer) + Data("\n".utf8))
    }
}
