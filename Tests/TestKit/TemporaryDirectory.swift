import Foundation

/// A directory directly under /tmp, so that the paths of unix sockets in it stay below 107 bytes
/// (`sun_path`, unix(7)). Removed when the test process ends, however it ends.
public struct TemporaryDirectory: Sendable {
    public let path: String

    public init() throws {
        var template = Array("/tmp/slt-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw TestKitError("mkdtemp: errno \(errno)") }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        // The database server runs as another user and must be able to pass through.
        chmod(path, 0o755)
        Reaper.shared.remove(directory: path)
    }

    public func file(_ name: String) -> String { path + "/" + name }

    public func write(_ text: String, to name: String) throws {
        try Data(text.utf8).write(to: URL(filePath: file(name)))
    }
}
