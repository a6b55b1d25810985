import Bus
import Contract
import NIOCore
import SwiftProtobuf
import Synchronization

/// How many cancel requests for sessions that are not here are passed on: anybody may send them, before any login.
struct CancelBudget {
    static let perSecond = 100

    private var second: UInt64 = 0
    private var left = 0

    /// False when this second's are used up. `now`: monotonic nanoseconds.
    mutating func take(now: UInt64) -> Bool {
        let current = now / 1_000_000_000
        if current != second {
            second = current
            left = Self.perSecond
        }
        guard left > 0 else { return false }
        left -= 1
        return true
    }
}

/// A client's cancel request comes on a connection of its own, and while one ingress takes over from another the
/// kernel may give it to either. The one that does not know the session asks the others on this host.
extension LoopServices {
    /// How often a link that is still connecting is tried, every ``cancelRetry``.
    static let cancelTries = 100
    static let cancelRetry = TimeAmount.milliseconds(10)

    /// Tells every other ingress of this host. `key` is the protocol's own secret of the session: those who do not know
    /// it either say nothing. Beyond ``CancelBudget/perSecond`` requests are dropped like wrong ones.
    public func forwardCancel(protocol name: String, key: [UInt8]) {
        eventLoop.preconditionInEventLoop()
        let others = links.inboxes(of: StageName.ingress).filter { $0 != replyTo.local }
        guard !others.isEmpty, shared.cancelBudget.withLock({ $0.take(now: monotonicNanoseconds()) }) else { return }
        var cancel = Cancel()
        cancel.protocol = name
        cancel.key = .init(key)
        var header = Header()
        header.kind = .cancel
        header.lane = .presence
        do {
            let message = BusMessage(header: header, body: try cancel.serializedBytes())
            for endpoint in others { send(message, to: endpoint, tries: Self.cancelTries) }
        } catch {
            StageLog.error("cannot pass on a cancel request: \(error)")
        }
    }

    private func send(_ message: BusMessage, to endpoint: String, tries: Int) {
        do {
            switch try links.send(message, to: .inbox(endpoint)) {
            case .queued(let endpoint): links.settled(endpoint: endpoint)
            // It has ended meanwhile: its sessions too.
            case .noInbox: break
            case .unavailable:
                guard tries > 1 else { return }
                eventLoop.scheduleTask(in: Self.cancelRetry) { [self] in
                    send(message, to: endpoint, tries: tries - 1)
                }
            }
        } catch {
            StageLog.error("cannot pass on a cancel request to \(endpoint): \(error)")
        }
    }

    func receiveCancel(_ message: BusMessage) {
        do {
            let cancel = try message.body(as: Cancel.self)
            shared.cancelForwarded(protocol: cancel.protocol, key: Array(cancel.key))
        } catch {
            StageLog.error("cancel request dropped: \(error)")
        }
    }
}
