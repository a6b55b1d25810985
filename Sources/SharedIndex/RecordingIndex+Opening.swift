import Configuration
import Foundation
import Recording

extension RecordingIndex {
    /// The index that `recording.index` names; without it the file in `recordings`, which is then made when it is missing.
    public static func open(
        _ configuration: Configuration, access: RecordingAccess = RecordingAccess()
    ) throws(RecordingError) -> RecordingIndex {
        let recordings = configuration.state.recordings
        guard let server = configuration.recording.index else {
            return try RecordingIndex(recordings: recordings, access: access)
        }
        return RecordingIndex(recordings: recordings, access: access, database: PostgresIndex(server))
    }
}

extension PostgresIndex {
    /// Where Debian and Red Hat keep the authorities that the system trusts: libpq 15 does not look there.
    private static let authorities = ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt"]

    /// Connects when it is first used.
    public convenience init(_ server: IndexServer) {
        let name = server.target.description
        LibpqEnvironment.clear(keeping: server.secretNames)
        self.init(name: name, user: server.credentials.user) { () throws(RecordingError) in
            var parameters = [
                "host": server.target.host, "port": String(server.target.port), "dbname": server.target.database,
                "user": server.credentials.user, "sslmode": server.tls.rawValue, "gssencmode": "disable",
                "client_encoding": "UTF8", "application_name": "sluice",
                "connect_timeout": String(PostgresLimits.connect.components.seconds),
                "tcp_user_timeout": String(PostgresLimits.unacknowledged.wholeMilliseconds), "keepalives": "1",
                "keepalives_idle": String(PostgresLimits.keepaliveIdle.components.seconds),
                "keepalives_interval": String(PostgresLimits.keepaliveInterval.components.seconds),
                "keepalives_count": String(PostgresLimits.keepaliveCount),
                // Files of the user's that stand in for what the configuration does not say.
                "passfile": PostgresIndex.noFile, "sslcert": PostgresIndex.noFile, "sslrootcert": PostgresIndex.noFile,
            ]
            // Whoever stands in for a server that is not verified would ask for the password as it is.
            if server.tls == .require, server.credentials.password != .absent {
                parameters["channel_binding"] = "require"
            }
            if server.tls == .verifyFull {
                parameters["sslrootcert"] = server.certificateAuthority ?? PostgresIndex.systemAuthorities
            }
            if server.credentials.password != .absent {
                do throws(SecretError) {
                    parameters["password"] = try server.credentials.password.resolve()
                } catch {
                    throw RecordingError.index(name, "the index's password: \(error.message)")
                }
            }
            return parameters
        }
    }

    /// A path at which there is no file.
    private static let noFile = "/dev/null/none"

    fileprivate static var systemAuthorities: String {
        authorities.first { FileManager.default.isReadableFile(atPath: $0) } ?? authorities[0]
    }
}
