import Foundation

/// A file system of a known size that can be filled to the last byte: a tmpfs, mounted with root's rights.
public struct SmallDisk: Sendable {
    public let path: String

    /// Mounts it at `path`, a directory that is made when it is missing. It goes when the tests end.
    public init(at path: String, megabytes: Int, in directory: TemporaryDirectory) async throws {
        self.path = path
        if mkdir(path, 0o700) != 0, errno != EEXIST { throw TestKitError("mkdir \(path): errno \(errno)") }
        let options = "size=\(megabytes)m,mode=0700,uid=\(geteuid()),gid=\(getegid())"
        let arguments = ["-t", "tmpfs", "-o", options, "sluice-test", path]
        let mounted =
            try geteuid() == 0
            ? await Child("mount", arguments, directory: directory).finish()
            : await Child("sudo", ["-n", "mount"] + arguments, directory: directory, label: "mount").finish()
        guard mounted.status == 0 else { throw TestKitError("a small disk needs root: \(mounted.transcript)") }
        Reaper.shared.unmount(path)
    }

    private var filler: String { path + "/filler" }

    /// Takes all the space that is left.
    public func fill() throws {
        let descriptor = open(filler, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw TestKitError("open \(filler): errno \(errno)") }
        defer { close(descriptor) }
        let bytes = [UInt8](repeating: 0, count: 1 << 20)
        var size = bytes.count
        // What others free meanwhile is taken too; the last bytes go page by page.
        while size >= 512 {
            let written = write(descriptor, bytes, size)
            if written < 0 {
                guard errno == ENOSPC else { throw TestKitError("write \(filler): errno \(errno)") }
                size /= 2
            }
        }
    }

    public func free() throws {
        if unlink(filler) != 0, errno != ENOENT { throw TestKitError("unlink \(filler): errno \(errno)") }
    }
}
