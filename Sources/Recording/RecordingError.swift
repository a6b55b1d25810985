/// Why a recording could not be written or read.
public struct RecordingError: Error, Sendable, CustomStringConvertible {
    /// What kind of failure it is; may grow.
    public struct Code: Sendable, Hashable {
        let name: String
        /// Another writer holds the replica directory.
        public static let locked = Code(name: "locked")
        /// Bytes at or before the head are not what was written.
        public static let damaged = Code(name: "damaged")
        /// The file ends inside a block.
        public static let incomplete = Code(name: "incomplete")
        /// The operating system refused a file operation.
        public static let storage = Code(name: "storage")
        /// An earlier failure makes this writer unusable: restart the process.
        public static let unusable = Code(name: "unusable")
        /// The disk did not keep what it was given: the folder takes no more records.
        public static let diskFailed = Code(name: "diskFailed")
        /// The arguments cannot be used.
        public static let invalid = Code(name: "invalid")
        /// The records cannot be read without a recipient's private key, or with none because the data key was destroyed.
        public static let encrypted = Code(name: "encrypted")
        /// The segment is in the archive and cannot be had from there.
        public static let archived = Code(name: "archived")
        /// Segments that were to go are still there.
        public static let removal = Code(name: "removal")
        /// Another process was in the way; it may be tried again.
        public static let contended = Code(name: "contended")
        /// No such session, or more than one.
        public static let notFound = Code(name: "notFound")
    }

    public let code: Code
    /// For a client; leaks no path.
    public let publicMessage: String
    /// The file, empty when none is concerned.
    public let file: String
    /// First bad byte, in bytes from the start of `file`.
    public let offset: Int64?
    /// For the operator.
    public let detail: String

    init(_ code: Code, file: String = "", offset: Int64? = nil, _ detail: String, publicMessage: String? = nil) {
        self.code = code
        self.file = file
        self.offset = offset
        self.detail = detail
        self.publicMessage = publicMessage ?? "the recording cannot be written"
    }

    /// A database of an index does not do what is needed. `detail` is for the operator, without secrets.
    public static func index(_ name: String, _ detail: String) -> RecordingError {
        RecordingError(.storage, file: name, detail)
    }

    static var contended: RecordingError { RecordingError(.contended, "the index: other processes were in the way") }

    static func system(_ error: FileError, _ file: String) -> RecordingError {
        RecordingError(.storage, file: file, error.description)
    }

    public var description: String {
        let place = file.isEmpty ? "" : offset.map { "\(file): byte \($0): " } ?? "\(file): "
        return place + detail
    }
}
