import NIOCore
import NIOHTTP1
import NIOPosix

/// Answers one request and closes.
final class MetricsRequestHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private enum State {
        case waiting
        /// The head was read; the answer goes out at the request's end.
        case reading(HTTPRequestHead)
        /// The request is complete; what the client sends behind it is not looked at.
        case responding
        case answered
    }

    private let respond: MetricsServer.Respond
    private let pool: NIOThreadPool?
    private let isLoopback: Bool
    private var state = State.waiting
    private var deadline: Scheduled<Void>?

    /// `isLoopback`: it listens on a loopback address, whose clients name it so.
    init(respond: @escaping MetricsServer.Respond, pool: NIOThreadPool?, isLoopback: Bool) {
        self.respond = respond
        self.pool = pool
        self.isLoopback = isLoopback
    }

    func channelActive(context: ChannelHandlerContext) {
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        deadline = context.eventLoop.scheduleTask(in: MetricsServer.lifetime) { bound.value.close(promise: nil) }
    }

    func channelInactive(context: ChannelHandlerContext) { deadline?.cancel() }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch (unwrapInboundIn(data), state) {
        case (.head(let head), .waiting):
            state = .reading(head)
        case (.body, .reading(let head)):
            answer(head, MetricsResponse(status: 413, body: "a request has no body here\n"), context)
        case (.end, .reading(let head)):
            state = .responding
            handle(head, context)
        case (.head, .reading), (.head, .responding), (.head, .answered), (.body, .waiting), (.body, .responding),
            (.body, .answered), (.end, .waiting), (.end, .responding), (.end, .answered):
            break
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch state {
        case .responding, .answered: context.close(promise: nil)
        case .waiting, .reading:
            let tooLarge = error is RequestSizeLimit.Exceeded
            let head = HTTPRequestHead(version: .http1_1, method: .GET, uri: "")
            answer(
                head,
                MetricsResponse(
                    status: tooLarge ? 431 : 400, body: tooLarge ? "the request is too large\n" : "no HTTP request\n"),
                context)
        }
    }

    private func handle(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        // A web page can have its own name resolve to a loopback address, and would read the answer (DNS rebinding).
        guard !isLoopback || head.headers["host"].allSatisfy(LoopbackName.matches) else {
            let text = "ask by a loopback name: localhost, 127.0.0.1 or [::1]\n"
            return answer(head, MetricsResponse(status: 403, body: text), context)
        }
        guard head.method == .GET || head.method == .HEAD else {
            return answer(head, MetricsResponse(status: 405, body: "only GET and HEAD\n"), context)
        }
        let path = head.uri.prefix { $0 != "?" }
        guard let endpoint = MetricsEndpoint(rawValue: String(path)) else {
            let paths = MetricsEndpoint.allCases.map(\.rawValue).joined(separator: ", ")
            return answer(head, MetricsResponse(status: 404, body: "there are \(paths)\n"), context)
        }
        // Health is this process's own: nobody has to be asked, and it is told while the pool is busy.
        guard let pool, endpoint != .health else { return answer(head, respond(endpoint), context) }
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        let (respond, channel) = (self.respond, context.channel)
        // A client that left while it waited for the thread costs nothing more.
        pool.runIfActive(eventLoop: context.eventLoop) { channel.isActive ? respond(endpoint) : nil }
            .whenComplete { result in
                let (handler, context) = bound.value
                switch result {
                case .success(let response?): handler.answer(head, response, context)
                case .success(nil), .failure: context.close(promise: nil)
                }
            }
    }

    private func answer(_ head: HTTPRequestHead, _ response: MetricsResponse, _ context: ChannelHandlerContext) {
        if case .answered = state { return }
        state = .answered
        let body = ByteBuffer(string: response.body)
        var headers = HTTPHeaders()
        headers.add(name: "Content-Type", value: response.contentType)
        headers.add(name: "Content-Length", value: "\(body.readableBytes)")
        headers.add(name: "Connection", value: "close")
        headers.add(name: "Cache-Control", value: "no-store")
        if response.status == 405 { headers.add(name: "Allow", value: "GET, HEAD") }
        let start = HTTPResponseHead(
            version: .http1_1, status: HTTPResponseStatus(statusCode: response.status), headers: headers)
        context.write(wrapOutboundOut(.head(start)), promise: nil)
        if head.method != .HEAD { context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil) }
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        context.writeAndFlush(wrapOutboundOut(.end(nil))).whenComplete { _ in bound.value.close(promise: nil) }
    }
}

/// Ends a request whose bytes exceed the bound, whatever they are.
final class RequestSizeLimit: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    struct Exceeded: Error {}

    private let maximum: Int
    private var count = 0

    init(maximum: Int) { self.maximum = maximum }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard count <= maximum else { return }
        count += unwrapInboundIn(data).readableBytes
        if count > maximum { context.fireErrorCaught(Exceeded()) } else { context.fireChannelRead(data) }
    }
}
