import Synchronization

/// Bytes of replies that wait over all sessions. Beyond the bound a session that has more than a little waiting reads no
/// more from its target; each may always have that little, so that all go on.
public final class ReplyBudget: Sendable {
    /// Bytes that each session may have waiting whatever the others have.
    public static let share = 256 << 10

    private let limit: Int
    private let used = Atomic(0)

    public init(limit: Int) { self.limit = limit }

    /// Bytes that wait now.
    public var waiting: Int { used.load(ordering: .relaxed) }

    /// `bytes` more wait, or less.
    public func change(by bytes: Int) { used.add(bytes, ordering: .relaxed) }

    /// Whether a session with this many bytes waiting must not add to them.
    public func isUsedUp(with own: Int) -> Bool { own > Self.share && waiting >= limit }
}
