import Configuration
import NIOCore

/// A client of this gateway itself: what it asks is judged, masked and recorded as everybody's statements are.
public final class GatewayClient: Sendable {
    /// Why there is no answer, without anything of the data.
    public enum Failure: Error, CustomStringConvertible, Equatable {
        /// The gateway is not there, or refuses the account.
        case login(String)
        /// The statement was refused or failed. The message may quote values, and is not in the description.
        case statement(state: String, message: String)
        /// The answer is not taken, for this reason.
        case answer(String)
        case late

        public var description: String {
            switch self {
            case .login(let reason): "the gateway cannot be asked: \(reason)"
            case .statement(let state, _): "refused or failed (SQLSTATE \(state))"
            case .answer(let reason): "the answer is not taken: \(reason)"
            case .late: "no answer in time"
            }
        }
    }

    private let resource: Resource
    private let name: String
    private let noticed: @Sendable (String) -> Void
    private let eventLoop: any EventLoop
    /// Nil after one that was given up.
    private let connection: NIOLoopBoundBox<CatalogConnection?>

    /// - Parameter resource: with the gateway's address as its target. It has to prove that it is the gateway, by SCRAM, and
    ///   is not told the secret.
    /// - Parameter name: `application_name` of its session.
    /// - Parameter noticed: gets the messages of notices, on the event loop.
    public init(
        _ resource: Resource, name: String, on eventLoop: any EventLoop,
        noticed: @escaping @Sendable (String) -> Void = { _ in }
    ) {
        self.resource = resource
        self.name = name
        self.noticed = noticed
        self.eventLoop = eventLoop
        connection = NIOLoopBoundBox.makeBoxSendingValue(nil, eventLoop: eventLoop)
    }

    /// The rows of one statement. One statement at a time.
    public func rows(of sql: String, within time: TimeAmount) -> EventLoopFuture<[[String?]]> {
        eventLoop.flatSubmit { [self] in
            let connection = connected
            let promise = eventLoop.makePromise(of: [[String?]].self)
            var isLate = false
            let deadline = eventLoop.assumeIsolated().scheduleTask(in: time) {
                isLate = true
                self.connection.value = nil
                connection.abandon()
            }
            connection.ask(sql) { rows in
                deadline.cancel()
                if let rows {
                    promise.succeed(rows)
                } else {
                    promise.fail(Self.failure(connection.failure, isLate))
                }
            }
            return promise.futureResult
        }
    }

    public func close() -> EventLoopFuture<Void> {
        eventLoop.submit { [connection] in connection.value?.abandon() }
    }

    private var connected: CatalogConnection {
        if let known = connection.value { return known }
        let new = CatalogConnection(
            resource: resource, eventLoop: eventLoop, name: name, needsProof: true, noticed: noticed)
        connection.value = new
        return new
    }

    private static func failure(_ failure: CatalogConnection.Failure?, _ isLate: Bool) -> Failure {
        switch failure {
        case .login(let reason): .login(reason)
        case .error(let state, let message): .statement(state: state, message: message)
        case .answer(let reason): .answer(reason)
        case nil: isLate ? .late : .login("it closed the connection")
        }
    }
}
