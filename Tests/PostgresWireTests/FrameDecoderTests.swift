import NIOCore
@testable import PostgresWire
import Testing

@Suite("Frames")
struct FrameDecoderTests {
    static let stream: [UInt8] = {
        var all = ByteBuffer()
        for part in [
            FrontendEncoder.query("SELECT 1"), FrontendEncoder.sync(),
            FrontendEncoder.parse(name: "s", text: "SELECT 2"),
            FrontendEncoder.flush(), FrontendEncoder.terminate(),
        ] { all.writeImmutableBuffer(part) }
        return [UInt8](all.readableBytesView)
    }()

    private func frames(_ parts: [ArraySlice<UInt8>]) throws -> [Frame] {
        var decoder = FrameDecoder(maximum: 1000)
        var result: [Frame] = []
        for part in parts {
            decoder.append(ByteBuffer(bytes: part))
            while let frame = try decoder.next() { result.append(frame) }
        }
        #expect(decoder.pendingBytes == 0)
        return result
    }

    @Test func theSameMessagesHoweverTheStreamIsCut() throws {
        let whole = try frames([Self.stream[...]])
        #expect(whole.map(\.type) == Array("QSPHX".utf8))
        #expect(whole.flatMap { array($0.bytes) } == Self.stream)
        for cut in Self.stream.indices {
            let two = try frames([Self.stream[..<cut], Self.stream[cut...]])
            #expect(two.map { array($0.bytes) } == whole.map { array($0.bytes) }, "cut at \(cut)")
        }
        let single = try frames(Self.stream.indices.map { Self.stream[$0...$0] })
        #expect(single.map { array($0.bytes) } == whole.map { array($0.bytes) })
    }

    @Test(arguments: [Int32(0), 1, 2, 3, -1, 101, .max, .min]) func hostileLengthsAreRefusedBeforeTheirBytesCome(
        length: Int32
    ) {
        var decoder = FrameDecoder(maximum: 100)
        var bytes = ByteBuffer()
        bytes.writeInteger(FrontendType.query)
        bytes.writeInteger(length)
        decoder.append(bytes)
        #expect(throws: WireError.self) { try decoder.next() }
    }

    @Test func theLargestAndTheSmallestMessage() throws {
        var decoder = FrameDecoder(maximum: 100)
        decoder.append(frame(FrontendType.sync, []).bytes)
        #expect(try decoder.next()?.count == 5)
        decoder.append(frame(FrontendType.copyData, [UInt8](repeating: 1, count: 96)).bytes)
        #expect(try decoder.next()?.count == 101)
        decoder.append(frame(FrontendType.copyData, [UInt8](repeating: 1, count: 97)).bytes)
        #expect(throws: WireError.self) { try decoder.next() }
        decoder.raise(maximum: 101)
        #expect(try decoder.next()?.body.readableBytes == 97)
    }

    @Test func theNextTypeIsKnownFromTheFirstByte() throws {
        var decoder = FrameDecoder(maximum: 100)
        #expect(decoder.nextType == nil)
        decoder.append(ByteBuffer(bytes: [FrontendType.sync]))
        #expect(decoder.nextType == FrontendType.sync)
        decoder.append(ByteBuffer(bytes: [0, 0, 0, 4]))
        #expect(try decoder.next()?.type == FrontendType.sync)
        #expect(decoder.nextType == nil)
    }

    @Test func pendingBytesAreThoseOfTheCutMessage() throws {
        var decoder = FrameDecoder(maximum: 100)
        decoder.append(ByteBuffer(bytes: [UInt8(ascii: "Q"), 0, 0, 0, 9, 65]))
        #expect(try decoder.next() == nil)
        #expect(decoder.pendingBytes == 6)
    }
}
