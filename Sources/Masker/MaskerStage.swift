import Bus
import Contract
import Foundation
import Masking
import PostgresMask
import Telemetry

/// Masks batches, each with all that it needs in it, so that any replica can take any batch.
struct MaskerStage: ResponseStage {
    private let protocols: MaskerProtocols
    private let keys: MaskingKeys
    private let metrics = MaskerMetrics(ProcessTelemetry.current)

    init(hashKey: [UInt8], definitions: any DetectorDefinitions) {
        protocols = MaskerProtocols(hashKey: hashKey, definitions: definitions)
        keys = MaskingKeys(key: hashKey)
    }

    mutating func rewrite(_ batch: MaskBatch, payload: [UInt8]) throws -> (reply: MaskReply, payload: [UInt8]) {
        guard batch.tokens.isEmpty else { return (try reveal(batch.tokens), []) }
        guard let mask = protocols.masker(for: batch.protocol) else {
            throw BusError(.malformed, "no masker for protocol \(batch.protocol)")
        }
        let answer = try mask(batch, payload)
        metrics.count(answer.reply, of: batch, payloadBytes: payload.count)
        return answer
    }

    /// Ingress asks this for commands alone that are judged and recorded.
    private func reveal(_ tokens: [String]) throws -> MaskReply {
        var reply = MaskReply()
        reply.revealed = try tokens.map { token in
            var revealed = Revealed()
            guard let value = try keys.value(ofToken: Array(token.utf8)) else { return revealed }
            revealed.known = true
            revealed.value = Data(value)
            return revealed
        }
        metrics.countRevealed(reply.revealed)
        return reply
    }
}
