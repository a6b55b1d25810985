import ArgumentParser
import Configuration
import Policy

struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Validate the configuration and the policy.",
        discussion: "A mistake is named as file:line:column, with exit code 1. Secrets and certificates that are not "
            + "here are named too, with exit code 0: the check may run elsewhere.")

    @OptionGroup var config: ConfigOption

    func run() throws {
        let configuration = try config.load()
        let policy = try PolicySet.load(path: configuration.policyFile)
        let resources = configuration.resources.count
        let rules = policy.ruleNames.count
        print("valid: \(resources) resource\(resources == 1 ? "" : "s") in \(configuration.file)")
        print("valid: \(rules) rule\(rules == 1 ? "" : "s") in \(configuration.policyFile)")
        for absence in configuration.absences() { print("absent here: \(absence)") }
    }
}
