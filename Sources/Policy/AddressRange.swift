import Glibc

/// An IP address in network byte order: 4 bytes or 16. IPv4 within IPv6 (`::ffff:10.0.0.1`) is IPv4.
struct HostAddress: Sendable, Equatable {
    let bytes: [UInt8]

    init?(_ text: String) {
        var v4 = in_addr()
        if inet_pton(AF_INET, text, &v4) == 1 {
            bytes = withUnsafeBytes(of: &v4) { Array($0) }
            return
        }
        var v6 = in6_addr()
        guard inet_pton(AF_INET6, text, &v6) == 1 else { return nil }
        let all = withUnsafeBytes(of: &v6) { Array($0) }
        let mapped: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff]
        bytes = all.starts(with: mapped) ? Array(all.dropFirst(mapped.count)) : all
    }

    /// The host of `address:port`, as principals carry it; nil when it is no IP address, as with a Unix socket.
    init?(ofClient address: String) {
        guard let colon = address.lastIndex(of: ":") else { return nil }
        var host = address[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
        // Link-local addresses carry their interface.
        self.init(String(host.prefix { $0 != "%" }))
    }
}

/// Addresses that share their first bits: `10.0.0.0/8`, or one address.
struct AddressRange: Sendable {
    private let address: HostAddress
    private let bits: Int

    enum Mistake: Error {
        case notAnAddress
        case bitsBeyondPrefix
    }

    init(_ text: String) throws(Mistake) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count <= 2, let address = HostAddress(String(parts[0])) else { throw .notAnAddress }
        var bits = address.bytes.count * 8
        if parts.count == 2 {
            guard let number = Int(parts[1]), (0...bits).contains(number), String(number) == parts[1] else {
                throw .notAnAddress
            }
            bits = number
        }
        self.address = address
        self.bits = bits
        for bit in bits..<(address.bytes.count * 8) where address.bytes[bit / 8] & (0x80 >> UInt8(bit % 8)) != 0 {
            throw .bitsBeyondPrefix
        }
    }

    func contains(_ other: HostAddress) -> Bool {
        guard other.bytes.count == address.bytes.count else { return false }
        let whole = bits / 8
        guard other.bytes.prefix(whole).elementsEqual(address.bytes.prefix(whole)) else { return false }
        guard bits % 8 != 0 else { return true }
        let mask = ~UInt8(0) << UInt8(8 - bits % 8)
        return other.bytes[whole] & mask == address.bytes[whole] & mask
    }
}

/// A client's address as a principal carries it, from what a person writes.
public enum ClientAddress {
    /// `host:port` of an IP address without a port; nil when `text` is none.
    public static func source(_ text: String) -> String? { HostAddress(text) == nil ? nil : "\(text):0" }
}
