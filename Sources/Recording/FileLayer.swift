import CFallocate
import Glibc

/// A file operation that the operating system refused.
public struct FileError: Error, Sendable, CustomStringConvertible {
    public let operation: String
    /// errno(3).
    public let number: Int32

    public init(_ operation: String, number: Int32) {
        self.operation = operation
        self.number = number
    }

    public var description: String { "\(operation): \(String(cString: strerror(number)))" }
}

/// The writing side of the file system, so that tests can make it fail.
public protocol FileLayer: Sendable {
    /// Creates a file that must not exist, for reading and writing, mode 0600.
    func create(_ path: String) throws(FileError) -> Int32
    /// Opens an existing file for reading and writing; a symbolic link is an error.
    func open(_ path: String) throws(FileError) -> Int32
    /// Writes at an offset. Returns how many bytes were written, which may be fewer than asked.
    func write(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32, at offset: Int64) throws(FileError) -> Int
    /// Returns when the file's data is on stable storage.
    func synchronize(_ descriptor: Int32) throws(FileError)
    func truncate(_ descriptor: Int32, to length: Int64) throws(FileError)
    /// Gives a file another file's name, which then is no more.
    func rename(_ path: String, to other: String) throws(FileError)
    /// Returns when created and renamed entries of a directory are on stable storage.
    func synchronizeDirectory(_ path: String) throws(FileError)
    /// Takes room for `length` bytes from an offset; the file may be longer afterwards, also when this fails.
    func reserve(_ length: Int64, in descriptor: Int32, at offset: Int64) throws(FileError)
    /// Sets room aside for a file that will grow to `length` bytes, where the file system can; its size stays.
    func setAside(_ length: Int64, in descriptor: Int32)
}

/// The operating system's files.
public struct SystemFiles: FileLayer {
    public init() {}

    public func create(_ path: String) throws(FileError) -> Int32 {
        let descriptor = Glibc.open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw FileError("create", number: errno) }
        return descriptor
    }

    public func open(_ path: String) throws(FileError) -> Int32 {
        let descriptor = Glibc.open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else { throw FileError("open", number: errno) }
        return descriptor
    }

    public func write(
        _ bytes: UnsafeRawBufferPointer, to descriptor: Int32, at offset: Int64
    ) throws(FileError) -> Int {
        let count = pwrite(descriptor, bytes.baseAddress, bytes.count, __off_t(offset))
        guard count >= 0 else { throw FileError("write", number: errno) }
        return count
    }

    public func synchronize(_ descriptor: Int32) throws(FileError) {
        guard fdatasync(descriptor) == 0 else { throw FileError("fdatasync", number: errno) }
    }

    public func truncate(_ descriptor: Int32, to length: Int64) throws(FileError) {
        guard ftruncate(descriptor, __off_t(length)) == 0 else { throw FileError("truncate", number: errno) }
    }

    public func rename(_ path: String, to other: String) throws(FileError) {
        guard Glibc.rename(path, other) == 0 else { throw FileError("rename", number: errno) }
    }

    public func synchronizeDirectory(_ path: String) throws(FileError) {
        let descriptor = Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileError("open", number: errno) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw FileError("fsync", number: errno) }
    }

    public func reserve(_ length: Int64, in descriptor: Int32, at offset: Int64) throws(FileError) {
        let number = posix_fallocate(descriptor, __off_t(offset), __off_t(length))
        guard number == 0 else { throw FileError("posix_fallocate", number: number) }
    }

    public func setAside(_ length: Int64, in descriptor: Int32) {
        // On a small disk, or one that is nearly full, the room is left for what comes first.
        var info = statvfs()
        guard fstatvfs(descriptor, &info) == 0,
            Int64(clamping: info.f_bavail) >= Self.shareSetAside * length / Int64(clamping: max(1, info.f_frsize))
        else { return }
        // In one piece, and without changes of the file's extents at each sync. A file system that cannot writes block by block as
        // it always does: a write that fails for want of room says so then.
        _ = fallocate(descriptor, Int32(SLUICE_FALLOCATE_KEEP_SIZE), 0, off_t(length))
    }

    /// Room is set aside only where so many times as much is free.
    private static let shareSetAside: Int64 = 64
}

extension FileLayer {
    /// Writes all bytes: continues after short writes and EINTR.
    func writeAll(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32, at start: Int64) throws(FileError) {
        var done = 0
        while done < bytes.count {
            do throws(FileError) {
                let rest = UnsafeRawBufferPointer(rebasing: bytes[done...])
                let count = try write(rest, to: descriptor, at: start + Int64(done))
                guard count > 0 else { throw FileError("write", number: EIO) }
                done += count
            } catch {
                guard error.number == EINTR else { throw error }
            }
        }
    }

