import Foundation

/// A text with an Ed25519 signature behind it, as C2SP's signed-note (c2sp.org/signed-note) has it: the text, which ends with a
/// line feed, an empty line, and `— NAME BASE64` with 4 bytes of key id and 64 bytes of signature.
enum SignedNote {
    /// The name that recorders sign under.
    static let keyName = "sluice-recorder"
    private static let algorithm: UInt8 = 1
    private static let dash = "\u{2014} "
    private static let idLength = 4

    static func sign(_ text: String, key: RecordingKey) throws(RecordingError) -> String {
        let signature = try key.sign(Array(text.utf8))
        let encoded = Data(try keyID(key.verification) + signature).base64EncodedString()
        return "\(text)\n\(dash)\(keyName) \(encoded)\n"
    }

    /// The text of a note, whoever signed it; nil when it is none.
    static func text(_ note: String) -> String? { parts(note)?.text }

    /// The text, once one of `keys` is found to have signed it.
    ///
    /// - Parameter keys: nil: the signature is not checked.
    /// - Throws: `damaged` when the bytes are no note, or no key of these signed it.
    static func open(
        _ bytes: [UInt8], file: String, keys: [VerificationKey]?
    ) throws(RecordingError) -> String {
        guard let note = String(validating: bytes, as: UTF8.self), let (text, signatures) = parts(note) else {
            throw RecordingError(.damaged, file: file, offset: 0, "not a signed note")
        }
        guard let keys else { return text }
        let message = Array(text.utf8)
        for key in keys {
            let id = try keyID(key)
            for signature in signatures where signature.prefix(idLength).elementsEqual(id) {
                if key.verifies(Array(signature.dropFirst(idLength)), of: message) { return text }
            }
        }
        throw RecordingError(
            .damaged, file: file, offset: 0,
            "its signature is wrong: it was changed, or another key than the one given signed it")
    }

    private static func parts(_ note: String) -> (text: String, signatures: [[UInt8]])? {
        var lines = split(note, at: 0x0a)
        // Behind the last line feed.
        guard lines.popLast()?.isEmpty == true else { return nil }
        var signatures: [[UInt8]] = []
        while let line = lines.last, line.hasPrefix(dash) {
            lines.removeLast()
            let fields = line.unicodeScalars.dropFirst(dash.unicodeScalars.count)
                .split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false)
            guard fields.count == 2, let bytes = Data(base64Encoded: String(fields[1])),
                bytes.base64EncodedString().unicodeScalars.elementsEqual(fields[1])
            else { return nil }
            if fields[0].elementsEqual(keyName.unicodeScalars),
                bytes.count == idLength + VerificationKey.signatureLength
            {
                signatures.append(Array(bytes))
            }
        }
        guard !signatures.isEmpty, lines.popLast()?.isEmpty == true else { return nil }
        return (lines.map { $0 + "\n" }.joined(), signatures)
    }

    static let maxReasonBytes = 500

    /// - Throws: `invalid` when a reason is none, or no line: it stands in a line of a note.
    static func check(reason: String) throws(RecordingError) {
        let isLine = reason.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7f }
        guard !reason.isEmpty, reason.utf8.count <= maxReasonBytes, isLine else {
            throw RecordingError(.invalid, "a reason is one line of 1 to \(maxReasonBytes) bytes")
        }
    }

    /// Splits at a byte, whatever characters that makes: what follows a space may join with it.
    static func split(_ text: String, at byte: UInt8, most: Int = .max) -> [String] {
        text.utf8.split(separator: byte, maxSplits: most, omittingEmptySubsequences: false)
            .map { String(decoding: $0, as: UTF8.self) }
    }

    /// The first bytes of SHA-256 over name, line feed, algorithm and key.
    private static func keyID(_ key: VerificationKey) throws(RecordingError) -> [UInt8] {
        Array(try ChainHasher().digest(Array((keyName + "\n").utf8) + [algorithm] + key.bytes).prefix(idLength))
    }
}
