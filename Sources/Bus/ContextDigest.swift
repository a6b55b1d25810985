import COpenSSL
import Contract
import Foundation

/// What a classifier was told beside the command, as one SHA-256: catalogue, estimate and excess. Its decision carries
/// it and ingress compares it with what it sent, so that no decision made with other knowledge counts for this command.
///
/// Over `sluice-context-v1` and a NUL, then the catalogue behind its length (UInt32); a byte 1, the rows (UInt64) and a
/// byte `failed` of the estimate, or a byte 0 without one; a byte 1, the rows and the most rows (UInt64) of the excess,
/// or a byte 0 without one. Numbers are big endian.
public enum ContextDigest {
    public static func of(_ judge: Judge) -> [UInt8] {
        var input = Array("sluice-context-v1\0".utf8)
        func add(_ number: some FixedWidthInteger) { withUnsafeBytes(of: number.bigEndian) { input += $0 } }
        add(UInt32(judge.catalog.count))
        input += judge.catalog
        if judge.hasEstimate {
            add(UInt8(1))
            add(judge.estimate.rows)
            add(UInt8(judge.estimate.failed ? 1 : 0))
        } else {
            add(UInt8(0))
        }
        if judge.hasExcess {
            add(UInt8(1))
            add(judge.excess.rows)
            add(judge.excess.maxRows)
        } else {
            add(UInt8(0))
        }
        var digest = [UInt8](repeating: 0, count: 32)
        SHA256(input, input.count, &digest)
        return digest
    }
}
