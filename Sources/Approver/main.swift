// sluice-approver: holds commands until reviewers decide, and expires them.
//
// Security: owns the store of approvals; its decisions carry its own key. Reviewers act through the store's rules
// (nobody approves their own request; each reviewer counts once). It sees commands, never credentials or replies.
// Failure: a hold is durable before it is acknowledged. Killed, it loses none: ingress asks again for every held command
// every two seconds at most, and each answer comes from the store.
// Diagnostics: one line an event on standard error.

import Approvals
import Bus
import Configuration

StageRunner.main { environment in
    let configuration = try Configuration.load(path: try StageArguments.configPath())
    environment.network = try configuration.networkPlan(for: environment.stage)
    return try ApproverStage(store: try ApprovalStore(path: configuration.state.approvals))
}
