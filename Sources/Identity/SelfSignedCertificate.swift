import COpenSSL
import Foundation
import Glibc

/// The certificate that listeners use until the operator gives them another.
public struct SelfSignedCertificate: Sendable, Equatable {
    public let certificatePath: String
    public let keyPath: String
    /// SHA-256 of the certificate's DER form, in lower-case hexadecimal.
    public let sha256Fingerprint: String

    static let certificateName = "cert.pem"
    static let keyName = "key.pem"
    /// The longest that common clients accept, in days.
    static let validDays = 825
    /// Larger than any certificate or key in PEM form, in bytes.
    private static let maximumFileByteCount = 1 << 20

    /// Finds `cert.pem` and `key.pem` in the directory, or creates both (mode 0600): P-256, `CN=sluice`, for
    /// `localhost`, `127.0.0.1` and `::1`. Each file appears whole or not at all; a key left by an interrupted run
    /// is used again.
    public static func ensure(directory: String) throws(CertificateError) -> SelfSignedCertificate {
        do {
            try FileManager.default.createDirectory(
                atPath: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            return try DirectoryLock.holding(directory) { try ensureLocked(directory) }
        } catch let error as CertificateError {
            throw error
        } catch {
            throw CertificateError("cannot prepare the TLS certificate in \(directory): \(error)")
        }
    }

    private static func ensureLocked(_ directory: String) throws(CertificateError) -> SelfSignedCertificate {
        let certificatePath = directory + "/" + certificateName
        let keyPath = directory + "/" + keyName
        let storedKey = try read(keyPath)
        let storedCertificate = try read(certificatePath)

        let fingerprint: String
        switch (storedCertificate, storedKey) {
        case (let certificate?, let key?):
            fingerprint = try CertificateMaker.fingerprint(certificatePEM: certificate, keyPEM: key)
        case (.some, nil):
            throw CertificateError(
                "\(certificatePath) has no \(keyName) beside it; put the key back or remove the file")
        case (nil, let key?):
            fingerprint = try issue(keyPEM: key, certificatePath)
        case (nil, nil):
            let key = try CertificateMaker.newKeyPEM()
            try write(key, keyPath)
            fingerprint = try issue(keyPEM: key, certificatePath)
        }
        return SelfSignedCertificate(
            certificatePath: certificatePath, keyPath: keyPath, sha256Fingerprint: fingerprint)
    }

    private static func issue(keyPEM: [UInt8], _ path: String) throws(CertificateError) -> String {
        let certificate = try CertificateMaker.selfSignedPEM(keyPEM: keyPEM, validDays: validDays)
        try write(certificate, path)
        return try CertificateMaker.fingerprint(certificatePEM: certificate, keyPEM: keyPEM)
    }

    private static func read(_ path: String) throws(CertificateError) -> [UInt8]? {
        guard let file = fopen(path, "re") else {
            if errno == ENOENT { return nil }
            throw CertificateError("cannot read \(path): \(String(cString: strerror(errno)))")
        }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: maximumFileByteCount)
        let count = fread(&bytes, 1, bytes.count, file)
        return Array(bytes.prefix(count))
    }

    private static func write(_ bytes: [UInt8], _ path: String) throws(CertificateError) {
        let temporary = path + ".new"
        unlink(temporary)
        let descriptor = open(temporary, O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw CertificateError("cannot create \(temporary): \(String(cString: strerror(errno)))")
        }
        let written = Glibc.write(descriptor, bytes, bytes.count)
        let synced = fsync(descriptor)
        close(descriptor)
        guard written == bytes.count, synced == 0, rename(temporary, path) == 0 else {
            unlink(temporary)
            throw CertificateError("cannot write \(path): \(String(cString: strerror(errno)))")
        }
    }
}

/// Why no certificate could be had. The message may be shown to the operator.
public struct CertificateError: Error, Sendable, Equatable, CustomStringConvertible {
    public let message: String
    public init(_ message: String) { self.message = message }
    public var description: String { message }
}
