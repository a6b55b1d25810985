import Bus
import Configuration
import Contract
import NIOCore
import PostgresWire

/// Asks a resource's planner how many rows commands would read or change, on connections of Sluice's own: nothing of a
/// client's session, and nothing in a client's transaction, has part in it.
///
/// One per event loop and resource; one question at a time.
final class PlanEstimates {
    /// Longest wait for an answer, the questions before it included.
    static let answerTimeout = TimeAmount.seconds(5)
    /// Most questions waiting.
    static let maximumQuestions = 100
    /// The planner may run functions that have no side effects. It gets no further than that, and waits for no lock for
    /// long: the next question waits too.
    static let settings = [
        (name: "application_name", value: "sluice estimates"), (name: "client_encoding", value: "UTF8"),
        (name: "default_transaction_read_only", value: "on"), (name: "statement_timeout", value: "5000"),
        (name: "lock_timeout", value: "500"),
    ]

    private struct Waiting {
        let number: UInt64
        let question: PlanQuestion
        let handler: (Estimate) -> Void
        let deadline: Scheduled<Void>
    }

    private let resource: Resource
    private let eventLoop: any EventLoop
    private var connection: PlanConnection?
    private var waiting: [Waiting] = []
    private var isAsking = false
    private var asked: UInt64 = 0

    init(resource: Resource, eventLoop: any EventLoop) {
        self.resource = resource
        self.eventLoop = eventLoop
    }

    /// The estimate; `failed` when there is none in time.
    func estimate(_ question: PlanQuestion, _ handler: @escaping (Estimate) -> Void) {
        guard waiting.count < Self.maximumQuestions else { return handler(.failure) }
        asked += 1
        let number = asked
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        let deadline = eventLoop.scheduleTask(in: Self.answerTimeout) { bound.value.giveUp(number) }
        waiting.append(Waiting(number: number, question: question, handler: handler, deadline: deadline))
        next()
    }

    private func giveUp(_ number: UInt64) {
        guard let index = waiting.firstIndex(where: { $0.number == number }) else { return }
        if index == 0, isAsking {
            connection?.abandon()
        } else {
            waiting.remove(at: index).handler(.failure)
        }
    }

    private func next() {
        guard !isAsking, let first = waiting.first else { return }
        isAsking = true
        let connection = self.connection ?? PlanConnection(resource: resource, eventLoop: eventLoop)
        self.connection = connection
        connection.ask(first.question) { [weak self] answer in
            guard let self else { return }
            if !connection.isUsable { self.connection = nil }
            let answered = self.waiting.removeFirst()
            answered.deadline.cancel()
            self.isAsking = false
            answered.handler(answer.flatMap(PlanRows.rows).map(Estimate.init(rows:)) ?? .failure)
            self.next()
        }
    }
}

extension Estimate {
    static var failure: Estimate {
        var estimate = Estimate()
        estimate.failed = true
        return estimate
    }

    init(rows: UInt64) {
        self.init()
        self.rows = rows
    }
}

/// One connection to the planner; one question at a time.
private final class PlanConnection: TargetEvents, @unchecked Sendable {
    private let connector: TargetConnector
    private let eventLoop: any EventLoop
    private var channel: (any Channel)?
    private var isAbandoned = false
    private var answer: [UInt8]?
    private var handler: (([UInt8]?) -> Void)?

    init(resource: Resource, eventLoop: any EventLoop) {
        connector = TargetConnector(resource: resource, eventLoop: eventLoop)
        self.eventLoop = eventLoop
    }

    var isUsable: Bool { channel?.isActive == true }

    /// `handler` gets the plan's text; nil: there is none.
    func ask(_ question: PlanQuestion, _ handler: @escaping ([UInt8]?) -> Void) {
        self.handler = handler
        answer = nil
        if let channel, channel.isActive {
            channel.writeAndFlush(question.messages, promise: nil)
            return
        }
        let bound = NIOLoopBound((self, question), eventLoop: eventLoop)
        connector.connect(startup: PlanEstimates.settings, events: self).whenComplete { result in
            let (connection, question) = bound.value
            switch result {
            case .success(let (channel, _)):
                guard !connection.isAbandoned else { return channel.close(promise: nil) }
                connection.channel = channel
                channel.writeAndFlush(question.messages, promise: nil)
            case .failure(let error):
                StageLog.error("cannot ask a planner: \((error as? SessionFailure)?.detail ?? "\(error)")")
                connection.finish(nil)
            }
        }
    }

    /// Gives up the question and the connection.
    func abandon() {
        isAbandoned = true
        channel?.close(promise: nil)
        channel = nil
        finish(nil)
    }

    func targetDidReceive(_ frame: Frame) {
        switch frame.type {
        case BackendType.dataRow:
            let values = try? BackendDecoder.dataRow(frame)
            answer = values?.first.flatMap { $0 }.map { [UInt8]($0.readableBytesView) }
        case BackendType.errorResponse: answer = nil
        case BackendType.readyForQuery: finish(answer)
        default: break
        }
    }

    func targetDidFinishReading() {}
    func targetWritabilityDidChange() {}
    func targetDidClose(_ failure: SessionFailure?) {
        channel = nil
        finish(nil)
    }

    private func finish(_ answer: [UInt8]?) {
        let handler = self.handler
        self.handler = nil
        handler?(answer)
    }
}
