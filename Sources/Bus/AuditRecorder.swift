import Contract
import Foundation

/// A recorder replica as a trail sees it; the sessions that are with it share it.
final class AuditRecorder {
    enum State {
        case live
        /// Silent, after it has answered before.
        case suspect
        /// It answers what it has, and ends then.
        case draining
        /// Not registered any more. It may still answer what it has.
        case gone
        /// Another process has its inbox now, which is another value.
        case replaced
    }

    let endpoint: String
    var state: State
    private var incarnation: UInt64?
    /// When it last acknowledged anything, and when it last had no room; monotonic nanoseconds.
    var heardAt: UInt64 = 0
    var refusedAt: UInt64?

    init(_ replica: Replica) {
        endpoint = replica.endpoint
        state = State(replica.state)
        incarnation = replica.incarnation
    }

    /// Takes what is known of it now; false when it is another process.
    func update(_ replica: Replica) -> Bool {
        if let incarnation, let now = replica.incarnation, now != incarnation { return false }
        incarnation = replica.incarnation ?? incarnation
        state = State(replica.state)
        return true
    }

    /// Whether it is worth asking for room.
    func isOpen(now: UInt64) -> Bool { refusedAt.map { now >= $0 + AuditTrail.retryUnsent } ?? true }
}

extension AuditRecorder.State {
    init(_ state: Replica.State) {
        switch state {
        case .live: self = .live
        case .suspect: self = .suspect
        case .draining: self = .draining
        }
    }
}

/// A block that a recorder acknowledged, by its chain value. Sessions whose last records it covers share it.
final class AuditMark {
    let replica: String
    let block: UInt64
    let chain: Data

    init(_ ack: RecordAck) {
        replica = ack.replica
        block = ack.block
        chain = ack.chain
    }
}
