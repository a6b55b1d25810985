import Foundation

extension Configuration {
    /// What Ingress and recorders need here and this process does not find: secrets and certificates. A sentence each, without
    /// secrets. Where they run on other hosts only, nothing is needed.
    public func absences() -> [String] {
        var found: [String] = []
        if stages.replicas(of: .ingress) > 0 {
            for resource in resources {
                found += Self.absences(
                    "resource “\(resource.name)”", resource.credentials, authority: resource.certificateAuthority)
            }
        }
        if stages.replicas(of: .recorder) > 0, let index = recording.index {
            found += Self.absences("recording.index", index.credentials, authority: index.certificateAuthority)
        }
        return found
    }

    private static func absences(_ owner: String, _ credentials: Credentials, authority: String?) -> [String] {
        var found: [String] = []
        do throws(SecretError) {
            if credentials.password != .absent { _ = try credentials.password.resolve() }
        } catch {
            found.append("the password of \(owner): \(error.message)")
        }
        if let authority, !FileManager.default.isReadableFile(atPath: authority) {
            found.append("the ca of \(owner): \(authority) cannot be read")
        }
        return found
    }
}
