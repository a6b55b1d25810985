import ArgumentParser
import Configuration
import Contract
import Foundation
import Recording

extension SessionsCommand {
    /// `sluice sessions export`: records as a program reads them.
    struct Export: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Write recorded sessions as JSON, one record a line.",
            discussion: """
                The keys are those of the message Record in bus.proto, as protobuf's JSON mapping writes them: \
                64-bit numbers are strings, bytes are base64. Without an ID everything recorded is written, \
                recorder after recorder: order a session's records by their sequence. After a move to another recorder a \
                few have been kept by both and come twice, with the same sequence.
                """)

        @OptionGroup var source: RecordingsOption
        @Argument(help: "The session's id, or the beginning of it.") var id: String?

        func run() throws {
            let recordings = try source.folder()
            let archive = RecordingArchive(recordings: recordings)
            let output = LineOutput()
            if let id {
                let index = try RecordingIndex(recordings: recordings)
                let session = try index.session(id).id
                try archive.forEachRecord(of: session, in: index.locations(of: session)) {
                    record throws(RecordingError) in output.write(try record.jsonLine())
                }
            } else {
                try archive.forEachRecord { record throws(RecordingError) in output.write(try record.jsonLine()) }
            }
            output.flush()
        }
    }
}

/// Standard output in large pieces.
private final class LineOutput {
    private static let chunkBytes = 256 << 10
    private var pending = Data()

    func write(_ line: [UInt8]) {
        pending.append(contentsOf: line)
        if pending.count >= Self.chunkBytes { flush() }
    }

    func flush() {
        FileHandle.standardOutput.write(pending)
        pending.removeAll(keepingCapacity: true)
    }
}
