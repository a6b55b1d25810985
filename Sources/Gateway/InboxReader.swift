import Bus
import Glibc
import NIOCore
import NIOPosix

/// Reads an inbox on an event loop, which then needs no second thread to wake it for every message.
///
/// ZeroMQ signals by an eventfd (ZMQ_FD). NIO watches a copy of it as a pipe, and a pipe is read when it is readable:
/// what NIO took from the counter is put back at once, before ZeroMQ looks. Only this event loop reads the counter, so
/// that ZeroMQ finds it as it left it. Where ZMQ_FD is not an eventfd, or NIO gives the descriptor up, an ``InboxPump``
/// reads the inbox on a thread instead.
public final class InboxReader: @unchecked Sendable {
    // Everything is used on `eventLoop` alone once it runs.
    /// Most messages handed over at once.
    static let batchLimit = 256
    /// Pause before more than one batch is read.
    static let turnPause = TimeAmount.microseconds(100)
    /// How often a changed key of the inbox is looked for.
    static let tendInterval = TimeAmount.milliseconds(50)

    private let inbox: Inbox
    private let eventLoop: any EventLoop
    private let handler: @Sendable ([BusMessage]) -> Void
    private var isPumped = false

    /// `handler` is called on `eventLoop`, or on the pump's thread.
    public init(inbox: Inbox, eventLoop: any EventLoop, handler: @escaping @Sendable ([BusMessage]) -> Void) {
        self.inbox = inbox
        self.eventLoop = eventLoop
        self.handler = handler
    }

    /// Watches the inbox from now on.
    public func start() {
        eventLoop.execute { [self] in
            let descriptors = inbox.descriptors
            guard !descriptors.isEmpty else { return pump() }
            for descriptor in descriptors {
                guard Self.isEventCounter(descriptor), case let copy = dup(descriptor), copy >= 0 else { return pump() }
                watch(descriptor, copy)
            }
            eventLoop.scheduleRepeatedTask(initialDelay: Self.tendInterval, delay: Self.tendInterval) { [self] task in
                guard !isPumped else { return task.cancel() }
                inbox.tend()
                readInbox()
            }
        }
    }

    private func watch(_ descriptor: Int32, _ copy: Int32) {
        NIOPipeBootstrap(group: eventLoop)
            .channelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: SignalHandler.size))
            .channelOption(.maxMessagesPerRead, value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(SignalHandler(reader: self, descriptor: descriptor))
                }
            }
            .takingOwnershipOfDescriptor(input: copy)
            .whenComplete { [self] result in
                switch result {
                // What came before the descriptor was watched is here already.
                case .success: readInbox()
                case .failure(let error):
                    close(copy)
                    StageLog.error("the event loop cannot watch the inbox: \(error)")
                    pump()
                }
            }
    }

    private static func isEventCounter(_ descriptor: Int32) -> Bool {
        var name = [UInt8](repeating: 0, count: 64)
        let count = readlink("/proc/self/fd/\(descriptor)", &name, name.count)
        return count > 0 && String(decoding: name.prefix(count), as: UTF8.self) == "anon_inode:[eventfd]"
    }

    /// Leaves the inbox to a thread of its own, for good.
    fileprivate func pump() {
        guard !isPumped else { return }
        isPumped = true
        InboxPump(inbox: inbox, handler: handler).start()
    }

    /// Reads until nothing is left: what is left would not be signalled again.
    fileprivate func readInbox() {
        guard !isPumped else { return }
        var batch: [BusMessage] = []
        var isEmpty = false
        while !isEmpty, batch.count < Self.batchLimit {
            do {
                if let message = try inbox.receive() { batch.append(message) } else { isEmpty = true }
            } catch {
                StageLog.error("message dropped: \(error)")
            }
        }
        if !batch.isEmpty { handler(batch) }
        // Others have their turn in between: a task for now would come before them.
        if !isEmpty { eventLoop.scheduleTask(in: Self.turnPause) { self.readInbox() } }
    }
}

/// Puts back what NIO read of the event counter, then has the inbox read.
private final class SignalHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    /// An event counter is read and written as one UInt64 (eventfd(2)).
    static let size = MemoryLayout<UInt64>.size

    private let reader: InboxReader
    private let descriptor: Int32

    init(reader: InboxReader, descriptor: Int32) {
        self.reader = reader
        self.descriptor = descriptor
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        guard var count = bytes.readInteger(endianness: .host, as: UInt64.self),
            Glibc.write(descriptor, &count, Self.size) == Self.size
        else {
            StageLog.error("the inbox's signal cannot be put back: \(errno)")
            return giveUp(context)
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) { reader.readInbox() }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        StageLog.error("the event loop lost the inbox: \(error)")
        giveUp(context)
    }

    private func giveUp(_ context: ChannelHandlerContext) {
        context.close(promise: nil)
        reader.pump()
    }
}
