import CLZ4
import Contract

/// Memory that grows and is reused; its content is undefined after growing unless kept.
final class ReusedMemory {
    private(set) var bytes: UnsafeMutableRawBufferPointer

    init(_ capacity: Int) {
        bytes = .allocate(byteCount: max(capacity, 64), alignment: 16)
    }

    deinit { bytes.deallocate() }

    func reserve(_ capacity: Int, keeping used: Int = 0) {
        guard capacity > bytes.count else { return }
        let larger = UnsafeMutableRawBufferPointer.allocate(byteCount: max(capacity, bytes.count * 2), alignment: 16)
        if used > 0 { larger.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[..<used])) }
        bytes.deallocate()
        bytes = larger
    }
}

/// Builds one block at a time: payload, LZ4 frame, encryption, header, chain value. Buffers and contexts are reused.
final class BlockEncoder {
    private let plain = ReusedMemory(1 << 20)
    private let output = ReusedMemory(1 << 20)
    private let context: OpaquePointer
    private var preferences = LZ4F_preferences_t()
    private let hasher: ChainHasher
    private(set) var payloadLength = 0
    private(set) var records: UInt32 = 0

    init(_ hasher: ChainHasher) throws(RecordingError) {
        var context: OpaquePointer?
        guard LZ4F_isError(LZ4F_createCompressionContext(&context, UInt32(LZ4F_VERSION))) == 0, let context else {
            throw RecordingError(.unusable, "no memory for LZ4")
        }
        self.context = context
        self.hasher = hasher
        preferences.frameInfo.blockSizeID = LZ4F_max4MB
        preferences.frameInfo.blockMode = LZ4F_blockIndependent
        preferences.frameInfo.contentChecksumFlag = LZ4F_contentChecksumEnabled
        preferences.autoFlush = 1
    }

    deinit { LZ4F_freeCompressionContext(context) }

    func reset() {
        payloadLength = 0
        records = 0
    }

    /// Adds the serialised record that stands in `range` of `bytes`.
    func append(_ bytes: [UInt8], _ range: Range<Int>) {
        plain.reserve(payloadLength + 4 + range.count, keeping: payloadLength)
        plain.bytes.storeBytes(of: UInt32(range.count).littleEndian, toByteOffset: payloadLength, as: UInt32.self)
        bytes.withUnsafeBytes { append($0[range], at: payloadLength + 4) }
        records += 1
    }

    /// Bytes that are not a record: a seal's payload.
    func append(raw bytes: [UInt8]) {
        plain.reserve(payloadLength + bytes.count, keeping: payloadLength)
        bytes.withUnsafeBytes { append($0[...], at: payloadLength) }
    }

    private func append(_ bytes: Slice<UnsafeRawBufferPointer>, at place: Int) {
        UnsafeMutableRawBufferPointer(rebasing: plain.bytes[place...])
            .copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes))
        payloadLength = place + bytes.count
    }

    /// The finished block; valid until the next call of any method.
    ///
    /// - Parameter cipher: encrypts the frame; nil for a seal and where nothing is encrypted.
    func finish(
        isSeal: Bool = false, number: UInt64, previous: [UInt8], manifest: BlockManifest, key: RecordingKey,
        cipher: BlockCipher? = nil
    ) throws(RecordingError) -> (bytes: UnsafeRawBufferPointer, chain: [UInt8]) {
        let manifest = try serialized(manifest)
        guard manifest.count <= Format.maxManifestBytes else {
            throw RecordingError(.unusable, "a block's sessions do not fit in its manifest")
        }
        preferences.frameInfo.contentSize = UInt64(payloadLength)
        let bound = LZ4F_compressFrameBound(payloadLength, &preferences)
        let start = Format.blockHeaderSize + manifest.count
        output.reserve(start + BlockCipher.overhead + bound + 64)
        UnsafeMutableRawBufferPointer(rebasing: output.bytes[Format.blockHeaderSize...]).copyBytes(from: manifest)
        let frame = start + (cipher == nil ? 0 : AesGcm.nonceLength)
        let packed = try compress(into: UnsafeMutableRawBufferPointer(rebasing: output.bytes[frame...]))
        let frameLength = packed + (cipher == nil ? 0 : BlockCipher.overhead)
        BlockHeader.write(
            isSeal: isSeal, number: number, payloadLength: payloadLength, frameLength: frameLength, records: records,
            manifestLength: manifest.count, into: output.bytes)
        let header = UnsafeRawBufferPointer(rebasing: output.bytes[..<Format.blockHeaderHashed])
        let end = start + frameLength
        try cipher?.seal(
            UnsafeMutableRawBufferPointer(rebasing: output.bytes[start..<end]), authenticated: header)
        let content = try hasher.link(
            previous: previous, header: header,
            payload: UnsafeRawBufferPointer(rebasing: output.bytes[Format.blockHeaderSize..<end]))
        let code = try authenticationCode(content, key: key.authentication)
        let chain = try hasher.digest(content + code)
        UnsafeMutableRawBufferPointer(rebasing: output.bytes[Format.blockHeaderHashed...]).copyBytes(from: chain + code)
        return (UnsafeRawBufferPointer(rebasing: output.bytes[..<end]), chain)
    }

    private func compress(into frame: UnsafeMutableRawBufferPointer) throws(RecordingError) -> Int {
        var options = LZ4F_compressOptions_t()
        options.stableSrc = 1
        var length = try checked(LZ4F_compressBegin(context, frame.baseAddress, frame.count, &preferences))
        if payloadLength > 0 {
            length += try checked(
                LZ4F_compressUpdate(
                    context, frame.baseAddress.map { $0 + length }, frame.count - length, plain.bytes.baseAddress,
                    payloadLength, &options))
        }
        return length
            + (try checked(
                LZ4F_compressEnd(context, frame.baseAddress.map { $0 + length }, frame.count - length, &options)))
    }

    private func checked(_ result: Int) throws(RecordingError) -> Int {
        guard LZ4F_isError(result) == 0 else {
            throw RecordingError(.unusable, "LZ4: \(String(cString: LZ4F_getErrorName(result)))")
        }
        return result
    }
}

/// Unpacks one block's LZ4 frame at a time into reused memory.
final class FrameDecoder {
    private let context: OpaquePointer
    private let output = ReusedMemory(1 << 20)

    init() throws(RecordingError) {
        var context: OpaquePointer?
        guard LZ4F_isError(LZ4F_createDecompressionContext(&context, UInt32(LZ4F_VERSION))) == 0, let context else {
            throw RecordingError(.unusable, "no memory for LZ4")
        }
        self.context = context
    }

    deinit { LZ4F_freeDecompressionContext(context) }

    /// The payload, which must have exactly `length` bytes; nil when the frame is damaged. Valid until the next call.
    func decode(_ frame: UnsafeRawBufferPointer, length: Int) -> UnsafeRawBufferPointer? {
        output.reserve(length)
        var consumed = 0
        var produced = 0
        while true {
            var source = frame.count - consumed
            var target = length - produced
            let state = LZ4F_decompress(
                context, output.bytes.baseAddress.map { $0 + produced }, &target,
                frame.baseAddress.map { $0 + consumed }, &source, nil)
            consumed += source
            produced += target
            if state == 0 { break }
            guard LZ4F_isError(state) == 0, source > 0 || target > 0 else {
                LZ4F_resetDecompressionContext(context)
                return nil
            }
        }
        guard consumed == frame.count, produced == length else { return nil }
        return UnsafeRawBufferPointer(rebasing: output.bytes[..<length])
    }
}
