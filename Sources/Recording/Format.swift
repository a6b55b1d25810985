import Glibc

/// Sizes and bounds of the recording format, docs/recording-format.md. All numbers are little-endian.
enum Format {
    static let version: UInt32 = 2
    static let segmentMagic = Array("SLUICSEG".utf8)
    static let blockMagic = Array("SLBLOCK2".utf8)
    static let sealMagic = Array("SLSEAL02".utf8)
    static let headMagic = Array("SLUICEHD".utf8)
    static let segmentHeaderSize = 240
    static let segmentHeaderHashed = 208
    static let segmentSuffix = ".slseg"
    static let blockHeaderSize = 96
    static let blockHeaderHashed = 32
    static let headSize = 168
    static let headAuthenticated = 136
    static let maxReplicaBytes = 56
    static let maxSessionBytes = 128
    /// Bytes of a `session_resumed` record, with two session ids, a replica's name, a chain value and their frames.
    static let maxResumedBytes = 512
    /// Payload of one block before compression.
    static let maxBlockBytes = 64 << 20
    /// The same as an LZ4 frame: at most 1/255 larger than its content, plus frame and checksum.
    static let maxFrameBytes = maxBlockBytes + maxBlockBytes / 255 + 1024
    /// Sessions and notices of one block, in the clear: at most a little more than the records that they are of.
    static let maxManifestBytes = 80 << 20
    /// A block's frame as it is stored: nonce and tag too when it is encrypted.
    static let maxStoredBytes = maxFrameBytes + AesGcm.nonceLength + AesGcm.tagLength
    /// Open, and as many ended, sessions whose entries of at most 138 bytes fit in a seal.
    static let maxSealedSessions = 100_000
    /// Of blocks and of records of a replica: far from where counting overflows.
    static let maxCount: UInt64 = 1 << 60
    static let maxSegments: UInt64 = 99_999_999

    static func segmentName(_ number: UInt64) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, 8 - digits.count)) + digits + segmentSuffix
    }

    /// The number of a segment file's name, nil for any other name.
    static func segmentNumber(_ name: String) -> UInt64? {
        guard name.hasSuffix(segmentSuffix), let number = UInt64(name.dropLast(segmentSuffix.utf8.count)),
            segmentName(number) == name,
            number > 0
        else { return nil }
        return number
    }

    /// A replica's name becomes a directory's name: letters, digits, `-`, `_` and `.`, not a dot first.
    static func isReplicaName(_ name: String) -> Bool {
        let bytes = name.utf8
        guard !bytes.isEmpty, bytes.count <= maxReplicaBytes, bytes.first != UInt8(ascii: ".") else { return false }
        return bytes.allSatisfy { byte in
            (byte >= UInt8(ascii: "a") && byte <= UInt8(ascii: "z"))
                || (byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z"))
                || (byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9"))
                || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_") || byte == UInt8(ascii: ".")
        }
    }
}

extension [UInt8] {
    mutating func append(little value: some FixedWidthInteger) {
        Swift.withUnsafeBytes(of: value.littleEndian) { append(contentsOf: $0) }
    }

    mutating func append(padded text: String, to length: Int) {
        append(contentsOf: text.utf8)
        append(contentsOf: repeatElement(0, count: length - text.utf8.count))
    }
}

extension UnsafeRawBufferPointer {
    func little<Number: FixedWidthInteger>(_ offset: Int, as type: Number.Type = Number.self) -> Number {
        Number(littleEndian: loadUnaligned(fromByteOffset: offset, as: Number.self))
    }

    func bytes(_ range: Range<Int>) -> [UInt8] { Array(self[range]) }

    /// Position of the first byte that differs from `expected`, which starts at 0.
    func firstDifference(from expected: [UInt8]) -> Int? {
        expected.indices.first { $0 >= count || self[$0] != expected[$0] }
    }
}

/// A reason to reject bytes, with the place in the structure.
struct FormatProblem: Error {
    let offset: Int
    let reason: String
    init(_ offset: Int, _ reason: String) {
        self.offset = offset
        self.reason = reason
    }
}
