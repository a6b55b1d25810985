/// What a verification has to go by.
public struct VerificationKeys: Sendable {
    /// Who may have signed. None: signatures are checked against the keys that the segments themselves name.
    public var trusted: [VerificationKey]
    /// Checks heads too, which only a recorder's own key can.
    public let recording: [RecordingKey]
    /// Reads encrypted records, to compare them with what their blocks say in the clear.
    public let decryption: DecryptionKeys?

    /// - Parameter trusted: beside the recording keys' own public keys.
    public init(
        trusted: [VerificationKey] = [], recording: [RecordingKey] = [], decryption: DecryptionKeys? = nil
    ) {
        self.trusted = trusted + recording.map(\.verification)
        self.recording = recording
        self.decryption = decryption
    }
}
