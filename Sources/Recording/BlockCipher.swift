/// Encrypts the frames of one segment's blocks under its data key: nonce (12 bytes), ciphertext, tag (16 bytes).
final class BlockCipher {
    static let overhead = AesGcm.nonceLength + AesGcm.tagLength

    private let cipher: AesGcm
    /// Counts encryptions, those of blocks that were taken back too: no nonce is used twice under one key.
    private var used: UInt64 = 0

    init(dataKey: [UInt8]) throws(RecordingError) { cipher = try AesGcm(key: dataKey) }

    /// Encrypts in place what stands between the room for the nonce and that for the tag.
    func seal(
        _ frame: UnsafeMutableRawBufferPointer, authenticated: UnsafeRawBufferPointer
    ) throws(RecordingError) {
        used += 1
        var nonce: [UInt8] = []
        nonce.append(little: used)
        nonce.append(contentsOf: [0, 0, 0, 0])
        frame.copyBytes(from: nonce)
        let end = frame.count - AesGcm.tagLength
        let tag = try cipher.seal(
            UnsafeMutableRawBufferPointer(rebasing: frame[AesGcm.nonceLength..<end]), nonce: nonce,
            authenticated: authenticated)
        UnsafeMutableRawBufferPointer(rebasing: frame[end...]).copyBytes(from: tag)
    }

    /// Decrypts in place and returns the LZ4 frame; nil when the bytes or the key are others.
    func open(
        _ frame: UnsafeMutableRawBufferPointer, authenticated: UnsafeRawBufferPointer
    ) -> UnsafeRawBufferPointer? {
        guard frame.count >= Self.overhead else { return nil }
        let raw = UnsafeRawBufferPointer(frame)
        let end = frame.count - AesGcm.tagLength
        let text = UnsafeMutableRawBufferPointer(rebasing: frame[AesGcm.nonceLength..<end])
        let opened = cipher.open(
            text, tag: raw.bytes(end..<frame.count), nonce: raw.bytes(0..<AesGcm.nonceLength),
            authenticated: authenticated)
        return opened ? UnsafeRawBufferPointer(text) : nil
    }
}
