import Foundation
import Testing

@testable import Recording

/// Against an authority that `openssl ts` is.
@Suite struct TimestampTests {
    private let folder = try? Scratch()

    private func openssl(_ arguments: [String], in path: String) throws {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/openssl")
        process.arguments = arguments
        process.currentDirectoryURL = URL(filePath: path)
        process.standardError = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0, "openssl \(arguments)")
    }

    /// An authority with a certificate of its own, and another one.
    private func authority(_ name: String, in path: String) throws {
        try openssl(
            [
                "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "\(name).key", "-out", "\(name).pem",
                "-days",
                "30", "-subj", "/CN=\(name)", "-addext", "basicConstraints=critical,CA:FALSE", "-addext",
                "extendedKeyUsage=critical,timeStamping", "-addext", "keyUsage=critical,digitalSignature",
            ], in: path)
        let configuration = """
            [tsa]
            serial = \(path)/serial
            signer_cert = \(path)/\(name).pem
            signer_key = \(path)/\(name).key
            signer_digest = sha256
            default_policy = 1.2.3.4
            digests = sha256
            accuracy = secs:1
            """
        try Data(configuration.utf8).write(to: URL(filePath: path + "/\(name).conf"))
    }

    private func answer(_ request: [UInt8], _ name: String, in path: String) throws -> [UInt8] {
        try Data(request).write(to: URL(filePath: path + "/request.tsq"))
        try openssl(
            [
                "ts", "-reply", "-config", "\(name).conf", "-section", "tsa", "-queryfile", "request.tsq", "-out",
                "reply.tsr",
            ],
            in: path)
        return [UInt8](try Data(contentsOf: URL(filePath: path + "/reply.tsr")))
    }

    @Test func onlyTheAuthoritysWordOnTheseBytesCounts() throws {
        let path = try #require(folder?.path)
        try authority("one", in: path)
        try authority("two", in: path)
        let bytes = Array("a checkpoint".utf8)
        let request = try Timestamp.request(for: bytes)
        let response = try answer(request, "one", in: path)
        func check(
            _ response: [UInt8], _ bytes: [UInt8], _ request: [UInt8]?, _ name: String = "one"
        ) throws -> Int64 {
            try Timestamp.check(
                response, of: bytes, request: request, authorities: path + "/\(name).pem", file: "reply.tsr")
        }
        let now = Int64(Date().timeIntervalSince1970)
        #expect(abs(try check(response, bytes, request) - now) < 3600)
        #expect(abs(try check(response, bytes, nil) - now) < 3600)
        #expect(throws: RecordingError.self) { try check(response, bytes + [0], request) }
        #expect(throws: RecordingError.self) { try check(response, bytes, try Timestamp.request(for: bytes)) }
        #expect(throws: RecordingError.self) { try check(response, bytes, request, "two") }
        #expect(throws: RecordingError.self) { try check(Array("no timestamp".utf8), bytes, request) }
        #expect(throws: RecordingError.self) { try check(response, bytes, request, "nothing") }
        for index in stride(from: 0, to: response.count, by: 7) {
            var changed = response
            changed[index] ^= 0x01
            // What is not signed (certificates that are sent along) may change; what it says may not.
            if let time = try? check(changed, bytes, request) { #expect(abs(time - now) < 3600) }
        }
    }
}
