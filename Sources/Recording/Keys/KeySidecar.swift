import Foundation
import Glibc

/// A segment's data key, wrapped to each recipient: `NNNNNNNN.slkeys` beside the segment. Without it nobody reads the
/// segment any more; what proves the segment does not need it.
///
/// A text: `sluice-data-key 2`, `replica NAME`, `segment NUMBER`, then for each recipient a line with scheme, fingerprint and
/// the wrapped key in base64.
struct KeySidecar {
    struct Entry: Equatable {
        let scheme: String
        let fingerprint: String
        let bytes: [UInt8]
    }

    static let maxRecipients = 64
    private static let title = "sluice-data-key 2"
    private static let maxBytes = 1 << 20

    let segment: SegmentName
    let entries: [Entry]

    static func fileName(_ number: UInt64) -> String {
        String(Format.segmentName(number).dropLast(Format.segmentSuffix.count)) + ".slkeys"
    }

    /// The number of a sidecar's name, nil for any other name.
    static func number(_ name: String) -> UInt64? {
        guard name.hasSuffix(".slkeys") else { return nil }
        return Format.segmentNumber(name.dropLast(".slkeys".count) + Format.segmentSuffix)
    }

    /// What a segment's header says of its data key: SHA-256 of a label, the segment's name and the key. A wrapped key that
    /// gives another one is thereby found out, and the sidecar may be written anew for other recipients.
    static func commitment(_ dataKey: [UInt8], _ segment: SegmentName) throws(RecordingError) -> [UInt8] {
        try ChainHasher().digest(Array("sluice data key 2\n".utf8) + segment.bytes + [0x0a] + dataKey)
    }

    /// Wraps the key to all recipients.
    static func encoded(
        _ dataKey: [UInt8], _ segment: SegmentName, to recipients: [Recipient]
    ) throws(RecordingError) -> [UInt8] {
        var text = "\(title)\nreplica \(segment.replica)\nsegment \(segment.number)\n"
        for recipient in recipients {
            let wrapped = Data(try recipient.wrap(dataKey, for: segment)).base64EncodedString()
            text += "\(recipient.scheme.rawValue) \(recipient.fingerprint) \(wrapped)\n"
        }
        return Array(text.utf8)
    }

    /// - Throws: `damaged` when the file is not as written, `encrypted` when it is missing.
    init(_ path: String) throws(RecordingError) {
        guard fileSize(path) != nil else {
            throw RecordingError(.encrypted, file: path, "the segment's data key is gone: nobody can read the segment")
        }
        let bytes = try readFile(path, limit: Self.maxBytes + 1)
        guard bytes.count <= Self.maxBytes, bytes.last == 0x0a,
            let text = String(validating: bytes.dropLast(), as: UTF8.self)
        else { throw RecordingError(.damaged, file: path, offset: 0, "no file of data keys") }
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        let words = lines.map { $0.split(separator: " ", omittingEmptySubsequences: false).map(String.init) }
        guard lines.count > 3, lines[0] == Self.title, words[1].count == 2, words[1][0] == "replica",
            words[2].count == 2, words[2][0] == "segment", let number = UInt64(words[2][1]),
            lines.count <= 3 + Self.maxRecipients
        else { throw RecordingError(.damaged, file: path, offset: 0, "no file of data keys") }
        segment = SegmentName(replica: words[1][1], number: number)
        var entries: [Entry] = []
        for fields in words[3...] {
            guard fields.count == 3, let wrapped = Data(base64Encoded: fields[2]) else {
                throw RecordingError(.damaged, file: path, offset: 0, "a line is no wrapped key")
            }
            entries.append(Entry(scheme: fields[0], fingerprint: fields[1], bytes: Array(wrapped)))
        }
        self.entries = entries
    }

    /// - Throws: `damaged` when it is of another segment than `header`'s.
    func check(_ header: SegmentHeader, at path: String) throws(RecordingError) {
        guard segment == SegmentName(replica: header.replica, number: header.segment), !entries.isEmpty else {
            throw RecordingError(.damaged, file: path, offset: 0, "the data key of another segment")
        }
    }

    /// The data key that `header` promises.
    ///
    /// - Throws: `encrypted` when the keys are not those of a recipient, `damaged` when the sidecar gives another key.
    static func dataKey(
        of header: SegmentHeader, at path: String, with keys: DecryptionKeys?
    ) throws(RecordingError) -> [UInt8] {
        let sidecar = try KeySidecar(path)
        let name = SegmentName(replica: header.replica, number: header.segment)
        try sidecar.check(header, at: path)
        guard let keys else {
            throw RecordingError(
                .encrypted, file: path,
                "the recording is encrypted: give the private key of one of its recipients with --decryption-key")
        }
        for entry in sidecar.entries {
            guard keys.isRecipient(entry) else { continue }
            guard let key = try keys.unwrap(entry, of: name), key.count == AesGcm.keyLength,
                try commitment(key, name) == header.keyCommitment
            else {
                throw RecordingError(
                    .damaged, file: path, offset: 0, "another data key than the segment was written with")
            }
            return key
        }
        throw RecordingError(
            .encrypted, file: path,
            "the recording is encrypted for \(sidecar.entries.map { $0.fingerprint.prefix(16) }.joined(separator: ", ")): the "
                + "private key of one of these is needed")
    }
}
