import Contract
import Foundation
import SwiftProtobuf
import Testing

/// The bytes in `Golden/v1` were written once, by another encoder than this one, and never change: a stage built
/// against contract version 1 sends and expects exactly them.
@Suite("Golden bytes")
struct GoldenTests {
    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "Golden/v1")

    /// A field of number 1000, which no version of the contract uses yet: a string of five bytes.
    static let futureField: [UInt8] = [0xc2, 0x3e, 5] + Array("later".utf8)

    private func golden(_ name: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: Self.folder.appending(path: name + ".bin")))
    }

    @Test func decodeToTheirValues() throws {
        for (name, sample) in try Samples.all {
            let message = try type(of: sample).init(serializedBytes: try golden(name))
            #expect(message.isEqualTo(message: sample), "\(name)")
        }
    }

    @Test func encodeToTheSameBytes() throws {
        for (name, sample) in try Samples.all {
            let bytes: [UInt8] = try sample.serializedBytes()
            #expect(bytes == (try golden(name)), "\(name)")
        }
    }

    @Test func everyFileHasASample() throws {
        let files = try FileManager.default.contentsOfDirectory(atPath: Self.folder.path)
        #expect(Set(files) == Set(try Samples.all.map { $0.name + ".bin" }))
    }

    @Test func fieldsOfALaterContractSurvive() throws {
        for (name, sample) in try Samples.all {
            let bytes = try golden(name) + Self.futureField
            let message = try type(of: sample).init(serializedBytes: bytes)
            let again: [UInt8] = try message.serializedBytes()
            #expect(again == bytes, "\(name)")
        }
    }

    @Test func enumValuesOfALaterContractSurvive() throws {
        var header = Samples.header
        header.kind = .UNRECOGNIZED(77)
        header.lane = .UNRECOGNIZED(78)
        let bytes: [UInt8] = try header.serializedBytes()
        let again = try Header(serializedBytes: bytes)
        #expect(again.kind == .UNRECOGNIZED(77))
        #expect(again.lane == .UNRECOGNIZED(78))
        var decision = Samples.decision
        decision.verdict = .UNRECOGNIZED(9)
        let encoded: [UInt8] = try decision.serializedBytes()
        #expect(try Decision(serializedBytes: encoded).verdict == .UNRECOGNIZED(9))
    }

    /// A cut message is an error or a shorter message, never a crash or the whole one.
    @Test func cutMessagesAreNotTakenForWholeOnes() throws {
        for (name, sample) in try Samples.all {
            let bytes = try golden(name)
            for end in bytes.indices {
                let cut = try? type(of: sample).init(serializedBytes: Array(bytes[..<end]))
                let again: [UInt8]? = try cut?.serializedBytes()
                #expect(again != bytes, "\(name) cut at \(end)")
            }
        }
    }

    /// Numbers of values that stand in files and on the bus.
    @Test func enumNumbers() {
        let kinds: [Kind] = [
            .unspecified, .judge, .judged, .holdPending, .holdClose, .mask, .masked, .record, .recorded, .failed,
            .holdClosed, .ping, .pong, .cancel,
        ]
        #expect(kinds.map(\.rawValue) == Array(0...13))
        #expect(Kind.allCases == kinds)
        #expect(Lane.allCases.map(\.rawValue) == [0, 1, 2, 3, 4])
        #expect([Verdict.unspecified, .allow, .hold, .refuse].map(\.rawValue) == [0, 1, 2, 3])
        #expect([CommandPurpose.unspecified, .session, .statement, .execution].map(\.rawValue) == [0, 1, 2, 3])
        #expect([MaskStyle.unspecified, .redact, .partial, .hash, .null].map(\.rawValue) == [0, 1, 2, 3, 4])
        #expect([MaskStyle.tokenize, .shift, .bucket].map(\.rawValue) == [6, 7, 8])
        #expect([BucketUnit.unspecified, .day, .month, .year].map(\.rawValue) == [0, 1, 2, 3])
        #expect([RecordingLevel.unspecified, .metadata, .commands, .full].map(\.rawValue) == [0, 1, 2, 3])
        #expect([Durability.unspecified, .written, .synced].map(\.rawValue) == [0, 1, 2])
    }
}
