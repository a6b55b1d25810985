import Glibc
import Recording
import Synchronization

/// Files of which one operation fails: the n-th that the fault can befall.
final class SweepFiles: FileLayer {
    enum Fault: CaseIterable {
        /// EIO, of any operation; nothing of a write is done.
        case broken
        /// EIO of a write of which whole 512-byte sectors are done, and others hold zeros. What fits into one is done.
        case torn
        /// A write does half, and says so.
        case short
        /// ENOSPC for whatever takes room, from then on until there is room again. Half of a write is done.
        case full
        /// EIO of fdatasync(2) and fsync(2).
        case unsynced
    }

    private enum Operation {
        case create, open, write, synchronize, truncate, rename, directory, reserve
    }

    private struct State {
        var left: Int
        var hasFailed = false
        var isOver = false
        /// What failed last.
        var operation = ""
    }

    private static let sector = 512
    private let fault: Fault
    private let state: Mutex<State>
    private let system = SystemFiles()

    init(_ fault: Fault, at number: Int) {
        self.fault = fault
        state = Mutex(State(left: number))
    }

    /// Whether the operation has come.
    var hasFailed: Bool { state.withLock { $0.hasFailed } }
    var operation: String { state.withLock { $0.operation } }

    /// What failed works again.
    func heal() { state.withLock { if $0.hasFailed { $0.isOver = true } } }

    private func canBefall(_ operation: Operation) -> Bool {
        switch fault {
        case .broken: operation != .synchronize && operation != .directory
        case .torn, .short: operation == .write
        case .full: [.create, .write, .reserve, .rename].contains(operation)
        case .unsynced: operation == .synchronize || operation == .directory
        }
    }

    /// Whether this one fails.
    private func fails(_ operation: Operation) -> Bool {
        guard canBefall(operation) else { return false }
        return state.withLock { state in
            if state.hasFailed { return fault == .full && !state.isOver }
            state.left -= 1
            guard state.left == 0 else { return false }
            state.hasFailed = true
            state.operation = "\(operation)"
            return true
        }
    }

    private var number: Int32 { fault == .full ? ENOSPC : EIO }

    func create(_ path: String) throws(FileError) -> Int32 {
        if fails(.create) { throw FileError("create", number: number) }
        return try system.create(path)
    }

    func open(_ path: String) throws(FileError) -> Int32 {
        if fails(.open) { throw FileError("open", number: number) }
        return try system.open(path)
    }

    func write(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32, at offset: Int64) throws(FileError) -> Int {
        guard fails(.write) else { return try system.write(bytes, to: descriptor, at: offset) }
        let half = UnsafeRawBufferPointer(rebasing: bytes[..<(bytes.count / 2)])
        switch fault {
        case .short where !half.isEmpty: return try system.write(half, to: descriptor, at: offset)
        case .short: return try system.write(bytes, to: descriptor, at: offset)
        case .full where bytes.count > Self.sector: _ = try system.write(half, to: descriptor, at: offset)
        case .torn: try tear(bytes, descriptor, offset)
        case .full, .broken, .unsynced: break
        }
        throw FileError("write", number: number)
    }

    /// Every second sector of the disk is not written.
    private func tear(_ bytes: UnsafeRawBufferPointer, _ descriptor: Int32, _ offset: Int64) throws(FileError) {
        var torn = Array(bytes)
        if bytes.count > Self.sector {
            for place in torn.indices where (Int(offset) + place) / Self.sector % 2 == 1 { torn[place] = 0 }
        }
        let result: Result<Int, FileError> = torn.withUnsafeBytes { raw in
            Result { () throws(FileError) in try system.write(raw, to: descriptor, at: offset) }
        }
        _ = try result.get()
    }

    // What is read back is in memory anyway, so that a sweep takes seconds.
    func synchronize(_ descriptor: Int32) throws(FileError) {
        if fails(.synchronize) { throw FileError("fdatasync", number: number) }
    }

    func synchronizeDirectory(_ path: String) throws(FileError) {
        if fails(.directory) { throw FileError("fsync", number: number) }
    }

    func truncate(_ descriptor: Int32, to length: Int64) throws(FileError) {
        if fails(.truncate) { throw FileError("truncate", number: number) }
        try system.truncate(descriptor, to: length)
    }

    func rename(_ path: String, to other: String) throws(FileError) {
        if fails(.rename) { throw FileError("rename", number: number) }
        try system.rename(path, to: other)
    }

    func reserve(_ length: Int64, in descriptor: Int32, at offset: Int64) throws(FileError) {
        if fails(.reserve) { throw FileError("posix_fallocate", number: number) }
        try system.reserve(length, in: descriptor, at: offset)
    }

    func setAside(_ length: Int64, in descriptor: Int32) {}
}
