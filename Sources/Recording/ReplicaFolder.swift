import Glibc

/// The folder of a recorder process: `<process>-<8 hexadecimal digits>`. The digits are random, so that recorders of the same
/// number on several hosts have different names wherever their recordings meet.
public enum ReplicaFolder {
    private static let digits = 8

    /// The folder's name: that of the one that is there, or of a new one, which is made. Makes `recordings` too.
    ///
    /// - Parameter process: `recorder-0`; a folder of just this name, as former releases made them, is used on.
    /// - Throws: `invalid` when there are several.
    public static func find(for process: String, in recordings: String) throws(RecordingError) -> String {
        let recordings = trimmedPath(recordings)
        if mkdir(recordings, 0o700) == 0 {
            try synchronizeDirectory(parent(recordings))
        } else if errno != EEXIST {
            throw .system(FileError("mkdir", number: errno), recordings)
        }
        return try ReplicaList.withLock(recordings) { () throws(RecordingError) in
            let found = try directoryEntries(recordings).filter { name in
                belongs(name, to: process) && isDirectory(recordings + "/" + name)
            }
            guard found.count < 2 else {
                throw RecordingError(
                    .invalid, file: recordings,
                    "\(found.joined(separator: " and ")) are both \(process)'s: move all but one away")
            }
            if let name = found.first { return name }
            let name = process + "-" + hexadecimal((0..<(digits / 2)).map { _ in UInt8.random(in: .min ... .max) })
            try makeDirectory(recordings + "/" + name)
            return name
        }
    }

    private static func belongs(_ name: String, to process: String) -> Bool {
        guard name != process else { return true }
        guard name.hasPrefix(process + "-") else { return false }
        let rest = name.utf8.dropFirst(process.utf8.count + 1)
        return rest.count == digits && rest.allSatisfy { "0123456789abcdef".utf8.contains($0) }
    }
}
