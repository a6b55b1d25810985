import NIOCore
import NIOEmbedded
@testable import PostgresAccept
import Testing

@Suite("Output batch")
struct OutputBatchTests {
    private static func bytes(_ count: Int, _ value: UInt8) -> ByteBuffer {
        ByteBuffer(repeating: value, count: count)
    }
    private static func written(to channel: EmbeddedChannel) throws -> [ByteBuffer] {
        var all: [ByteBuffer] = []
        while let one = try channel.readOutbound(as: ByteBuffer.self) { all.append(one) }
        return all
    }

    @Test func smallMessagesLeaveTogetherAndInOrder() throws {
        let channel = EmbeddedChannel()
        let batch = OutputBatch()
        for value in UInt8(1)...4 { batch.write(Self.bytes(3, value), to: channel) }
        #expect(try Self.written(to: channel).isEmpty)
        batch.flush(channel)
        let written = try Self.written(to: channel)
        #expect(written.map { Array($0.readableBytesView) } == [[1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4]])
        batch.flush(channel)
        #expect(try Self.written(to: channel).isEmpty)
    }

    @Test func whatWasFlushedIsNotChangedByWhatFollows() throws {
        let channel = EmbeddedChannel()
        let batch = OutputBatch()
        batch.write(Self.bytes(2, 1), to: channel)
        batch.flush(channel)
        batch.write(Self.bytes(2, 2), to: channel)
        batch.flush(channel)
        #expect(try Self.written(to: channel).map { Array($0.readableBytesView) } == [[1, 1], [2, 2]])
    }

    @Test func aLargeMessageKeepsItsPlaceUncopied() throws {
        let channel = EmbeddedChannel()
        let batch = OutputBatch()
        batch.write(Self.bytes(1, 1), to: channel)
        batch.write(Self.bytes(OutputBatch.wholeBytes, 2), to: channel)
        batch.write(Self.bytes(1, 3), to: channel)
        batch.flush(channel)
        #expect(try Self.written(to: channel).map(\.readableBytes) == [1, OutputBatch.wholeBytes, 1])
    }

    /// More than a full batch is given to the channel before the flush, so that the channel can say that it is behind.
    @Test func aFullBatchDoesNotWaitForTheFlush() throws {
        let channel = EmbeddedChannel()
        let batch = OutputBatch()
        let size = OutputBatch.wholeBytes - 1
        for _ in 0...(OutputBatch.fullBytes / size) { batch.write(Self.bytes(size, 7), to: channel) }
        channel.flush()
        #expect(try Self.written(to: channel).map(\.readableBytes).reduce(0, +) >= OutputBatch.fullBytes)
    }

    @Test func handedOverBytesWaitForTheChannelsFlush() throws {
        let channel = EmbeddedChannel()
        let batch = OutputBatch()
        batch.write(Self.bytes(1, 1), to: channel)
        batch.handOver(to: channel)
        #expect(try Self.written(to: channel).isEmpty)
        channel.writeAndFlush(Self.bytes(1, 2), promise: nil)
        #expect(try Self.written(to: channel).map { Array($0.readableBytesView) } == [[1], [2]])
    }
}
