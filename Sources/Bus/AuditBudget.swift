import Synchronization

/// Bytes of records that no recorder has acknowledged, over all sessions of the process. Beyond the bound a session that
/// has more than a little of them reads no more; each may always have that little, so that all go on.
public final class AuditBudget: Sendable {
    /// Bytes that each session may have unacknowledged whatever the others have.
    public static let share = 16 << 10

    private let limit: Int
    private let used = Atomic(0)

    public init(limit: Int) { self.limit = limit }

    /// Bytes that are unacknowledged now.
    public var waiting: Int { used.load(ordering: .relaxed) }

    /// `bytes` more wait, or less.
    func change(by bytes: Int) { used.add(bytes, ordering: .relaxed) }

    /// Whether a session with this many bytes unacknowledged must not add to them.
    func isUsedUp(with own: Int) -> Bool { own > Self.share && waiting >= limit }
}
