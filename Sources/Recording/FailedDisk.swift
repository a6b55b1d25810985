import Glibc

/// A replica's folder whose disk did not keep what it was given: fdatasync(2) reports that once, and what is read back
/// afterwards may stand in memory alone. The mark `failed` keeps every later writer away, in other processes too.
enum FailedDisk {
    static func path(_ directory: String) -> String { directory + "/failed" }

    /// Marks the folder, as far as its disk allows, and returns what to throw.
    static func mark(_ directory: String, _ error: FileError, _ file: String) -> RecordingError {
        // A disk that takes not even this is found at the next start by what is missing on it.
        if let descriptor = try? SystemFiles().create(path(directory)) {
            try? SystemFiles().writeAll(Array("\(file): \(error)\n".utf8), to: descriptor, at: 0)
            fsync(descriptor)
            close(descriptor)
        }
        return problem(directory, file, error.description)
    }

    /// - Throws: `diskFailed` when the folder has the mark.
    static func check(_ directory: String) throws(RecordingError) {
        guard exists(directory) else { return }
        throw problem(directory, path(directory), "a write was lost here before")
    }

    static func exists(_ directory: String) -> Bool { fileSize(path(directory)) != nil }

    private static func problem(_ directory: String, _ file: String, _ reason: String) -> RecordingError {
        RecordingError(
            .diskFailed, file: file,
            "\(reason): nothing more is recorded here; replace the disk, then move the folder \(directory) away and "
                + "restart")
    }
}
