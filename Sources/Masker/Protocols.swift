import Contract
import PostgresMask

/// Every protocol that this process can mask: one line each.
struct MaskerProtocols {
    typealias Mask = (MaskBatch, [UInt8]) throws -> (reply: MaskReply, payload: [UInt8])
    private let maskers: [String: Mask]

    init(key: [UInt8]) {
        let postgres = PostgresMasker(key: key)
        maskers = [
            "postgres": { batch, payload in try payload.withUnsafeBytes { try postgres.mask(batch, payload: $0) } }
        ]
    }

    func masker(for name: String) -> Mask? { maskers[name] }
}
