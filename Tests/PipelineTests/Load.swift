import Foundation
import TestKit

/// Clients/load.py, running until it is ended.
struct Load: Sendable {
    let child: Child

    /// - Parameter masked: whether personal data must come masked, or as it is.
    static func start(_ clients: Clients, connections: Int, masked: Bool = true) async throws -> Load {
        let interpreter = try await PythonEnvironment.shared.value
        let script = Project.root + "/Tests/PipelineTests/Clients/load.py"
        let endpoint = clients.endpoint.with { $0.extra["MASKED"] = masked ? "1" : "0" }
        let child = try Clients(endpoint, in: clients.directory).start(
            interpreter, [script, "\(connections)"], input: .pipe)
        try await child.waitFor("running")
        return Load(child: child)
    }

    struct Report {
        let committed: Int
        let wrong: [JSONValue]
        /// Number of errors by SQLSTATE; "none" for a broken connection.
        let errors: [String: Int]
        let text: String
    }

    func end() async throws -> Report {
        child.closeInput()
        let finished = try await child.finish(deadline: .seconds(90))
        guard finished.status == 0, let line = finished.lines.last else { throw TestKitError(finished.transcript) }
        let report = try JSONValue(line)
        var errors: [String: Int] = [:]
        if case .members(let members) = report["errors"] { errors = members.compactMapValues(\.int) }
        return Report(
            committed: report["committed"].int ?? 0, wrong: report["wrong"].array, errors: errors, text: line)
    }
}
