import NIOCore
import PostgresWire

/// A connection that gets an error and nothing else.
final class TurnedAway: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let failure: SessionFailure

    init(_ failure: SessionFailure) { self.failure = failure }

    func channelActive(context: ChannelHandlerContext) {
        context.writeAndFlush(wrapOutboundOut(BackendEncoder.notice(failure.notice)), promise: nil)
        context.channel.closeAfterLinger()
    }
}

extension Channel {
    /// Closes once the peer has had time to read what was written: closing over its unread bytes would reset the
    /// connection and lose them. What still comes is read and dropped.
    func closeAfterLinger() {
        setOption(.autoRead, value: true).whenFailure { _ in }
        eventLoop.scheduleTask(in: .milliseconds(100)) { self.close(promise: nil) }
    }
}
