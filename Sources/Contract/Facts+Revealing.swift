/// `SELECT sluice.reveal('token', …)`, Sluice's own statement.
extension Facts {
    /// As ``functions`` has it.
    public static let revealFunction = "sluice.reveal"
    /// Most tokens that one statement asks for.
    public static let maximumRevealedTokens = 1000
}
