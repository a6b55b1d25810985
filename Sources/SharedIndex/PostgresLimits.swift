/// How long anything may take. Nothing of the recording waits for the index; a thread that does is free again after this.
enum PostgresLimits {
    /// Connecting and logging in, for each of the name's addresses.
    static let connect: Duration = .seconds(5)
    /// A statement, on the server.
    static let statement: Duration = .seconds(30)
    /// A row that another transaction has.
    static let lock: Duration = .seconds(10)
    /// A transaction without a statement: whose process is stopped holds nobody up.
    static let idleTransaction: Duration = .seconds(60)
    /// An answer, whatever the server does: a little longer than it may take itself.
    static let answer: Duration = .seconds(40)
    /// What is sent and not acknowledged by the other host.
    static let unacknowledged: Duration = .seconds(15)
    /// Before a silent connection is asked for a sign of life, between two of these, and how many may be missing.
    static let keepaliveIdle: Duration = .seconds(10)
    static let keepaliveInterval: Duration = .seconds(5)
    static let keepaliveCount = 3
    /// After a failed connection, within which nobody tries again.
    static let pause: Duration = .seconds(5)
    /// Tries of a transaction that others are in the way of, and the longest pause behind the first.
    static let attempts = 10
    static let contentionPause: Duration = .milliseconds(20)
}

extension Duration {
    var wholeMilliseconds: Int64 { Int64(self / .milliseconds(1)) }
}
