import Detection
import Foundation
import Masking

/// Standard input through a masker to standard output. What can be passed is passed at once.
struct MaskStream {
    private static let chunkBytes = 256 << 10

    /// Who sends nothing for so long waits for an answer.
    private static let quietMilliseconds: Int32 = 100

    private let masker: any MaskingFilter
    private let finds: Bool
    private var progress = MaskProgress()
    private var encoding: EncodingCheck?
    /// Something came.
    private(set) var hasRead = false

    /// - Parameter readsText: that the input is text, in UTF-8 or alike, is checked.
    init(_ masker: any MaskingFilter, finds: Bool, readsText: Bool) {
        self.masker = masker
        self.finds = finds
        encoding = readsText ? EncodingCheck() : nil
    }

    static func note(_ text: String) {
        FileHandle.standardError.write(Data("sluice: \(text)\n".utf8))
    }

    /// A reader that went away ends the process by SIGPIPE, as it does other filters.
    mutating func run() throws {
        signal(SIGPIPE, SIG_DFL)
        let chunk = UnsafeMutableRawBufferPointer.allocate(byteCount: MaskStream.chunkBytes, alignment: 16)
        defer { chunk.deallocate() }
        while true {
            try showPrompt()
            let count = read(STDIN_FILENO, chunk.baseAddress, chunk.count)
            if count < 0 {
                if errno == EINTR { continue }
                progress.end()
                throw CommandFailure("standard input cannot be read: \(String(cString: strerror(errno)))")
            }
            if count == 0 { break }
            hasRead = true
            if let name = encoding?.wideEncoding(with: chunk[..<count]) {
                progress.end()
                throw CommandFailure(
                    "standard input is \(name), in which nothing is found: convert it, `iconv -f \(name) -t UTF-8`")
            }
            masker.write(UnsafeRawBufferPointer(rebasing: chunk[..<count]))
            try put()
            progress.add(count)
        }
        masker.finish()
        try put()
        progress.end()
    }

    /// When somebody watches, and nothing comes, what is held shows.
    private func showPrompt() throws {
        guard let stream = masker as? StreamMasker, isatty(STDOUT_FILENO) == 1 else { return }
        var input = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
        guard poll(&input, 1, MaskStream.quietMilliseconds) == 0 else { return }
        stream.flush()
        try put()
    }

    private func put() throws {
        try write(finds ? masker.takeFindings().flatMap(line) : masker.takeOutput())
    }

    private func write(_ bytes: [UInt8]) throws {
        try bytes.withUnsafeBytes { bytes in
            var written = 0
            while written < bytes.count {
                let count = Glibc.write(STDOUT_FILENO, bytes.baseAddress.map { $0 + written }, bytes.count - written)
                if count < 0 {
                    if errno == EINTR { continue }
                    throw CommandFailure("standard output cannot be written: \(String(cString: strerror(errno)))")
                }
                written += count
            }
        }
    }

    /// Names of entities are words, so nothing is to be escaped.
    private func line(_ finding: DocumentFinding) -> [UInt8] {
        Array(
            ("{\"line\":\(finding.line),\"start\":\(finding.start),\"end\":\(finding.end),\"entity\":\"\(finding.entity)\","
                + "\"confidence\":\(finding.confidence.share)}\n").utf8)
    }
}

extension Confidence {
    /// For programs that compare: an order, no measured precision.
    fileprivate var share: String {
        switch self {
        case .low: "0.3"
        case .medium: "0.6"
        case .high: "0.9"
        }
    }
}
