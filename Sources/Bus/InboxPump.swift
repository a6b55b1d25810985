import Contract
import Foundation

/// Reads an inbox on a thread of its own and hands over what came in batches.
public final class InboxPump: @unchecked Sendable {
    // The inbox's socket is used by the pump's thread alone once it runs.
    private let inbox: Inbox
    private let handler: @Sendable ([BusMessage]) -> Void
    /// Most messages handed over at once.
    static let batchLimit = 256

    public init(inbox: Inbox, handler: @escaping @Sendable ([BusMessage]) -> Void) {
        self.inbox = inbox
        self.handler = handler
    }

    public func start() {
        Thread.detachNewThread { [self] in
            while true {
                inbox.tend()
                guard inbox.wait(milliseconds: 1000) else { continue }
                var batch: [BusMessage] = []
                while batch.count < Self.batchLimit {
                    do {
                        guard let message = try inbox.receive() else { break }
                        batch.append(message)
                    } catch {
                        StageLog.error("message dropped: \(error)")
                    }
                }
                if !batch.isEmpty { handler(batch) }
            }
        }
    }
}
