// sluice-masker: rewrites a batch of reply data by its mask plan.
//
// Security: sees unmasked reply data in memory and writes none anywhere; reads the masking key, with which `hash`,
// `tokenize` and `shift` mask, and which turns tokens back, and of the policy what detectors it defines. What it cannot
// mask it does not return: the batch fails and ingress withholds it.
// Failure: stateless; killed, its batches are sent again.
// Diagnostics: one line an event on standard error, without data.

import Bus
import Configuration
import Foundation

Allocator.keepBatches()
StageRunner.main { environment in
    let configuration = try Configuration.load(path: try StageArguments.configPath())
    environment.network = try configuration.networkPlan(for: environment.stage)
    guard let key = FileManager.default.contents(atPath: configuration.state.maskingKey), !key.isEmpty else {
        throw BusError(.environment, "cannot read the masking key \(configuration.state.maskingKey)")
    }
    return MaskerStage(
        hashKey: [UInt8](key), definitions: PolicyDefinitions(policyPath: configuration.policyFile))
}
