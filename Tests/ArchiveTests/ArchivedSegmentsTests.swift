import Foundation
import Recording
import TestKit
import Testing

@Suite("The list of archived segments")
struct ArchivedSegmentsTests {
    private static func segment(_ number: UInt64, version: String?) -> ArchivedSegment {
        ArchivedSegment(
            number: number, size: 5, sha256: String(repeating: "a0", count: 32), firstBlock: 9, proof: .read,
            provenAt: 12,
            key: "p/r/\(number)", version: version)
    }

    @Test func whatIsWrittenIsRead() throws {
        let directory = try TemporaryDirectory()
        #expect(try ArchivedSegments.read(directory.path).segments.isEmpty)
        var list = ArchivedSegments()
        list.add(Self.segment(2, version: "v.2"))
        list.add(Self.segment(1, version: nil))
        try list.write(directory.path)
        #expect(try ArchivedSegments.read(directory.path) == list)
    }

    @Test func aListThatWasCutOrChangedIsRefused() throws {
        let directory = try TemporaryDirectory()
        var list = ArchivedSegments()
        list.add(Self.segment(1, version: nil))
        try list.write(directory.path)
        let path = directory.file(ArchivedSegments.fileName)
        let text = try String(contentsOfFile: path, encoding: .utf8)
        for end in text.indices.dropFirst() {
            try directory.write(String(text[..<end]), to: ArchivedSegments.fileName)
            let isTitle = text[..<end] == "sluice-archived 1\n"
            if !isTitle { #expect(throws: RecordingError.self) { try ArchivedSegments.read(directory.path) } }
        }
        for (old, new) in [("read", "believed"), (" 5 ", " -5 "), ("a0a0", "A0A0"), (" 9 ", "  9 "), ("\n1 ", "\n0 ")] {
            try directory.write(text.replacingOccurrences(of: old, with: new), to: ArchivedSegments.fileName)
            #expect(throws: RecordingError.self, "\(new)") { try ArchivedSegments.read(directory.path) }
        }
    }
}
