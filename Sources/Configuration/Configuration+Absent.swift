import Foundation

extension Configuration {
    /// What Ingress needs here and this process does not find: secrets and certificates. A sentence each, without secrets.
    /// Where Ingress runs on other hosts only, nothing is needed.
    public func absences() -> [String] {
        guard stages.replicas(of: .ingress) > 0 else { return [] }
        var found: [String] = []
        for resource in resources {
            do {
                if resource.credentials.password != .absent { _ = try resource.credentials.password.resolve() }
            } catch {
                found.append("the password of resource “\(resource.name)”: \(error.message)")
            }
            if let path = resource.certificateAuthority, !FileManager.default.isReadableFile(atPath: path) {
                found.append("the ca of resource “\(resource.name)”: \(path) cannot be read")
            }
        }
        return found
    }
}
