import NIOCore
import PostgresWire
import Testing

@Suite struct FieldRemovalTests {
    private func frame(_ type: UInt8, _ body: [UInt8]) -> Frame {
        let length = withUnsafeBytes(of: Int32(body.count + 4).bigEndian) { Array($0) }
        return Frame(type: type, bytes: ByteBuffer(bytes: [type] + length + body))
    }

    private func field(_ name: String, format: UInt8 = 0) -> [UInt8] {
        Array(name.utf8) + [0] + [0, 0, 0, 9, 0, 3, 0, 0, 0, 25, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, format]
    }

    private func bytes(_ buffer: ByteBuffer) -> [UInt8] { Array(buffer.readableBytesView) }

    @Test(arguments: [[], [0], [1], [2], [0, 2], [0, 1, 2]])
    func fieldsGo(_ places: [Int]) throws {
        let fields = [field("a"), field("", format: 1), field("ccc")]
        let whole = frame(BackendType.rowDescription, [0, 3] + fields.flatMap { $0 })
        let kept = fields.indices.filter { !places.contains($0) }
        let expected = frame(BackendType.rowDescription, [0, UInt8(kept.count)] + kept.flatMap { fields[$0] })
        #expect(try bytes(FieldRemoval.rowDescription(whole, without: places)) == bytes(expected.bytes))
        let copy = frame(BackendType.copyOutResponse, [1, 0, 3, 0, 0, 0, 1, 0, 0])
        let formats: [[UInt8]] = [[0, 0], [0, 1], [0, 0]]
        let left = frame(BackendType.copyOutResponse, [1, 0, UInt8(kept.count)] + kept.flatMap { formats[$0] })
        #expect(try bytes(FieldRemoval.copyOutResponse(copy, without: places)) == bytes(left.bytes))
    }

    @Test func whatIsNoDescriptionThrows() throws {
        let whole = [0, 1] + field("a")
        #expect(throws: WireError.self) {
            try FieldRemoval.rowDescription(frame(BackendType.rowDescription, whole), without: [1])
        }
        for length in 0..<whole.count {
            let cut = frame(BackendType.rowDescription, Array(whole.prefix(length)))
            #expect(throws: WireError.self, "\(length)") { try FieldRemoval.rowDescription(cut, without: [0]) }
        }
        for body in [whole + [0], [0xff, 0xff], [0x80, 0] + field("a")] {
            #expect(throws: WireError.self) {
                try FieldRemoval.rowDescription(frame(BackendType.rowDescription, body), without: [])
            }
        }
        #expect(throws: WireError.self) {
            try FieldRemoval.copyOutResponse(frame(BackendType.copyOutResponse, [0, 0, 2, 0, 0]), without: [0])
        }
    }

    @Test func aBindGetsOtherFormats() throws {
        let front: [UInt8] = [0x70, 0, 0x73, 0, 0, 1, 0, 1, 0, 2, 0, 0, 0, 1, 0x78, 0xff, 0xff, 0xff, 0xff]
        let bind = try BindMessage(frame(FrontendType.bind, front + [0, 2, 0, 1, 0, 0]))
        #expect(bind.resultFormats == [1, 0])
        let same = frame(FrontendType.bind, front + [0, 2, 0, 1, 0, 0])
        #expect(bytes(bind.bytes(resultFormats: [1, 0])) == bytes(same.bytes))
        let other = frame(FrontendType.bind, front + [0, 3, 0, 1, 0, 0, 0, 0])
        #expect(bytes(bind.bytes(resultFormats: [1, 0, 0])) == bytes(other.bytes))
        #expect(try BindMessage(frame(FrontendType.bind, front + [0, 0])).resultFormats == [])
    }
}
