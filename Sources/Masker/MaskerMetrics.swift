import Contract
import Detection
import Telemetry

/// How much was masked. Column patterns come from the policy and count together, and so do its own detectors: labels have
/// few values.
struct MaskerMetrics: Sendable {
    private let rows: Counter
    private let bytes: Counter
    private let entities: [(name: String, masked: Counter)]
    private let custom: Counter
    private let columns: Counter
    private let revealed: Counter

    init(_ telemetry: ProcessTelemetry) {
        let registry = telemetry.registry
        rows = registry.counter("sluice_masker_rows_total", help: "Rows of the batches that were masked.")
        bytes = registry.counter("sluice_masker_bytes_total", help: "Bytes of the batches that were masked.")
        func masked(_ entity: String) -> Counter {
            registry.counter(
                "sluice_masker_masked_values_total",
                help: "Values masked, by what was found; custom: by detectors of the policy, column: by column rule.",
                labels: [.init("entity", entity)])
        }
        entities = Entity.all.map { ($0.name, masked($0.name)) }
        custom = masked("custom")
        columns = masked("column")
        revealed = registry.counter(
            "sluice_masker_revealed_tokens_total", help: "Tokens that were turned back into their values.")
        telemetry.showTotal("rows") { [rows] in rows.value }
    }

    func countRevealed(_ tokens: [Revealed]) { revealed.add(UInt64(tokens.count(where: \.known))) }

    func count(_ reply: MaskReply, of batch: MaskBatch, payloadBytes: Int) {
        rows.add(reply.rows)
        bytes.add(payloadBytes)
        for count in reply.counts {
            let known = entities.first { $0.name == count.entity }
            let isDetected = batch.plan.detectors.contains { $0.entities.contains(count.entity) }
            (known?.masked ?? (isDetected ? custom : columns)).add(count.count)
        }
    }
}
