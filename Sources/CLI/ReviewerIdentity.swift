import Approvals
import Configuration
import Foundation
import Glibc
import Identity

/// Who runs this command, as a reviewer.
enum ReviewerIdentity {
    /// `NAME:SECRET` of the reviewer's service account.
    static let tokenVariable = "SLUICE_TOKEN"

    /// The account that the token proves; without a token, the operator, who is the owner of the state directory or
    /// root. A token that does not hold is refused, never passed over.
    static func current(state: StateDirectory) throws -> Reviewer {
        if let token = ProcessInfo.processInfo.environment[tokenVariable] {
            guard let separator = token.firstIndex(of: ":") else {
                throw CommandFailure("\(tokenVariable) has to be NAME:SECRET")
            }
            let store = try IdentityStore(path: state.identities)
            do {
                let identity = try store.authenticate(
                    name: String(token[..<separator]), secret: String(token[token.index(after: separator)...]))
                return Reviewer(name: identity.name, groups: identity.groups)
            } catch {
                throw CommandFailure("\(tokenVariable): \(error.publicMessage)")
            }
        }
        var status = stat()
        guard stat(state.root, &status) == 0 else {
            throw CommandFailure("cannot read \(state.root): \(String(cString: strerror(errno)))")
        }
        guard geteuid() == 0 || geteuid() == status.st_uid else {
            throw CommandFailure("only the owner of \(state.root) reviews without \(tokenVariable)=NAME:SECRET")
        }
        return .operator
    }
}
