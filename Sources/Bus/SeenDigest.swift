import COpenSSL
import Contract

/// What a stage judged, as one SHA-256: text, principal and parameters. Every decision carries it and ingress compares
/// it with what it sent, so that no stage on the way can show another command, or another actor, to those behind it.
///
/// Over `sluice-seen-v1` and a NUL, then the text, the principal's name, the groups, the labels (`key=value`, in
/// ascending order of their bytes) and the parameters: each text behind its length, each list behind its count, as
/// UInt32, big endian.
public enum SeenDigest {
    public static func of(_ judge: Judge, text: [UInt8]) -> [UInt8] {
        var input = Array("sluice-seen-v1\0".utf8)
        func add(_ count: Int) { withUnsafeBytes(of: UInt32(count).bigEndian) { input += $0 } }
        func add(_ bytes: some Collection<UInt8>) {
            add(bytes.count)
            input += bytes
        }
        func add(list: [some Collection<UInt8>]) {
            add(list.count)
            for item in list { add(item) }
        }
        add(text)
        add(judge.principal.name.utf8)
        add(list: judge.principal.groups.map(\.utf8))
        let labels = judge.principal.labels.map { Array("\($0.key)=\($0.value)".utf8) }
        add(list: labels.sorted { $0.lexicographicallyPrecedes($1) })
        add(list: judge.parameters.map(\.utf8))
        var digest = [UInt8](repeating: 0, count: 32)
        SHA256(input, input.count, &digest)
        return digest
    }
}
