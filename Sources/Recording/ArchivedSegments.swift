import Glibc

/// One segment that was proven to be in the archive.
public struct ArchivedSegment: Sendable, Equatable {
    /// How it was proven.
    public enum Proof: String, Sendable {
        /// The store's own SHA-256 of what it keeps is the file's.
        case checksum
        /// It was read back, and its SHA-256 is the file's.
        case read
    }

    public var number: UInt64
    /// Bytes.
    public var size: Int64
    /// Of the whole file, 64 hexadecimal digits.
    public var sha256: String
    /// The number of its first block.
    public var firstBlock: UInt64
    public var proof: Proof
    /// When, Unix seconds.
    public var provenAt: UInt64
    public var key: String
    /// The store's name for these bytes under this key; nil without versions.
    public var version: String?

    public init(
        number: UInt64, size: Int64, sha256: String, firstBlock: UInt64, proof: Proof, provenAt: UInt64, key: String,
        version: String?
    ) {
        self.number = number
        self.size = size
        self.sha256 = sha256
        self.firstBlock = firstBlock
        self.proof = proof
        self.provenAt = provenAt
        self.key = key
        self.version = version
    }
}

/// The file `archived` of a replica's folder: which of its segments are in the archive. The archiver alone writes it, and
/// removes no segment that it does not name. It says where to look and proves nothing: what is fetched proves itself, as it
/// does here.
public struct ArchivedSegments: Sendable, Equatable {
    public static let fileName = "archived"
    private static let title = "sluice-archived 1"
    private static let fields = 8
    /// A key and a version have 1,024 bytes each at most (Amazon S3 User Guide): this holds 100,000 of the longest lines.
    private static let maxBytes: Int64 = 256 << 20

    public private(set) var segments: [UInt64: ArchivedSegment] = [:]

    public init() {}

    public mutating func remove(_ number: UInt64) { segments[number] = nil }

    public mutating func add(_ segment: ArchivedSegment) { segments[segment.number] = segment }

    /// What the folder's file names; nothing when there is none.
    public static func read(_ directory: String) throws(RecordingError) -> ArchivedSegments {
        let path = directory + "/" + fileName
        guard let size = fileSize(path) else { return ArchivedSegments() }
        guard size <= maxBytes else { throw damaged(path, "it has more than \(maxBytes) bytes") }
        let bytes = try readFile(path, limit: Int(size) + 1)
        guard bytes.last == 0x0A, let text = String(validating: bytes.dropLast(), as: UTF8.self) else {
            throw damaged(path, "it does not end with a whole line")
        }
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false)[...]
        guard lines.popFirst().map(String.init) == title else {
            throw damaged(path, "it does not begin with its title")
        }
        var result = ArchivedSegments()
        for line in lines {
            guard let segment = parse(line) else { throw damaged(path, "a line is no segment's") }
            result.add(segment)
        }
        return result
    }

    /// Replaces the folder's file; what it says is on the disk when this returns.
    public func write(_ directory: String) throws(RecordingError) {
        var text = Self.title + "\n"
        for number in segments.keys.sorted() {
            if let segment = segments[number] { text += Self.line(segment) + "\n" }
        }
        try replaceFile(directory + "/" + Self.fileName, with: Array(text.utf8), files: SystemFiles())
    }

    private static func line(_ segment: ArchivedSegment) -> String {
        [
            "\(segment.number)", "\(segment.size)", segment.sha256, "\(segment.firstBlock)", segment.proof.rawValue,
            "\(segment.provenAt)", segment.key, segment.version ?? "-",
        ].joined(separator: " ")
    }

    private static func parse(_ line: Substring) -> ArchivedSegment? {
        let words = line.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
        guard words.count == fields, let number = UInt64(words[0]), (1...Format.maxSegments).contains(number),
            let size = Int64(words[1]), size > 0, words[2].utf8.count == 64,
            words[2].utf8.allSatisfy({ "0123456789abcdef".utf8.contains($0) }), let firstBlock = UInt64(words[3]),
            let proof = ArchivedSegment.Proof(rawValue: words[4]), let provenAt = UInt64(words[5]), !words[6].isEmpty,
            !words[7].isEmpty
        else { return nil }
        return ArchivedSegment(
            number: number, size: size, sha256: words[2], firstBlock: firstBlock, proof: proof, provenAt: provenAt,
            key: words[6], version: words[7] == "-" ? nil : words[7])
    }

    private static func damaged(_ path: String, _ reason: String) -> RecordingError {
        RecordingError(.damaged, file: path, offset: 0, reason)
    }
}
