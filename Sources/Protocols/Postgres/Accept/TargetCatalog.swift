import Configuration
import Contract
import NIOCore
import PostgresWire
import SwiftProtobuf

/// A target's catalogue, asked once and outside any session: what the gateway would look up for a text, or all that there is.
/// With the resource's own credentials, and in a transaction that only reads.
public enum TargetCatalog {
    /// Longest wait for the answer; the login has its own bound.
    static let answerTimeout = TimeAmount.seconds(60)

    /// A serialised `Catalog` of the relations that `text` may name and all that these lead to; nil: of every relation.
    public static func read(
        _ resource: Resource, naming text: [UInt8]?, on eventLoop: any EventLoop
    ) -> EventLoopFuture<[UInt8]> {
        eventLoop.flatSubmit {
            var names: Set<String>?
            do throws(NameScan.Failure) {
                if let text { names = try NameScan(text).names }
            } catch {
                return eventLoop.makeFailedFuture(TargetCatalogError(error))
            }
            return ask(names, resource, eventLoop)
        }
    }

    private static func ask(
        _ names: Set<String>?, _ resource: Resource, _ eventLoop: any EventLoop
    ) -> EventLoopFuture<[UInt8]> {
        let promise = eventLoop.makePromise(of: [UInt8].self)
        let connection = CatalogConnection(resource: resource, eventLoop: eventLoop)
        let deadline = eventLoop.assumeIsolated().scheduleTask(in: TargetConnector.timeout + answerTimeout) {
            connection.abandon()
        }
        connection.query(SchemaQuestion(names: names).sql) { rows in
            deadline.cancel()
            promise.completeWith(
                Result {
                    guard let answer = rows.flatMap(SchemaAnswer.init(rows:)) else {
                        throw TargetCatalogError(connection.failure)
                    }
                    return try bytes(of: answer, naming: names)
                })
            connection.abandon()
        }
        return promise.futureResult
    }

    private static func bytes(of answer: SchemaAnswer, naming names: Set<String>?) throws -> [UInt8] {
        guard let names else { return try answer.catalog.serializedBytes() }
        guard let bytes = answer.excerpt(naming: names, pathKnown: true, limit: SchemaCatalog.maximumBytes) else {
            throw TargetCatalogError(wouldRefuse: Refusals.tooManyNames())
        }
        return bytes
    }
}

/// Why a catalogue could not be had, for an operator.
public struct TargetCatalogError: Error, CustomStringConvertible {
    public let description: String

    init(_ failure: CatalogConnection.Failure?) {
        description =
            switch failure {
            case .login(let reason): "the target cannot be asked: \(reason)"
            case .error(let state, let message): "the target's catalogue cannot be read: \(state) \(message)"
            case .answer(let reason): "the target's catalogue cannot be read: \(reason)"
            case nil: "the target's catalogue cannot be read: no answer that could be understood came in time"
            }
    }

    /// What the gateway would refuse to look up.
    init(_ failure: NameScan.Failure) {
        self.init(wouldRefuse: Refusals.unreadNames(failure))
    }

    init(wouldRefuse notice: WireNotice) {
        description = "the gateway would refuse this: \(notice.message)"
    }
}
