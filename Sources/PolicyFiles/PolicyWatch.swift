import Foundation
import StrictYAML

/// Looks for changes of a policy's files.
public struct PolicyWatch: Sendable {
    private let path: String
    /// What every file of the last reading held, nil for one that could not be read. The bytes themselves are compared:
    /// a file replaced within a clock tick has the same time and maybe size.
    private var seen: [String: Data?] = [:]

    public init(path: String) { self.path = path }

    /// The policy as it is now, or its mistake, when any file changed since the last call (at the first call always);
    /// nil when none did.
    public mutating func changed() -> Result<PolicyFiles, ConfigurationError>? {
        guard let (files, mistakes) = surveyed() else { return nil }
        return mistakes.error.map { .failure($0) } ?? .success(files)
    }

    /// Likewise the files that can be read, and what is wrong with the others.
    public mutating func surveyed() -> (files: PolicyFiles, mistakes: Mistakes)? {
        if !seen.isEmpty, seen.allSatisfy({ FileManager.default.contents(atPath: $0.key) == $0.value }) { return nil }
        var found: [String: Data?] = [:]
        defer { seen = found }
        return PolicyFiles.survey(path: path) { path in
            let data = FileManager.default.contents(atPath: path)
            found[path] = .some(data)
            return data
        }
    }
}
