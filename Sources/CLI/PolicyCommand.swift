import ArgumentParser

/// `sluice policy`: what a policy does, tried without a target.
struct PolicyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "policy", abstract: "Test policies, and compare them over what was recorded.",
        subcommands: [Test.self, Difference.self, TargetCatalog.self])
}
