import Foundation

/// What libpq takes from the environment where it is not told (PostgreSQL manual 34.15): an address, a service, options of a session
/// other than the configuration's.
enum LibpqEnvironment {
    /// Takes it out of this process's environment.
    ///
    /// - Parameter names: what the configuration itself names.
    static func clear(keeping names: Set<String>) {
        for name in ProcessInfo.processInfo.environment.keys where name.hasPrefix("PG") && !names.contains(name) {
            unsetenv(name)
        }
    }
}
