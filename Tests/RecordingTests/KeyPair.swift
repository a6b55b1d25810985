import Foundation
import Recording
import Testing

/// A private key and its public key, made by `openssl`.
struct KeyPair {
    /// Algorithms, as `openssl genpkey` takes them.
    static let x25519 = ["-algorithm", "X25519"]
    static let rsa = ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"]

    let file: String
    let recipient: Recipient

    init(_ name: String, _ algorithm: [String], in folder: String) throws {
        file = folder + "/" + name + ".pem"
        try Self.openssl(["genpkey", "-out", file] + algorithm)
        try Self.openssl(["pkey", "-in", file, "-pubout", "-out", folder + "/" + name + ".pub"])
        recipient = try Recipient(file: folder + "/" + name + ".pub")
    }

    var keys: DecryptionKeys { get throws { try DecryptionKeys(files: [file]) } }

    private static func openssl(_ arguments: [String]) throws {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/openssl")
        process.arguments = arguments
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
    }
}
