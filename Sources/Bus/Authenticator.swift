import CZeroMQ
import Foundation

/// Admits peers by key: ZeroMQ asks it during each CURVE handshake (ZAP, rfc.zeromq.org/spec/27). A key opens only the
/// links that its stage is permitted. It lives as long as the process: without it ZeroMQ would admit every key.
final class Authenticator: @unchecked Sendable {
    // The socket is used by its own thread alone once that runs.
    private let socket: UnsafeMutableRawPointer
    private let network: Network
    static let endpoint = "inproc://zeromq.zap.01"
    /// Parts of a request with a CURVE key.
    static let requestParts = 7
    /// Largest part that is looked at, bytes.
    static let maximumPart = 256

    init(network: Network, context: BusContext) throws(BusError) {
        guard let socket = zmq_socket(context.raw, ZMQ_REP) else { throw lastSocketError("zmq_socket") }
        self.socket = socket
        self.network = network
        guard zmq_bind(socket, Self.endpoint) == 0 else { throw lastSocketError("cannot bind \(Self.endpoint)") }
    }

    func start() {
        Thread.detachNewThread { [self] in
            while true {
                guard let request = receive() else { continue }
                reply(to: request)
            }
        }
    }

    private func receive() -> [[UInt8]]? {
        var parts: [[UInt8]] = []
        var more = true
        while more {
            var part = zmq_msg_t()
            zmq_msg_init(&part)
            defer { zmq_msg_close(&part) }
            guard zmq_msg_recv(&part, socket, 0) >= 0 else { return nil }
            let bytes = UnsafeRawBufferPointer(start: zmq_msg_data(&part), count: zmq_msg_size(&part))
            parts.append([UInt8](bytes.prefix(Self.maximumPart)))
            more = zmq_msg_more(&part) != 0
        }
        return parts
    }

    /// version, request id, domain, address, identity, mechanism, credentials → version, request id, status, text, user,
    /// metadata.
    private func reply(to request: [[UInt8]]) {
        let admitted = admit(request)
        let parts: [[UInt8]] = [
            Array("1.0".utf8), request.count > 1 ? request[1] : [], Array((admitted == nil ? "400" : "200").utf8),
            Array((admitted == nil ? "not permitted" : "OK").utf8), Array((admitted ?? "").utf8), [],
        ]
        for (index, part) in parts.enumerated() {
            let flags = index == parts.count - 1 ? 0 : ZMQ_SNDMORE
            let sent = part.withUnsafeBytes { zmq_send(socket, $0.baseAddress, $0.count, flags) }
            if sent < 0 { StageLog.error("\(lastSocketError("cannot answer a handshake"))") }
        }
    }

    /// The stage that may send to the inbox of this domain, by its key.
    private func admit(_ request: [[UInt8]]) -> String? {
        guard request.count == Self.requestParts, request[5].elementsEqual("CURVE".utf8) else {
            StageLog.error("refused a link without a key")
            return nil
        }
        let receiver = String(decoding: request[2], as: UTF8.self)
        let address = String(decoding: request[3], as: UTF8.self)
        let (sender, isPermitted) = network.sender(LinkKey(bytes: request[6]), to: receiver)
        guard let sender else {
            StageLog.error("refused a link to \(receiver) from \(address): its key is not known")
            return nil
        }
        guard isPermitted else {
            StageLog.error("refused a link to \(receiver) from \(address): \(sender) is not permitted to send to it")
            return nil
        }
        return sender
    }
}
