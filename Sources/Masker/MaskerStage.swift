import Bus
import Contract
import PostgresMask
import Telemetry

/// Masks batches, each with all that it needs in it, so that any replica can take any batch.
struct MaskerStage: ResponseStage {
    private let protocols: MaskerProtocols
    private let metrics = MaskerMetrics(ProcessTelemetry.current)

    init(key: [UInt8]) { protocols = MaskerProtocols(key: key) }

    mutating func rewrite(_ batch: MaskBatch, payload: [UInt8]) throws -> (reply: MaskReply, payload: [UInt8]) {
        guard let mask = protocols.masker(for: batch.protocol) else {
            throw BusError(.malformed, "no masker for protocol \(batch.protocol)")
        }
        let answer = try mask(batch, payload)
        metrics.count(answer.reply, payloadBytes: payload.count)
        return answer
    }
}
