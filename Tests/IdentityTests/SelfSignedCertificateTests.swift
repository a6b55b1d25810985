import Foundation
import Testing

@testable import Identity

@Suite struct SelfSignedCertificateTests {
    private func withDirectory(_ body: (String) throws -> Void) throws {
        let directory = NSTemporaryDirectory() + "sluice-tls-" + UUID().uuidString
        defer { try? FileManager.default.removeItem(atPath: directory) }
        try body(directory)
    }

    @Test func isMadeOnceAndKept() throws {
        try withDirectory { directory in
            let first = try SelfSignedCertificate.ensure(directory: directory)
            #expect(first.sha256Fingerprint.utf8.count == 64)
            for path in [first.certificatePath, first.keyPath] {
                let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
                #expect(mode == 0o600)
                #expect(try String(contentsOfFile: path, encoding: .utf8).hasPrefix("-----BEGIN "))
            }
            #expect(try SelfSignedCertificate.ensure(directory: directory) == first)
            #expect(try FileManager.default.contentsOfDirectory(atPath: directory).count == 2)
        }
    }

    @Test func anInterruptedRunIsTakenUp() throws {
        try withDirectory { directory in
            let first = try SelfSignedCertificate.ensure(directory: directory)
            let key = try Data(contentsOf: URL(fileURLWithPath: first.keyPath))
            try FileManager.default.removeItem(atPath: first.certificatePath)
            try Data("half".utf8).write(to: URL(fileURLWithPath: first.certificatePath + ".new"))
            let second = try SelfSignedCertificate.ensure(directory: directory)
            #expect(second != first)
            #expect(try Data(contentsOf: URL(fileURLWithPath: second.keyPath)) == key)
        }
    }

    @Test func aLostOrForeignKeyIsReportedNotReplaced() throws {
        try withDirectory { directory in
            let made = try SelfSignedCertificate.ensure(directory: directory)
            let other = try SelfSignedCertificate.ensure(directory: directory + "/other")
            try FileManager.default.removeItem(atPath: made.keyPath)
            #expect(throws: CertificateError.self) { try SelfSignedCertificate.ensure(directory: directory) }
            try FileManager.default.copyItem(atPath: other.keyPath, toPath: made.keyPath)
            #expect(throws: CertificateError.self) { try SelfSignedCertificate.ensure(directory: directory) }
            try Data("garbage".utf8).write(to: URL(fileURLWithPath: made.keyPath))
            #expect(throws: CertificateError.self) { try SelfSignedCertificate.ensure(directory: directory) }
        }
    }

    @Test func manyAtOnceGetTheSame() async throws {
        let directory = NSTemporaryDirectory() + "sluice-tls-" + UUID().uuidString
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let fingerprints = try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<6 {
                group.addTask { try SelfSignedCertificate.ensure(directory: directory).sha256Fingerprint }
            }
            return try await group.reduce(into: Set<String>()) { $0.insert($1) }
        }
        #expect(fingerprints.count == 1)
    }
}
