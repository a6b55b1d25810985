/// Addresses that something of Sluice's may be posted to.
public enum PostAddress {
    private static let maxLength = 2048

    /// `https://`, or `http://` of this host.
    public static func isAcceptable(_ text: String) -> Bool {
        isWellFormed(text) && (text.hasPrefix("https://") || isPlainLoopback(text))
    }

    /// `https://` or `http://`: for what is no secret and proves itself.
    public static func isWellFormed(_ text: String) -> Bool {
        (text.hasPrefix("https://") || text.hasPrefix("http://")) && text.utf8.count <= maxLength
            && text.utf8.allSatisfy { (0x21...0x7e).contains($0) }
    }

    /// An unencrypted address that no other host sees.
    public static func isPlainLoopback(_ text: String) -> Bool {
        // What stands before an @ is a user's name, not a host's.
        !text.contains("@")
            && ["http://127.0.0.1", "http://[::1]", "http://localhost"].contains { host in
                text.hasPrefix(host) && [":", "/", nil].contains(text.dropFirst(host.count).first)
            }
    }
}
