import Foundation

/// A directory directly under /tmp, so that the paths of unix sockets in it stay below 107 bytes
/// (`sun_path`, unix(7)). It is removed once nothing holds it any more, no child process that was started in it either,
/// and with the test process at the latest, however that ends.
public struct TemporaryDirectory: Sendable {
    public let path: String
    private let owner: Owner

    public init() throws {
        var template = Array("/tmp/slt-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw TestKitError("mkdtemp: errno \(errno)") }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        // The database server runs as another user and must be able to pass through.
        chmod(path, 0o755)
        Reaper.shared.remove(directory: path)
        owner = Owner(path)
    }

    public func file(_ name: String) -> String { path + "/" + name }

    public func write(_ text: String, to name: String) throws {
        try Data(text.utf8).write(to: URL(filePath: file(name)))
    }
}

/// Removes the directory when it goes: hundreds of databases and recordings do not fit on the disk together.
private final class Owner: Sendable {
    private let path: String

    init(_ path: String) { self.path = path }

    deinit {
        // What is mounted in it is not the test's to empty; ``Reaper`` unmounts first.
        guard let mounts = try? String(contentsOfFile: "/proc/self/mountinfo", encoding: .utf8),
            !mounts.contains(" \(path)/")
        else { return }
        try? FileManager.default.removeItem(atPath: path)
    }
}
