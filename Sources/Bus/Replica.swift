/// One replica of a stage, as a sender sees it.
public struct Replica: Sendable, Equatable {
    /// Whether it gets work.
    public enum State: Sendable, Equatable {
        /// It answers, or has never been heard of yet.
        case live
        /// It should answer and is silent: it gets work only while no other replica is better.
        case suspect
        /// It finishes what it has, and gets more only while no other replica is live.
        case draining
    }

    /// Its inbox.
    public let endpoint: String
    /// Its own name, as it said; nil until it has answered.
    public let name: String?
    public let state: State
    /// The start of its process, Unix microseconds; nil until it has answered.
    public let incarnation: UInt64?
}

/// Work that has to be sent again at once: its replica is silent while another is not, or was replaced.
public struct LostWork: Sendable, Equatable {
    public let stage: String
    /// The inbox that it was sent to.
    public let endpoint: String
    /// Its process is another one now: nothing that the former one had is answered any more.
    public let isReplaced: Bool
}
