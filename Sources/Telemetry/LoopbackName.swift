/// Names by which a process of the same host asks.
enum LoopbackName {
    /// Longest host that is looked at, bytes: `localhost` and a port fit.
    private static let maximumBytes = 64

    /// Whether the value of a Host header (RFC 9110 section 7.2) names this host's loopback, with a port or without.
    static func matches(_ host: String) -> Bool {
        guard host.utf8.count <= maximumBytes else { return false }
        if host.hasPrefix("[") {
            guard let end = host.firstIndex(of: "]") else { return false }
            return isAddress(String(host[host.index(after: host.startIndex)..<end]))
                && isPort(host[host.index(after: end)...])
        }
        let name = host.prefix { $0 != ":" }
        guard isPort(host[name.endIndex...]) else { return false }
        return name.lowercased() == "localhost" || isIPv4(name)
    }

    /// Whether `address` is one of 127.0.0.0/8, or ::1, as the system writes it.
    static func isAddress(_ address: String) -> Bool {
        if address == "::1" { return true }
        let mapped = "::ffff:"
        return isIPv4(address.hasPrefix(mapped) ? address.dropFirst(mapped.count) : address[...])
    }

    private static func isIPv4(_ text: Substring) -> Bool {
        let parts = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0].elementsEqual("127".utf8)
            && parts.allSatisfy { (1...3).contains($0.count) && $0.allSatisfy { (0x30...0x39).contains($0) } }
    }

    /// Nothing, or a colon and digits.
    private static func isPort(_ text: Substring) -> Bool {
        text.isEmpty || text.hasPrefix(":") && text.dropFirst().utf8.allSatisfy { (0x30...0x39).contains($0) }
    }
}
