import NIOCore
@testable import PostgresWire

/// A body under construction.
struct Body {
    var buffer = ByteBuffer()

    func int8(_ value: Int) -> Body { adding { $0.writeInteger(UInt8(truncatingIfNeeded: value)) } }
    func int16(_ value: Int) -> Body { adding { $0.writeInteger(Int16(truncatingIfNeeded: value)) } }
    func int32(_ value: Int) -> Body { adding { $0.writeInteger(Int32(truncatingIfNeeded: value)) } }
    func string(_ text: String) -> Body { adding { $0.writeCString(text) } }
    func bytes(_ bytes: [UInt8]) -> Body { adding { $0.writeBytes(bytes) } }

    private func adding(_ change: (inout ByteBuffer) -> Void) -> Body {
        var copy = self
        change(&copy.buffer)
        return copy
    }

    var all: [UInt8] { [UInt8](buffer.readableBytesView) }
}

func frame(_ type: UInt8, _ body: Body) -> Frame { frame(type, body.all) }

func frame(_ type: UInt8, _ body: [UInt8]) -> Frame {
    var buffer = ByteBuffer()
    buffer.writeMessage(type) { $0.writeBytes(body) }
    return Frame(type: type, bytes: buffer)
}

func array(_ buffer: ByteBuffer) -> [UInt8] { [UInt8](buffer.readableBytesView) }

/// A decoder of one message, by name, with a whole body for it.
struct Decoder {
    let name: String
    let type: UInt8
    let body: [UInt8]
    let decode: (Frame) throws -> Void

    init(_ name: String, _ type: UInt8, _ body: Body, _ decode: @escaping (Frame) throws -> Void) {
        self.name = name
        self.type = type
        self.body = body.all
        self.decode = decode
    }

    func accepts(_ body: [UInt8]) -> Bool {
        do {
            try decode(frame(type, body))
            return true
        } catch {
            return false
        }
    }
}

enum Decoders {
    static let bind = Body().string("p").string("s").int16(2).int16(0).int16(1).int16(2)
        .int32(2).bytes([1, 2]).int32(-1).int16(1).int16(1)
    static let rowDescription = Body().int16(2)
        .string("id").int32(16_384).int16(1).int32(23).int16(4).int32(-1).int16(0)
        .string("mail").int32(0).int16(0).int32(25).int16(-1).int32(-1).int16(1)

    /// Decoders that take their body as a whole: nothing less, nothing more.
    static var exact: [Decoder] {
        [
            Decoder("Query", FrontendType.query, Body().string("SELECT 1")) { _ = try QueryMessage($0) },
            Decoder("Parse", FrontendType.parse, Body().string("s").string("SELECT $1").int16(2).int32(23).int32(25)) {
                _ = try ParseMessage($0)
            },
            Decoder("Bind", FrontendType.bind, bind) { _ = try BindMessage($0) },
            Decoder("Describe", FrontendType.describe, Body().int8(0x53).string("s")) {
                _ = try NamedObjectMessage($0)
            },
            Decoder("Execute", FrontendType.execute, Body().string("p").int32(10)) { _ = try ExecuteMessage($0) },
            Decoder(
                "SASLInitialResponse", FrontendType.password,
                Body().string("SCRAM-SHA-256").int32(3).bytes([1, 2, 3])
            ) { _ = try SASLInitialResponse($0) },
            Decoder("Password", FrontendType.password, Body().string("secret")) { frame in
                var body = frame.body
                _ = try body.readPassword()
            },
            Decoder("RowDescription", BackendType.rowDescription, rowDescription) {
                _ = try BackendDecoder.rowDescription($0)
            },
            Decoder("DataRow", BackendType.dataRow, Body().int16(3).int32(1).int8(7).int32(-1).int32(0)) {
                _ = try BackendDecoder.dataRow($0)
            },
            Decoder(
                "ErrorResponse", BackendType.errorResponse,
                Body().int8(0x43).string("42501").int8(0x4d).string("no").int8(0)
            ) {
                _ = try BackendDecoder.errorFields($0)
            },
            Decoder("CommandComplete", BackendType.commandComplete, Body().string("SELECT 5")) {
                _ = try BackendDecoder.commandTag($0)
            },
            Decoder("ParameterStatus", BackendType.parameterStatus, Body().string("TimeZone").string("UTC")) {
                _ = try BackendDecoder.parameterStatus($0)
            },
            Decoder("ReadyForQuery", BackendType.readyForQuery, Body().int8(0x49)) {
                _ = try BackendDecoder.readyForQuery($0)
            },
            Decoder(
                "mechanisms", BackendType.authentication,
                Body().string("SCRAM-SHA-256-PLUS").string("SCRAM-SHA-256").int8(0)
            ) {
                _ = try BackendDecoder.mechanisms($0.body)
            },
        ]
    }
}
