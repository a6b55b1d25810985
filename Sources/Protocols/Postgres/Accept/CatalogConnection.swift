import Configuration
import NIOCore
import PostgresWire

/// A connection of Sluice's own to a target, one text query at a time.
final class CatalogConnection: TargetEvents, @unchecked Sendable {
    private let connector: TargetConnector
    private let name: String
    private let eventLoop: any EventLoop
    private var channel: (any Channel)?
    private var rows: [[String?]] = []
    /// Bytes of the answer so far.
    private var received = 0
    /// Why there was no answer to the last question.
    private(set) var failure: Failure?
    private var handler: (([[String?]]?) -> Void)?
    /// Of notices' messages, as they come.
    private let noticed: (String) -> Void
    /// Rows of one answer at most.
    static let maximumRows = 200_000
    /// Bytes of one answer's rows at most.
    static let maximumBytes = 256 << 20

    /// In words for an operator.
    enum Failure {
        case login(String)
        case error(state: String, message: String)
        case answer(String)
    }

    /// - Parameter name: what the target sees as `application_name`.
    init(
        resource: Resource, eventLoop: any EventLoop, name: String = "sluice catalog", needsProof: Bool = false,
        noticed: @escaping (String) -> Void = { _ in }
    ) {
        self.name = name
        self.noticed = noticed
        connector = TargetConnector(resource: resource, eventLoop: eventLoop, needsProof: needsProof)
        self.eventLoop = eventLoop
    }

    /// NULL as an empty text.
    func query(_ sql: String, _ handler: @escaping ([[String]]?) -> Void) {
        ask(sql) { rows in handler(rows?.map { row in row.map { $0 ?? "" } }) }
    }

    func ask(_ sql: String, _ handler: @escaping ([[String?]]?) -> Void) {
        self.handler = handler
        rows = []
        received = 0
        failure = nil
        if let channel, channel.isActive {
            channel.writeAndFlush(FrontendEncoder.query(sql), promise: nil)
            return
        }
        let startup = [(name: "application_name", value: name), (name: "client_encoding", value: "UTF8")]
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        connector.connect(startup: startup, events: self).whenComplete { result in
            switch result {
            case .success(let (channel, _)):
                guard bound.value.handler != nil else { return channel.close(promise: nil) }  // Given up meanwhile.
                bound.value.channel = channel
                channel.writeAndFlush(FrontendEncoder.query(sql), promise: nil)
            case .failure(let error):
                let failure = error as? SessionFailure
                let detail = failure?.detail ?? "\(error)"
                bound.value.failure = .login(detail.isEmpty ? failure?.notice.message ?? "" : detail)
                bound.value.finish(nil)
            }
        }
    }

    /// Gives up the question and the connection; what still comes on it belongs to nobody, so that this asks no more.
    func abandon() {
        channel?.close(promise: nil)
        channel = nil
        finish(nil)
    }

    func targetDidReceive(_ frame: Frame) {
        do {
            switch frame.type {
            case BackendType.dataRow:
                received += frame.count
                guard rows.count < Self.maximumRows else {
                    return giveUp("it has more than \(Self.maximumRows) rows")
                }
                guard received <= Self.maximumBytes else {
                    return giveUp("it is longer than \(Self.maximumBytes >> 20) MiB")
                }
                rows.append(try BackendDecoder.dataRow(frame).map { $0.map { String(buffer: $0) } })
            case BackendType.noticeResponse:
                if let message = try BackendDecoder.errorFields(frame)[UInt8(ascii: "M")] { noticed(message) }
            case BackendType.errorResponse:
                let fields = try BackendDecoder.errorFields(frame)
                failure = .error(
                    state: fields[UInt8(ascii: "C")] ?? "", message: fields[UInt8(ascii: "M")] ?? "")
            case BackendType.readyForQuery: finish(failure == nil ? rows : nil)
            default: break
            }
        } catch {
            failure = .answer("\(error)")
        }
    }

    /// The rest of the answer is read and dropped.
    private func giveUp(_ reason: String) {
        failure = .answer(reason)
        rows = []
    }

    func targetDidFinishReading() {}
    func targetWritabilityDidChange() {}
    func targetDidClose(_ failure: SessionFailure?) {
        channel = nil
        finish(nil)
    }

    private func finish(_ rows: [[String?]]?) {
        let handler = self.handler
        self.handler = nil
        handler?(rows)
    }
}
