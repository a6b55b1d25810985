extension SessionEnded {
    /// How the reason of a session that an operator ended begins.
    public static let byOperator = "ended by an operator"

    public var isByOperator: Bool { reason.hasPrefix(Self.byOperator) }
}
