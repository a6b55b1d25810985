import Configuration
import NIOCore
import NIOPosix
import PostgresAccept
@testable import PostgresWire
import Synchronization
import Testing

/// What listens in the gateway's place and asks for the secret in a way that needs no proof.
@Suite("A client of the gateway")
struct GatewayClientTests {
    private static let secret = "a-secret-of-an-account"

    @Test(arguments: [
        // AuthenticationCleartextPassword, AuthenticationMD5Password, AuthenticationOk.
        [0, 0, 0, 3] as [UInt8], [0, 0, 0, 5, 1, 2, 3, 4], [0, 0, 0, 0],
    ])
    func nobodyElseIsToldTheSecret(request: [UInt8]) async throws {
        let group = MultiThreadedEventLoopGroup.singleton
        let impostor = Impostor(request: request)
        let server = try await ServerBootstrap(group: group)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(ImpostorHandler(impostor))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let port = try #require(server.localAddress?.port)
        let configuration = try Configuration.parse(
            """
            state: ./state
            listeners:
              postgres: 127.0.0.1:\(port)
            resources:
              - name: orders
                protocol: postgres
                target: 127.0.0.1:1/orders
                tls: prefer
                credentials: {user: app, password: other}
                recording: written
            policy: policy.yaml
            """, file: "/srv/app/sluice.yaml")
        let client = GatewayClient(
            Resource(configuration.resources[0], behind: configuration.listeners[0], user: "a", secret: Self.secret),
            name: "test", on: group.any())
        await #expect(throws: GatewayClient.Failure.self) {
            _ = try await client.rows(of: "SELECT 1", within: .seconds(10)).get()
        }
        try await server.close()
        let heard = impostor.heard.withLock { $0 }
        // It said who it is, and nothing else: no secret in any form, no statement.
        #expect(impostor.messages.withLock { $0 } == 2)
        #expect(!String(decoding: heard, as: UTF8.self).contains(Self.secret))
    }
}

private final class Impostor: Sendable {
    let request: [UInt8]
    let heard = Mutex<[UInt8]>([])
    /// SSLRequest, StartupMessage, and whatever follows.
    let messages = Mutex(0)

    init(request: [UInt8]) { self.request = request }
}

private final class ImpostorHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let impostor: Impostor

    init(_ impostor: Impostor) { self.impostor = impostor }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = unwrapInboundIn(data)
        impostor.heard.withLock { $0 += bytes.readableBytesView }
        let count = impostor.messages.withLock { count in
            count += 1
            return count
        }
        var answer = ByteBuffer()
        switch count {
        case 1: answer.writeInteger(UInt8(ascii: "N"))
        case 2: answer.writeMessage(BackendType.authentication) { $0.writeBytes(impostor.request) }
        case _: return
        }
        context.writeAndFlush(wrapOutboundOut(answer), promise: nil)
    }
}
