import Contract
import SwiftProtobuf

/// One bus message: header, body (its type follows from `header.kind`) and raw payload.
public struct BusMessage: Sendable {
    /// The contract this code speaks; a message of a later one is refused, since its rules are not known here.
    public static let contractVersion: UInt32 = 1
    /// Largest part accepted from a peer: 64 MiB.
    public static let maximumPartSize = 64 << 20

    public var header: Header
    public var body: [UInt8]
    public var payload: [UInt8]

    public init(header: Header, body: [UInt8] = [], payload: [UInt8] = []) {
        self.header = header
        self.header.contractVersion = Self.contractVersion
        self.body = body
        self.payload = payload
    }

    /// Decodes the three parts. Throws ``BusError`` on any other number of parts, an oversized part, an undecodable
    /// header, or an unknown contract version or kind.
    public init(parts: [[UInt8]]) throws(BusError) {
        guard parts.count == 3 else { throw BusError(.malformed, "a message has 3 parts, not \(parts.count)") }
        guard parts.allSatisfy({ $0.count <= Self.maximumPartSize }) else {
            throw BusError(.malformed, "a part is larger than \(Self.maximumPartSize) bytes")
        }
        let header: Header
        do {
            header = try Header(serializedBytes: parts[0])
        } catch {
            throw BusError(.malformed, "undecodable header")
        }
        guard header.contractVersion == Self.contractVersion else {
            throw BusError(.version, "contract version \(header.contractVersion) is not \(Self.contractVersion)")
        }
        switch header.kind {
        case .unspecified, .UNRECOGNIZED: throw BusError(.malformed, "unknown kind")
        case .judge, .judged, .holdPending, .holdClose, .holdClosed, .mask, .masked, .record, .recorded, .failed, .ping,
            .pong, .cancel:
            break
        }
        self.header = header
        self.body = parts[1]
        self.payload = parts[2]
    }

    /// The header as bytes.
    public func encodedHeader() throws(BusError) -> [UInt8] {
        do {
            return try header.serializedBytes()
        } catch {
            throw BusError(.malformed, "header cannot be encoded")
        }
    }

    /// The body, decoded as `type`.
    public func body<Body: SwiftProtobuf.Message>(as type: Body.Type) throws(BusError) -> Body {
        do {
            return try Body(serializedBytes: body)
        } catch {
            throw BusError(.malformed, "undecodable body of kind \(header.kind)")
        }
    }

    /// The same conversation's answer: keeps session, sequence, lane, deadline and trace; drops the route.
    public func reply(_ kind: Kind, body: [UInt8] = [], payload: [UInt8] = []) -> BusMessage {
        var answer = header
        answer.kind = kind
        answer.route = []
        return BusMessage(header: answer, body: body, payload: payload)
    }
}

/// An error of the bus: a code to act on and a detail for the log.
public struct BusError: Error, CustomStringConvertible, Sendable {
    public struct Code: Hashable, Sendable {
        let name: String
        /// The message cannot be understood.
        public static let malformed = Code(name: "malformed")
        /// The peer speaks another contract version.
        public static let version = Code(name: "version")
        /// The decision is not authentic or not for this command.
        public static let unauthentic = Code(name: "unauthentic")
        /// A socket operation failed.
        public static let socket = Code(name: "socket")
        /// The process environment lacks what a stage needs.
        public static let environment = Code(name: "environment")
    }
    public let code: Code
    public let detail: String

    public init(_ code: Code, _ detail: String) {
        self.code = code
        self.detail = detail
    }
    public var description: String { "\(code.name): \(detail)" }
}
