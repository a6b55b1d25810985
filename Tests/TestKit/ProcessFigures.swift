import Foundation

/// What one process holds, from `/proc` (proc(5)).
public struct ProcessFigures: Sendable {
    public let descriptors: Int
    /// Those of ``descriptors`` that are sockets and what ZeroMQ wakes itself with.
    public let links: Int
    /// Resident memory, KiB.
    public let resident: Int

    /// Nil when there is no such process.
    public init?(of pid: pid_t) {
        guard let entries = Self.entries("/proc/\(pid)/fd"), let status = Self.text("/proc/\(pid)/status") else {
            return nil
        }
        descriptors = entries.count
        links = entries.count { Self.isLink("/proc/\(pid)/fd/\($0)") }
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
        guard let size = line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap({ Int($0) }) else {
            return nil
        }
        resident = size
    }

    /// Every process that was started for the bus in `directory`: the stages, whoever their parent is now.
    public static func stages(ofBus directory: String) -> Set<pid_t> {
        let wanted = "SLUICE_BUS=\(directory)"
        let pids = (entries("/proc") ?? []).compactMap { pid_t($0) }
        return Set(
            pids.filter { pid in
                (text("/proc/\(pid)/environ") ?? "").split(separator: "\0").contains { $0 == wanted }
            })
    }

    private static func entries(_ directory: String) -> [String]? {
        do {
            return try FileManager.default.contentsOfDirectory(atPath: directory)
        } catch {
            return nil  // It ended meanwhile.
        }
    }

    private static func isLink(_ path: String) -> Bool {
        do {
            let target = try FileManager.default.destinationOfSymbolicLink(atPath: path)
            return target.hasPrefix("socket:") || target == "anon_inode:[eventfd]"
        } catch {
            return false  // It was closed meanwhile.
        }
    }

    private static func text(_ path: String) -> String? {
        FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) }
    }
}
