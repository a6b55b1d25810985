import Foundation

/// Where a PostgreSQL client connects, and as whom.
public struct Endpoint: Sendable {
    public var port: Int
    public var user: String
    public var password: String
    public var database: String
    /// libpq's sslmode.
    public var sslmode = "disable"
    /// Further libpq environment variables: PGOPTIONS, PGCHANNELBINDING, …
    public var extra: [String: String] = [:]

    public init(port: Int, user: String, password: String, database: String) {
        self.port = port
        self.user = user
        self.password = password
        self.database = database
    }

    /// The variables that libpq reads (PostgreSQL manual, 34.15).
    public var environment: [String: String] {
        [
            "PGHOST": "127.0.0.1", "PGPORT": "\(port)", "PGUSER": user, "PGPASSWORD": password,
            "PGDATABASE": database, "PGSSLMODE": sslmode, "PGCONNECT_TIMEOUT": "20", "PGGSSENCMODE": "disable",
            "PSQLRC": "/dev/null", "PSQL_HISTORY": "/dev/null", "PAGER": "cat",
        ].merging(extra) { $1 }
    }

    public func with(_ change: (inout Endpoint) -> Void) -> Endpoint {
        var copy = self
        change(&copy)
        return copy
    }
}

/// A TCP port on 127.0.0.1 that nothing listens on now.
public func freePort() throws -> Int {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    guard descriptor >= 0 else { throw TestKitError("socket: errno \(errno)") }
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = in_addr_t(0x7f00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let bound = withUnsafeMutablePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            bind(descriptor, $0, length) == 0 && getsockname(descriptor, $0, &length) == 0
        }
    }
    guard bound else { throw TestKitError("bind: errno \(errno)") }
    return Int(in_port_t(bigEndian: address.sin_port))
}
