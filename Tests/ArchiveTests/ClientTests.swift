import Foundation
import Glibc
import Recording
import TestKit
import Testing

@testable import Archive

/// One server for all, and some kill it.
@Suite("Archive", .serialized) enum ArchiveTests {}

@Suite("S3 requests")
struct S3RequestTests {
    @Test(
        arguments: [
            ([], ""),
            ([("uploads", "")], "uploads="),
            ([("uploadId", "2~a/b"), ("partNumber", "7")], "partNumber=7&uploadId=2~a%2Fb"),
            (
                [("prefix", "a b/ü+"), ("uploads", ""), ("key-marker", "x&y=")],
                "key-marker=x%26y%3D&prefix=a%20b%2F%C3%BC%2B&uploads="
            ),
        ] as [([(String, String)], String)])
    func queriesAreCanonical(_ query: [(String, String)], _ expected: String) {
        #expect(S3Settings.canonical(query) == expected)
    }

    @Test(arguments: [
        (true, "http://h:1/bucket/k/1?uploads="), (false, "http://bucket.h:1/k/1?uploads="),
    ])
    func bucketsStandWhereTheyAreSaidTo(_ isPathStyle: Bool, _ expected: String) {
        let settings = S3Settings(
            endpoint: "http://h:1", bucket: "bucket", isPathStyle: isPathStyle,
            credentials: S3Credentials(accessKey: "a", secretKey: "s"))
        #expect(settings.url("k/1", [("uploads", "")]) == expected)
    }

    @Test(arguments: [
        (
            403, "<Error><Code>SignatureDoesNotMatch</Code><StringToSign>secret</StringToSign></Error>", "denied",
            "secret_key is not"
        ),
        (
            403, "<Error><Code>InvalidAccessKeyId</Code><AWSAccessKeyId>AKIA</AWSAccessKeyId></Error>", "denied",
            "access_key"
        ),
        (404, "<Error><Code>NoSuchBucket</Code></Error>", "missing", "there is no such bucket"),
        (404, "", "missing", "HTTP status 404"),
        (503, "<Error><Code>SlowDown</Code></Error>", "unavailable", "SlowDown"),
        (400, "<Error><Code>RequestTimeout</Code></Error>", "unavailable", "RequestTimeout"),
        (400, "<Error><Code>../\u{1b}[31m</Code></Error>", "refused", "HTTP status 400"),
        (301, "<html>", "refused", "HTTP status 301"),
    ])
    func answersBecomeErrors(_ status: Int, _ body: String, _ code: String, _ text: String) {
        let error = S3Error(status: status, body: Array(body.utf8), what: "try")
        #expect(error.code.name == code)
        #expect(error.detail.contains(text))
        for secret in ["secret<", "AKIA", "\u{1b}", "<html"] { #expect(!error.detail.contains(secret)) }
    }

    @Test func credentialsAreNeverShown() {
        let credentials = S3Credentials(accessKey: "AKIA-shown", secretKey: "hunter2")
        let settings = S3Settings(endpoint: "http://h", bucket: "b", credentials: credentials)
        var dumped = ""
        dump(settings, to: &dumped)
        for text in ["\(credentials)", String(reflecting: credentials), dumped, "\(settings)"] {
            #expect(!text.contains("hunter2") && !text.contains("AKIA-shown"))
        }
    }

    @Test(arguments: [0, 1, 9, 10, 11, 20, 25])
    func filesAreDigestedInParts(_ size: Int) throws {
        let directory = try TemporaryDirectory()
        let bytes = (0..<size).map { UInt8($0) }
        try Data(bytes).write(to: URL(filePath: directory.file("f")))
        let descriptor = open(directory.file("f"), O_RDONLY)
        defer { close(descriptor) }
        let digest = try FileDigest(descriptor: descriptor, partBytes: 10) { true }
        #expect(digest.size == Int64(size) && digest.whole == SHA256Hasher.digest(bytes))
        #expect(digest.parts.count == max(1, (size + 9) / 10))
        for (index, part) in digest.parts.enumerated() {
            let (offset, length) = digest.range(of: index)
            #expect(part == SHA256Hasher.digest(Array(bytes[Int(offset)..<Int(offset + length)])))
        }
        #expect(throws: S3Error.cancelled) { try FileDigest(descriptor: descriptor, partBytes: 10) { false } }
    }
}

extension ArchiveTests {
    @Suite("Uploads")
    struct UploadTests {
        private static func file(_ size: Int) throws -> (TemporaryDirectory, Int32, Data) {
            let directory = try TemporaryDirectory()
            let bytes = Data((0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 8) })
            try bytes.write(to: URL(filePath: directory.file("f")))
            return (directory, open(directory.file("f"), O_RDONLY), bytes)
        }

