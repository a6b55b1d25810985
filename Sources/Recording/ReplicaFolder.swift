import Glibc

/// The folder of a recorder process: `<process>-<8 hexadecimal digits>`. The digits are random, so that recorders of the same
/// number on several hosts have different names wherever their recordings meet.
public enum ReplicaFolder {
    private static let digits = 8

    /// The folder's name: that of the one that is there, or of a new one, which is made. Makes `recordings` too.
    ///
    /// - Parameter process: `recorder-0`; a folder of just this name, as former releases made them, is used on when there
    ///   is no other.
    /// - Throws: `invalid` when there are several with digits.
    public static func find(for process: String, in recordings: String) throws(RecordingError) -> String {
        let recordings = trimmedPath(recordings)
        if mkdir(recordings, 0o700) == 0 {
            try synchronizeDirectory(parent(recordings))
        } else if errno != EEXIST {
            throw .system(FileError("mkdir", number: errno), recordings)
        }
        return try ReplicaList.withLock(recordings) { () throws(RecordingError) in
            let names = try directoryEntries(recordings).filter { isDirectory(recordings + "/" + $0) }
            let found = names.filter { belongs($0, to: process) }
            guard found.count < 2 else {
                throw RecordingError(
                    .invalid, file: recordings,
                    "\(found.joined(separator: " and ")) are both \(process)'s: move all but one away")
            }
            if let name = found.first ?? names.first(where: { $0 == process }) { return name }
            let name = process + "-" + hexadecimal((0..<(digits / 2)).map { _ in UInt8.random(in: .min ... .max) })
            try makeDirectory(recordings + "/" + name)
            return name
        }
    }

    private static func belongs(_ name: String, to process: String) -> Bool {
        guard name.hasPrefix(process + "-") else { return false }
        let rest = name.utf8.dropFirst(process.utf8.count + 1)
        return rest.count == digits && rest.allSatisfy { "0123456789abcdef".utf8.contains($0) }
    }
}
