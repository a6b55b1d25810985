import StrictYAML

/// Where clients of one protocol come in.
public struct Listener: Sendable, Equatable {
    public let protocolName: String
    /// A name or an address, IPv6 without brackets.
    public let host: String
    public let port: Int
    public let authentication: ListenerAuthentication

    /// `host:port`, IPv6 in brackets.
    public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

    /// Where a client on the same host finds it.
    var clientHost: String {
        switch host {
        case "0.0.0.0": "127.0.0.1"
        case "::": "::1"
        case _: host
        }
    }

    static func list(_ node: StrictNode) throws(ConfigurationError) -> [Listener] {
        var keys = try node.mapping()
        var mistakes = Mistakes()
        var result: [Listener] = []
        for name in Configuration.protocols {
            guard let value = keys.optional(name) else { continue }
            if let listener = mistakes.attempt(try Listener(name, value)) { result.append(listener) }
        }
        mistakes.attempt(try keys.finish())
        try mistakes.finish()
        guard !result.isEmpty else { throw node.error("no listener: add one, such as postgres: 127.0.0.1:15432") }
        return result
    }

    /// `host:port`, or a mapping with `address` and `authentication`.
    private init(_ name: String, _ node: StrictNode) throws(ConfigurationError) {
        var mistakes = Mistakes()
        protocolName = name
        if node.isMapping {
            var keys = try node.mapping()
            let place = mistakes.attempt(try Self.place(keys.required("address")))
            let method = mistakes.attempt(
                try keys.optional("authentication")?.choice(of: ListenerAuthentication.self))
            mistakes.attempt(try keys.finish())
            try mistakes.finish()
            (host, port) = place ?? ("", 0)
            authentication = method ?? .scram
        } else {
            (host, port) = try Self.place(node)
            authentication = .scram
        }
    }

    private static func place(_ node: StrictNode) throws(ConfigurationError) -> (host: String, port: Int) {
        guard let place = Endpoint.hostAndPort(try node.string()) else {
            throw node.error("expected host:port, such as 127.0.0.1:15432 or \"[::1]:15432\"")
        }
        return place
    }
}

/// How a listener's clients prove who they are.
public enum ListenerAuthentication: String, Sendable, CaseIterable {
    /// The secret never crosses the wire.
    case scram = "scram-sha-256"
    /// The secret itself, taken only inside TLS or on loopback: for clients that cannot do SCRAM.
    case password
}

/// A resource's server and database.
public struct Target: Sendable, Equatable {
    /// A name, an address (IPv6 without brackets), or a directory of Unix sockets when it starts with `/`.
    public let host: String
    public let port: Int
    public let database: String

    public var isUnixSocket: Bool { host.hasPrefix("/") }
    /// Whether no network is on the way.
    var isOnThisHost: Bool { isUnixSocket || MetricsListener.loopback.contains(host) }

    /// `host:port/database`, as in the file.
    public var description: String { "\(host.contains(":") ? "[\(host)]" : host):\(port)/\(database)" }

    static func read(_ node: StrictNode) throws(ConfigurationError) -> Target {
        guard let target = parse(try node.string()) else {
            throw node.error(
                "expected host:port/database, such as 127.0.0.1:5432/orders, \"[::1]:5432/orders\" "
                    + "or /var/run/postgresql:5432/orders")
        }
        return target
    }

    /// `host:port/database`, `[::1]:port/database` or `/directory:port/database`; nil when `text` is none.
    static func parse(_ text: String) -> Target? {
        guard let slash = splitPoint(text) else { return nil }
        let database = String(text[text.index(after: slash)...])
        let place = text[..<slash]
        guard !database.isEmpty, database.utf8.count <= 63, database.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7f })
        else {
            return nil
        }
        if text.hasPrefix("/") {
            guard let colon = place.lastIndex(of: ":"), let port = Endpoint.port(place[place.index(after: colon)...])
            else { return nil }
            let directory = String(place[..<colon])
            guard directory.count > 1, !directory.utf8.contains(0) else { return nil }
            return Target(host: directory, port: port, database: database)
        }
        guard let (host, port) = Endpoint.hostAndPort(String(place)) else { return nil }
        return Target(host: host, port: port, database: database)
    }

    /// The slash before the database: the first one after the port's colon.
    private static func splitPoint(_ text: String) -> String.Index? {
        guard text.hasPrefix("/") else { return text.firstIndex(of: "/") }
        guard let colon = text.lastIndex(of: ":") else { return nil }
        return text[colon...].firstIndex(of: "/")
    }
}

enum Endpoint {
    /// `host:port`, an IPv6 address in brackets; nil when `text` is neither.
    static func hostAndPort(_ text: String) -> (host: String, port: Int)? {
        guard let colon = text.lastIndex(of: ":"), let port = port(text[text.index(after: colon)...]) else {
            return nil
        }
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
            guard host.contains(":"), host.utf8.allSatisfy({ isHex($0) || $0 == 0x3a || $0 == 0x2e }) else {
                return nil
            }
        } else {
            guard host.utf8.allSatisfy({ isHostName($0) }) else { return nil }
        }
        guard !host.isEmpty, host.utf8.count <= 253 else { return nil }
        return (String(host), port)
    }

    static func port(_ text: Substring) -> Int? {
        guard !text.isEmpty, text.utf8.count <= 5, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            return nil
        }
        guard let port = Int(text), (1...65535).contains(port) else { return nil }
        return port
    }

    private static func isHex(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x46).contains(byte) || (0x61...0x66).contains(byte)
    }

    private static func isHostName(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
            || byte == 0x2d || byte == 0x2e || byte == 0x5f
    }
}
