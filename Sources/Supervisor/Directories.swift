import Configuration
import Glibc

/// Makes the installation's directories and keys, and checks that nobody else can write to what is there.
enum Directories {
    static let keyBytes = 32

    static func prepare(_ state: StateDirectory, stages: [String], custom: [String] = []) throws(SupervisorError) {
        for path in [state.root, state.run] { try makeParents(of: path) }
        for path in [state.root, state.run, state.bus, state.metrics, state.keys, state.recordings, state.tls] {
            try makeDirectory(path)
        }
        for stage in stages { try makeDirectory(state.inboxes(stage: stage)) }
        if !custom.isEmpty { try makeDirectory(state.stageFolders) }
        for stage in custom { try makeDirectory(state.folder(stage: stage)) }
        for path in stages.map({ state.key(stage: $0) }) + [state.maskingKey] { try makeKey(path) }
        try makeKey(state.recordingKey, of: state.recordings)
    }

    /// A directory of ours, mode 0700 when it is made here.
    static func makeDirectory(_ path: String) throws(SupervisorError) {
        if mkdir(path, 0o700) != 0, errno != EEXIST { throw .system("make \(path)") }
        var info = stat()
        guard lstat(path, &info) == 0 else { throw .system("look at \(path)") }
        guard info.st_mode & S_IFMT == S_IFDIR else { throw SupervisorError("\(path) is not a directory") }
        guard info.st_uid == geteuid() else {
            throw SupervisorError("\(path) belongs to another user (uid \(info.st_uid))")
        }
        guard info.st_mode & 0o022 == 0 else {
            throw SupervisorError("\(path) can be written by others: chmod 700 \(path)")
        }
    }

    private static func makeParents(of path: String) throws(SupervisorError) {
        var parent = ""
        for part in path.split(separator: "/").dropLast() {
            parent += "/" + part
            if mkdir(parent, 0o700) != 0, errno != EEXIST, errno != EROFS, errno != EACCES, errno != EPERM {
                throw .system("make \(parent)")
            }
        }
    }

    /// A key of random bytes that only we can read; an existing one is checked and kept. None is made when there are
    /// recordings in the folder that it is for: another key proves those.
    static func makeKey(_ path: String, of recordings: String? = nil) throws(SupervisorError) {
        var info = stat()
        if lstat(path, &info) == 0 {
            guard info.st_mode & S_IFMT == S_IFREG, info.st_uid == geteuid() else {
                throw SupervisorError("key \(path) is not a file of ours")
            }
            guard info.st_mode & 0o077 == 0 else {
                throw SupervisorError("key \(path) is open to others: chmod 600 \(path)")
            }
            guard info.st_size == keyBytes else {
                throw SupervisorError(
                    "key \(path) has \(info.st_size) bytes instead of \(keyBytes): restore it from a backup")
            }
            return
        }
        guard errno == ENOENT else { throw .system("look at \(path)") }
        let replicas = recordings.map { folder in names(in: folder).map { folder + "/" + $0 } } ?? []
        if let replica = replicas.first(where: { access($0 + "/head", F_OK) == 0 }) {
            throw SupervisorError(
                "key \(path) is missing, and there are recordings (\(replica)): restore it from a backup, or "
                    + "move the recordings away")
        }
        var generator = SystemRandomNumberGenerator()
        let key = (0..<keyBytes).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
        let temporary = "\(path).new-\(UInt64.random(in: .min ... .max, using: &generator))"
        let file = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw .system("make key \(path)") }
        defer {
            close(file)
            unlink(temporary)
        }
        guard write(file, key, keyBytes) == keyBytes, fsync(file) == 0 else { throw .system("write key \(path)") }
        // Nothing is replaced: a key that another process has made meanwhile may be in use.
        guard link(temporary, path) == 0 else {
            guard errno == EEXIST else { throw .system("write key \(path)") }
            return try makeKey(path)
        }
        let parent = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
        let folder = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { throw .system("open the folder of key \(path)") }
        defer { close(folder) }
        guard fsync(folder) == 0 else { throw .system("write the folder of key \(path)") }
    }

    /// Takes the installation for this process until it ends, before anything else is made in it. The file names the
    /// holder for people.
    static func lock(_ state: StateDirectory) throws(SupervisorError) {
        try makeParents(of: state.run)
        try makeDirectory(state.run)
        let file = open(state.lockFile, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw .system("open \(state.lockFile)") }
        guard flock(file, LOCK_EX | LOCK_NB) == 0 else {
            guard errno == EWOULDBLOCK else { throw .system("lock \(state.lockFile)") }
            var text = [UInt8](repeating: 0, count: 32)
            let count = read(file, &text, text.count)
            let holder = String(decoding: text.prefix(max(0, count)), as: UTF8.self).filter(\.isNumber)
            close(file)
            throw SupervisorError("already running\(holder.isEmpty ? "" : " (pid \(holder))") with \(state.run)")
        }
        let text = Array("\(getpid())\n".utf8)
        guard ftruncate(file, 0) == 0, write(file, text, text.count) == text.count else {
            throw .system("write \(state.lockFile)")
        }
    }

    /// Removes the sockets that a dead replica left, its inbox and what stands beside it.
    static func removeSockets(_ state: StateDirectory, stage: String, replica: Int) {
        let folder = state.inboxes(stage: stage)
        for name in names(in: folder) where name == "\(replica)" || name.hasPrefix("\(replica).") {
            removeSocket("\(folder)/\(name)")
        }
        removeSocket(state.metricsSocket(stage: stage, replica: replica))
    }

    /// Removes every socket below the bus directory, also those of stages that are configured no more.
    static func removeAllSockets(_ state: StateDirectory) {
        for stage in names(in: state.bus) {
            for name in names(in: "\(state.bus)/\(stage)") { removeSocket("\(state.bus)/\(stage)/\(name)") }
        }
        for name in names(in: state.metrics) { removeSocket("\(state.metrics)/\(name)") }
    }

    private static func removeSocket(_ path: String) {
        var info = stat()
        if lstat(path, &info) == 0, info.st_mode & S_IFMT == S_IFSOCK { unlink(path) }
    }

    private static func names(in folder: String) -> [String] {
        guard let directory = opendir(folder) else { return [] }
        defer { closedir(directory) }
        var result: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { result.append(name) }
        }
        return result
    }
}