        @Test(arguments: [1, 5 << 20, (5 << 20) + 1, 12 << 20])
        func whatIsUploadedIsThereAndProven(_ size: Int) async throws {
            let store = try await Store()
            let (_, descriptor, bytes) = try Self.file(size)
            defer { close(descriptor) }
            let result = try Uploader(client: store.client()).upload(
                descriptor: descriptor, as: store.key("f"), isLocked: true)
            #expect(result.size == Int64(size))
            #expect(try await store.server.request("GET", store.path("f")).body == bytes)
            #expect(try store.client().uploads(prefix: "").isEmpty)
        }

        @Test func otherBytesInTheStoreAreNoProof() async throws {
            let store = try await Store()
            let (_, descriptor, bytes) = try Self.file(1000)
            defer { close(descriptor) }
            // Of the same size, and said to be the same.
            let claim = "x-amz-meta-sha256: \(hexadecimal(SHA256Hasher.digest(Array(bytes))))"
            let status = try await store.server.request(
                "PUT", store.path("f"), headers: [claim], body: Data(repeating: 0x61, count: 1000)
            ).status
            #expect(status == 200)
            let result = try Uploader(client: store.client()).upload(
                descriptor: descriptor, as: store.key("f"), isLocked: false)
            #expect(result.proof == .read)
            #expect(try await store.server.request("GET", store.path("f")).body == bytes)
        }

        @Test func aMissingLockIsNoProof() async throws {
            var store = try await Store(withLock: true)
            let (_, descriptor, _) = try Self.file(1000)
            defer { close(descriptor) }
            _ = try Uploader(client: store.client()).upload(descriptor: descriptor, as: store.key("f"), isLocked: false)
            store.settings.lock = S3Settings.Lock(mode: "COMPLIANCE", days: 3)
            let result = try Uploader(client: store.client()).upload(
                descriptor: descriptor, as: store.key("f"), isLocked: true)
            let stored = try #require(try store.client().head(store.key("f"), version: result.version))
            #expect(stored.lockMode == "COMPLIANCE")
        }

        @Test(arguments: [
            (S3Server.accessKey, "wrong-Pa55word", "secret_key is not this access key's"),
            ("AKIANOBODY", S3Server.secretKey, "there is no such access_key"),
        ])
        func wrongCredentialsAreSaidWithoutThem(_ access: String, _ secret: String, _ text: String) async throws {
            var store = try await Store()
            store.settings.credentials = S3Credentials(accessKey: access, secretKey: secret)
            let client = try store.client()
            let error = try #require(throws: S3Error.self) {
                try client.put("k", .none, digest: SHA256Hasher.digest([]), headers: [])
            }
            #expect(error.code == .denied && error.detail.contains(text), "\(error)")
            #expect(!error.detail.contains(secret) && !error.detail.contains(access))
        }

        @Test func aBucketThatIsNotThereIsSaid() async throws {
            var store = try await Store()
            store.settings.bucket = "no-such-bucket"
            let client = try store.client()
            let error = try #require(throws: S3Error.self) {
                try client.put("k", .none, digest: SHA256Hasher.digest([]), headers: [])
            }
            #expect(error.detail.contains("there is no such bucket"), "\(error)")
        }

        @Test func onlyAKnownAuthorityIsTrusted() async throws {
            var store = try await Store()
            store.settings.endpoint = store.server.tlsEndpoint
            let unknown = try store.client()
            let error = try #require(throws: S3Error.self) { try unknown.head("k", version: nil) }
            #expect(error.code == .unavailable && error.detail.contains("certificate"), "\(error)")
            store.settings.certificateAuthority = store.server.authority
            #expect(try store.client().head("k", version: nil) == nil)
        }

        @Test func aCancelledTransferEnds() async throws {
            let store = try await Store()
            let client = try store.client { false }
            #expect(throws: S3Error.cancelled) { try client.head("k", version: nil) }
        }
    }
}
