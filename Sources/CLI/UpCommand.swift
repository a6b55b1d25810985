import ArgumentParser
import Configuration
import Policy
import Supervisor

struct UpCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "up", abstract: "Run every stage here, supervised, in the foreground.",
        discussion: """
            Prints one line beginning “ready” when every listener accepts. SIGTERM and Ctrl-C drain and stop, a second \
            one hurries; SIGHUP tells the stages to read their files again.
            """)

    @OptionGroup var config: ConfigOption

    func run() throws {
        let configuration = try config.load()
        _ = try PolicySet.load(path: configuration.policyFile)
        let absences = configuration.absences()
        guard absences.isEmpty else { throw CommandFailure(absences.joined(separator: "\n")) }
        var supervisor = try Supervisor(configuration: configuration, programs: Supervisor.programFolder())
        switch supervisor.run() {
        case .stopped: return
        case .failed(let reason): throw CommandFailure(reason)
        }
    }
}