    func writeAll(_ bytes: [UInt8], to descriptor: Int32, at start: Int64) throws(FileError) {
        let result: Result<Void, FileError> = bytes.withUnsafeBytes { raw in
            Result { () throws(FileError) in try writeAll(raw, to: descriptor, at: start) }
        }
        try result.get()
    }
}

/// Makes a created or renamed entry of the directory durable.
func synchronizeDirectory(_ path: String, files: any FileLayer = SystemFiles()) throws(RecordingError) {
    do throws(FileError) { try files.synchronizeDirectory(path) } catch { throw .system(error, path) }
}

/// Creates a directory of mode 0700 and makes its name durable; its parent must exist. One that exists stays as it is.
func makeDirectory(_ path: String, files: any FileLayer = SystemFiles()) throws(RecordingError) {
    if mkdir(path, 0o700) != 0, errno != EEXIST { throw .system(FileError("mkdir", number: errno), path) }
    guard isDirectory(path) else { throw RecordingError(.storage, file: path, "is not a directory") }
    // Also of one that was there: what made it may have died before this.
    try synchronizeDirectory(parent(path), files: files)
}

func isDirectory(_ path: String) -> Bool {
    var status = stat()
    return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
}

func isFile(_ path: String) -> Bool {
    var status = stat()
    return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
}

/// A path without trailing slashes.
func trimmedPath(_ path: String) -> String {
    var trimmed = Substring(path)
    while trimmed.utf8.count > 1, trimmed.hasSuffix("/") { trimmed.removeLast() }
    return String(trimmed)
}

/// The last part of a path: of a replica's folder, the replica's name.
func lastName(_ path: String) -> String { String(path.split(separator: "/").last ?? "") }

func parent(_ path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
}

/// Writes a small file whole or not at all, mode 0600.
///
/// - Parameter synced: makes it durable under its name; otherwise a power failure may leave the former one, or an empty one.
func replaceFile(
    _ path: String, with bytes: [UInt8], files: any FileLayer, synced: Bool = true
) throws(RecordingError) {
    let draft = path + ".new"
    unlink(draft)
    do throws(FileError) {
        let descriptor = try files.create(draft)
        defer { close(descriptor) }
        try files.writeAll(bytes, to: descriptor, at: 0)
        if synced { try files.synchronize(descriptor) }
        try files.rename(draft, to: path)
    } catch {
        unlink(draft)
        throw .system(error, path)
    }
    if synced { try synchronizeDirectory(parent(path), files: files) }
}

/// Names in a directory, sorted, without `.` and `..`.
func directoryEntries(_ path: String) throws(RecordingError) -> [String] {
    guard let stream = opendir(path) else { throw .system(FileError("open", number: errno), path) }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
        let name = withUnsafeBytes(of: &entry.pointee.d_name) { raw in
            String(decoding: raw.prefix { $0 != 0 }, as: UTF8.self)
        }
        if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
}

func fileSize(_ path: String) -> Int64? {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    return Int64(status.st_size)
}

/// Whether there is something of this name; an error that hides it is none.
func exists(_ path: String) throws(RecordingError) -> Bool {
    var status = stat()
    if lstat(path, &status) == 0 { return true }
    guard errno == ENOENT else { throw .system(FileError("stat", number: errno), path) }
    return false
}

/// Opens a regular file for reading: something else would be waited for, or have no end.
func openForReading(_ path: String) throws(RecordingError) -> Int32 {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw .system(FileError("open", number: errno), path) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
        close(descriptor)
        throw RecordingError(.storage, file: path, "is not a regular file")
    }
    return descriptor
}

/// The first `limit` bytes of a file.
func readFile(_ path: String, limit: Int) throws(RecordingError) -> [UInt8] {
    let descriptor = try openForReading(path)
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: limit)
    let count = bytes.withUnsafeMutableBytes { readFully(descriptor, into: $0, at: 0) }
    guard count >= 0 else { throw .system(FileError("read", number: errno), path) }
    bytes.removeLast(limit - count)
    return bytes
}

/// Reads until the buffer is full or the file ends. Returns the bytes read, -1 (with errno) on an error.
func readFully(_ descriptor: Int32, into buffer: UnsafeMutableRawBufferPointer, at start: Int64) -> Int {
    var done = 0
    while done < buffer.count {
        let count = pread(descriptor, buffer.baseAddress.map { $0 + done }, buffer.count - done, __off_t(start) + done)
        if count == 0 { break }
        if count < 0 {
            if errno == EINTR { continue }
            return -1
        }
        done += count
    }
    return done
}
