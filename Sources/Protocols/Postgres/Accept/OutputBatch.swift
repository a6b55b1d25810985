import NIOCore

/// Gathers messages towards one channel, so that one pass through its pipeline and one system call send many. Used on
/// the channel's event loop alone.
///
/// A class, and never in the middle of a change while it calls the channel: a write that fails closes the channel, and
/// its handlers come back here.
final class OutputBatch {
    /// Bytes at which what was gathered is handed to the channel, which then says whether its peer keeps up.
    static let fullBytes = 64 << 10
    /// A message of this size travels as it is: copying it would cost more than it saves.
    static let wholeBytes = 16 << 10
    /// Bytes of memory kept for the next batch.
    static let keptBytes = 1 << 10

    private var gathered = ByteBuffer()
    private var lastSize = 0
    private var isUnflushed = false

    /// Adds `bytes`; they leave with the next ``flush(_:)``.
    func write(_ bytes: ByteBuffer, to channel: any Channel) {
        isUnflushed = true
        if bytes.readableBytes >= Self.wholeBytes {
            handOver(to: channel)
            channel.write(bytes, promise: nil)
            return
        }
        if gathered.readableBytes == 0 { gathered.reserveCapacity(min(lastSize, Self.fullBytes)) }
        gathered.writeImmutableBuffer(bytes)
        if gathered.readableBytes >= Self.fullBytes { handOver(to: channel) }
    }

    /// Sends everything; does nothing when nothing was written since the last time.
    func flush(_ channel: any Channel) {
        guard isUnflushed else { return }
        isUnflushed = false
        var bytes = take()
        if bytes.readableBytes > 0 { channel.write(bytes, promise: nil) }
        channel.flush()
        // Sent already, as a rule: then its memory serves the next batch.
        if gathered.capacity == 0, bytes.capacity <= Self.keptBytes {
            swap(&bytes, &gathered)
            gathered.clear()
        }
    }

    /// Hands what was gathered to the channel, unflushed.
    func handOver(to channel: any Channel) {
        let bytes = take()
        if bytes.readableBytes > 0 { channel.write(bytes, promise: nil) }
    }

    private func take() -> ByteBuffer {
        var taken = ByteBuffer()
        swap(&taken, &gathered)
        lastSize = taken.readableBytes
        return taken
    }
}
