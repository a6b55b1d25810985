import Telemetry

/// What the classifier did not understand, and which policy it has.
struct ClassifierMetrics: Sendable {
    let opaque: Counter
    let reloads: Counter
    let failedReloads: Counter

    init(_ telemetry: ProcessTelemetry) {
        let registry = telemetry.registry
        opaque = registry.counter("sluice_classifier_opaque_total", help: "Texts that the parser did not understand.")
        func loads(_ outcome: String) -> Counter {
            registry.counter(
                "sluice_classifier_policy_reloads_total", help: "Changes of the policy file, by what came of them.",
                labels: [.init("outcome", outcome)])
        }
        reloads = loads("loaded")
        failedReloads = loads("rejected")
    }
}
