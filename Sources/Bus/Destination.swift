/// Where a message goes among the replicas of the next stage.
public enum Destination: Hashable, Sendable {
    /// The live replica with the least to do.
    case anyReplica(of: String)
    /// One inbox, by endpoint: the lane's end, or a replica that the sender chose itself.
    case inbox(String)
}

/// What became of a message handed to ``Links/send(_:to:avoiding:)``.
public enum SendResult: Sendable {
    case queued(endpoint: String)
    /// Every replica is full or away: try again, or push back.
    case unavailable
    /// There is no such inbox on this bus.
    case noInbox
}
