import COpenSSL
import Foundation
import Glibc

/// SHA-256 of what is given piece by piece.
final class SHA256Hasher {
    private let context: OpaquePointer?

    init() {
        context = EVP_MD_CTX_new()
        EVP_DigestInit_ex(context, EVP_sha256(), nil)
    }

    deinit { EVP_MD_CTX_free(context) }

    func add(_ bytes: UnsafeRawBufferPointer) { EVP_DigestUpdate(context, bytes.baseAddress, bytes.count) }

    /// The digest; nothing may be added after it.
    func finish() -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: 32)
        EVP_DigestFinal_ex(context, &digest, nil)
        return digest
    }

    static func digest(_ bytes: [UInt8]) -> [UInt8] {
        let hasher = SHA256Hasher()
        bytes.withUnsafeBytes { hasher.add($0) }
        return hasher.finish()
    }
}

/// What an open file has: its size and its digests, as a whole and in parts.
struct FileDigest {
    private static let bufferBytes = 1 << 20

    var size: Int64 = 0
    var whole: [UInt8] = []
    /// Of each part of ``partBytes``, the last one shorter; one for a file that is no larger.
    var parts: [[UInt8]] = []
    let partBytes: Int64

    /// Reads the whole file.
    init(descriptor: Int32, partBytes: Int, goesOn: () -> Bool) throws(S3Error) {
        self.partBytes = Int64(partBytes)
        let all = SHA256Hasher()
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.bufferBytes, alignment: 16)
        defer { buffer.deallocate() }
        var part = SHA256Hasher()
        var inPart: Int64 = 0
        while true {
            guard goesOn() else { throw .cancelled }
            let room = Int(min(Int64(buffer.count), self.partBytes - inPart))
            let count = pread(descriptor, buffer.baseAddress, room, Int(size))
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else {
                throw S3Error(.local, "a segment cannot be read: \(String(cString: strerror(errno)))")
            }
            guard count > 0 else { break }
            let piece = UnsafeRawBufferPointer(rebasing: buffer[..<count])
            all.add(piece)
            part.add(piece)
            size += Int64(count)
            inPart += Int64(count)
            if inPart == self.partBytes {
                parts.append(part.finish())
                part = SHA256Hasher()
                inPart = 0
            }
        }
        if inPart > 0 || parts.isEmpty { parts.append(part.finish()) }
        whole = all.finish()
    }

    /// The part's place in the file.
    func range(of part: Int) -> (offset: Int64, length: Int64) {
        let offset = Int64(part) * partBytes
        return (offset, min(partBytes, size - offset))
    }

    /// What S3 gives as the checksum of an object of these parts: of the whole, or of the parts' checksums with their number
    /// (Amazon S3 User Guide, "checking object integrity").
    var checksum: String {
        guard parts.count > 1 else { return base64(whole) }
        return base64(SHA256Hasher.digest(Array(parts.joined()))) + "-\(parts.count)"
    }
}

func base64(_ bytes: [UInt8]) -> String { Data(bytes).base64EncodedString() }

func hexadecimal(_ bytes: [UInt8]) -> String {
    bytes.map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
}
