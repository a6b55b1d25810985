// sluice-classifier: turns a command's bytes into facts with the language's own parser, and facts into a decision with
// its mask plan.
//
// Security: reads the policy file and nothing else; sees commands, never credentials or replies. Text that the parser
// does not understand is `opaque`, which a policy refuses unless it says otherwise.
// Failure: stateless; killed, its messages are sent again. A policy that cannot be read keeps the former one in force
// and says so in the log; at the start it keeps the process from starting.
// Diagnostics: one line an event on standard error.

import Bus
import Configuration

StageRunner.main { environment in
    let configuration = try Configuration.load(path: try StageArguments.configPath())
    environment.network = try configuration.networkPlan(for: environment.stage)
    return try ClassifierStage(
        policyPath: configuration.policyFile, labels: configuration.resources.map { ($0.name, $0.labels) })
}
