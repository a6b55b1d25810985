import StrictYAML
import Testing

@testable import Configuration

@Suite("The archive's settings")
struct ArchiveSettingsTests {
    private static func read(_ lines: [String]) throws -> ArchiveSettings? {
        let text = "recording:\n  archive:\n" + lines.map { "    \($0)\n" }.joined()
        return try parse(extra: text).recording.archive
    }

    private static let least = [
        "endpoint: https://s3.example.com", "bucket: acme",
        "credentials: {access_key: {env: A}, secret_key: {file: s}}",
    ]

    @Test func whatIsNotSaidHasItsDefault() throws {
        let settings = try #require(try Self.read(Self.least))
        #expect(settings.prefix == "" && settings.region == "us-east-1" && settings.addressing == .path)
        #expect(settings.partBytes == 16 << 20 && settings.lock == nil && settings.keepLocal == .everything)
        #expect(settings.secretEnvironmentNames == ["A"] && settings.secretKey == .file("/srv/app/s"))
        #expect(try parse().recording.archive == nil)
    }

    @Test(arguments: [
        ("keep_local: 7d", KeepLocal.limited(seconds: 604_800, bytes: nil)),
        ("keep_local: {age: 1h}", .limited(seconds: 3600, bytes: nil)),
        ("keep_local: {size: 1GiB}", .limited(seconds: nil, bytes: 1 << 30)),
        ("keep_local: {age: 1h, size: 1GiB}", .limited(seconds: 3600, bytes: 1 << 30)),
    ])
    func whatStaysIsSaid(_ line: String, _ expected: KeepLocal) throws {
        #expect(try Self.read(Self.least + [line])?.keepLocal == expected)
    }

    @Test func everythingCanBeSaid() throws {
        let settings = try #require(
            try Self.read(
                Self.least + [
                    "prefix: prod/recordings/", "region: eu-central-1", "addressing: virtual", "ca: ca.pem",
                    "part_size: 8MiB", "lock: {mode: compliance, days: 400}", "cache: 1GiB",
                ]))
        #expect(settings.prefix == "prod/recordings/" && settings.addressing == .virtual)
        #expect(settings.certificateAuthority == "/srv/app/ca.pem" && settings.partBytes == 8 << 20)
        #expect(settings.lock?.mode == .compliance && settings.lock?.days == 400 && settings.cacheBytes == 1 << 30)
    }

    @Test(arguments: [
        ("endpoint: http://s3.example.com", "by https:// only"), ("endpoint: s3.example.com", "expected https://"),
        ("endpoint: https://s3.example.com/path", "without a path"), ("endpoint: https://u:p@h", "without a path"),
        ("bucket: A", "a bucket's name"), ("bucket: a..b", "a bucket's name"), ("prefix: /a", "expected a path"),
        ("prefix: a/../b", "expected a path"), ("prefix: \"a b\"", "expected a path"), ("region: \"eu:1\"", "a region"),
        ("part_size: 1MiB", "5MiB to 1GiB"), ("lock: {mode: forever, days: 1}", "forever"),
        ("lock: {mode: compliance, days: 0}", "out of range"), ("keep_local: {}", "age, size or both"),
        ("credentials: {access_key: a}", "secret_key"), ("retention: 1d", "retention"),
    ])
    func mistakesAreRefused(_ line: String, _ message: String) {
        let key = String(line.prefix { $0 != ":" })
        let lines = Self.least.filter { !$0.hasPrefix(key + ":") } + [line]
        let error = failure(extra: "recording:\n  archive:\n" + lines.map { "    \($0)\n" }.joined())
        #expect(error?.message.contains(message) == true, "\(error.map { "\($0)" } ?? "accepted")")
    }

    @Test func anArchiverRunsWithAnArchiveAlone() throws {
        let text = "recording:\n  archive:\n" + Self.least.map { "    \($0)\n" }.joined()
        let first = try #require(try parse(extra: text).startOrder.first)
        #expect(first.name == "archiver" && first.replicas == 1 && first.bounds == 1...1 && first.soleReason != nil)
        #expect(try !parse().runs(.archiver))
        #expect(try !parse().startOrder.map(\.name).contains("archiver"))
        #expect(failure(extra: "stages:\n  archiver: {replicas: 2}\n")?.message.contains("archiver runs once") == true)
    }
}
