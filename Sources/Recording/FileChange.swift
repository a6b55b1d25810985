import Glibc

/// Tells whether a file that is replaced as a whole is another one than before, or whether something came into a folder or went.
struct FileChange: Equatable {
    private let inode: UInt64
    private let size: Int64
    private let modified: timespec
    /// Nobody sets that one.
    private let changed: timespec

    /// Nil when it is not there.
    init?(_ path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        inode = UInt64(status.st_ino)
        size = Int64(status.st_size)
        modified = status.st_mtim
        changed = status.st_ctim
    }

    static func == (one: FileChange, other: FileChange) -> Bool {
        func isSame(_ one: timespec, _ other: timespec) -> Bool {
            one.tv_sec == other.tv_sec && one.tv_nsec == other.tv_nsec
        }
        return one.inode == other.inode && one.size == other.size && isSame(one.modified, other.modified)
            && isSame(one.changed, other.changed)
    }
}
