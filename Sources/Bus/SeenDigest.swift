import COpenSSL
import Contract

/// What a stage judged, as one SHA-256: text, principal and parameters. Every decision carries it and ingress compares
/// it with what it sent, so that no stage on the way can show another command, or another actor, to those behind it.
///
/// Over `sluice-seen-v1` and a NUL, then these items, each behind its length as UInt32, big endian: the text; the
/// principal's name; `groups`, every group; `labels`, every `key=value` in ascending order of its bytes; `parameters`,
/// every parameter.
public enum SeenDigest {
    public static func of(_ judge: Judge, text: [UInt8]) -> [UInt8] {
        var input = Array("sluice-seen-v1\0".utf8)
        func add(_ bytes: some Collection<UInt8>) {
            withUnsafeBytes(of: UInt32(bytes.count).bigEndian) { input += $0 }
            input += bytes
        }
        add(text)
        add(judge.principal.name.utf8)
        add("groups".utf8)
        for group in judge.principal.groups { add(group.utf8) }
        add("labels".utf8)
        let labels = judge.principal.labels.map { Array("\($0.key)=\($0.value)".utf8) }
        for label in labels.sorted(by: { $0.lexicographicallyPrecedes($1) }) { add(label) }
        add("parameters".utf8)
        for parameter in judge.parameters { add(parameter.utf8) }
        var digest = [UInt8](repeating: 0, count: 32)
        SHA256(input, input.count, &digest)
        return digest
    }
}
