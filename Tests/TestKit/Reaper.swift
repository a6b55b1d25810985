import Foundation
import Synchronization

/// Ends every process that the tests started, and removes their directories, once the test process is gone.
///
/// A small shell holds the read end of a pipe. Pids and directories are written to it; when the pipe closes,
/// at a normal end, a crash or a kill of the test process alike, it ends the pids it still knows, first by
/// SIGTERM, then by SIGKILL, and each with its process group.
final class Reaper: Sendable {
    static let shared = Reaper()

    private let pipeEnd: Mutex<Int32>

    private static let script = """
        trap '' INT TERM HUP
        pids=' '; dirs=; mounts=
        while read -r what value; do
          case $what in
            start) pids="$pids$value " ;;
            ended) pids="${pids%% $value *} ${pids#* $value }" ;;
            remove) dirs="$dirs $value" ;;
            unmount) mounts="$value $mounts" ;;
          esac
        done
        for p in $pids; do kill -TERM "$p"; done
        n=0
        while [ $n -lt 100 ]; do
          alive=; for p in $pids; do kill -0 "$p" && alive=1; done
          [ -n "$alive" ] || break
          sleep 0.1; n=$((n + 1))
        done
        for p in $pids; do kill -KILL -- "-$p"; kill -KILL "$p"; done
        for m in $mounts; do umount -l "$m" || sudo -n umount -l "$m"; done
        for d in $dirs; do rm -rf "$d"; done
        """

    private init() {
        signal(SIGPIPE, SIG_IGN)
        guard let (reading, writing) = Spawn.pipe() else {
            pipeEnd = Mutex(-1)
            return
        }
        pipeEnd = Mutex(writing)
        let process = Spawn(
            executable: "/bin/sh", arguments: ["-c", Self.script], environment: ["PATH": "/usr/bin:/bin"],
            directory: "/", input: reading, output: "/dev/null", errors: "/dev/null")
        _ = process.start()
        close(reading)
    }

    func started(_ pid: pid_t) { tell("start \(pid)") }
    func ended(_ pid: pid_t) { tell("ended \(pid)") }
    func remove(directory: String) { tell("remove \(directory)") }
    /// Before directories are removed.
    func unmount(_ path: String) { tell("unmount \(path)") }

    private func tell(_ line: String) {
        let bytes = Array((line + "\n").utf8)
        pipeEnd.withLock { descriptor in
            _ = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
        }
    }
}
