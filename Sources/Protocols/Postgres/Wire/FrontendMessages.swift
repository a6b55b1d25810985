import NIOCore

/// Type bytes of what a client sends.
public enum FrontendType {
    public static let bind = UInt8(ascii: "B")
    public static let close = UInt8(ascii: "C")
    public static let copyData = UInt8(ascii: "d")
    public static let copyDone = UInt8(ascii: "c")
    public static let copyFail = UInt8(ascii: "f")
    public static let describe = UInt8(ascii: "D")
    public static let execute = UInt8(ascii: "E")
    public static let flush = UInt8(ascii: "H")
    public static let functionCall = UInt8(ascii: "F")
    /// PasswordMessage, SASLInitialResponse, SASLResponse.
    public static let password = UInt8(ascii: "p")
    public static let parse = UInt8(ascii: "P")
    public static let query = UInt8(ascii: "Q")
    public static let sync = UInt8(ascii: "S")
    public static let terminate = UInt8(ascii: "X")
    /// What a client may send once it is logged in.
    public static let inSession: Set<UInt8> = [
        bind, close, copyData, copyDone, copyFail, describe, execute, flush, functionCall, parse, query, sync,
        terminate,
    ]
}

/// Query.
public struct QueryMessage: Sendable {
    /// The statement's bytes, without the NUL.
    public let text: ByteBuffer
    public init(_ frame: Frame) throws(WireError) {
        var body = frame.body
        text = try body.readCBytes()
        try body.finish()
    }
}

/// Parse.
public struct ParseMessage: Sendable {
    public let name: String
    public let text: ByteBuffer
    /// Int16 count and the parameter type OIDs, as received.
    public let types: ByteBuffer
    public init(_ frame: Frame) throws(WireError) {
        var body = frame.body
        name = try body.readObjectName()
        text = try body.readCBytes()
        let start = body
        let count = try body.need(Int16.self)
        guard count >= 0 else { throw WireError("negative count of parameter types") }
        _ = try body.need(bytes: Int(count) * 4)
        try body.finish()
        types = start
    }
}

/// Bind.
public struct BindMessage: Sendable {
    public let portal: String
    public let statement: String
    /// All that follows the two names, as received: formats, values, result formats.
    public let rest: ByteBuffer
    public let parameters: [(format: Int16, value: ByteBuffer?)]
    /// 0 text, 1 binary: none for all text, one for all columns, or one of each.
    public let resultFormats: [Int16]
    /// All of the body that stands before them and their count.
    private let beforeFormats: ByteBuffer

    public init(_ frame: Frame) throws(WireError) {
        var body = frame.body
        let whole = body
        portal = try body.readObjectName()
        statement = try body.readObjectName()
        rest = body
        var formats: [Int16] = []
        let formatCount = try Self.count(&body)
        for _ in 0..<formatCount { formats.append(try Self.format(&body)) }
        let count = try Self.count(&body)
        guard formatCount <= 1 || formatCount == count else {
            throw WireError("bind message has \(formatCount) parameter formats but \(count) parameters")
        }
        var parameters: [(format: Int16, value: ByteBuffer?)] = []
        parameters.reserveCapacity(count)
        for index in 0..<count {
            let format = formatCount == 0 ? 0 : formats[formatCount == 1 ? 0 : index]
            let length = try body.need(Int32.self)
            guard length >= -1 else { throw WireError("invalid parameter length \(length)") }
            parameters.append((format, length < 0 ? nil : try body.need(bytes: Int(length))))
        }
        var before = whole
        beforeFormats = try before.need(bytes: whole.readableBytes - body.readableBytes)
        var resultFormats: [Int16] = []
        let resultCount = try Self.count(&body)
        for _ in 0..<resultCount { resultFormats.append(try Self.format(&body)) }
        try body.finish()
        self.parameters = parameters
        self.resultFormats = resultFormats
    }

    /// The same message with other result formats.
    public func bytes(resultFormats: [Int16]) -> ByteBuffer {
        var buffer = ByteBuffer()
        buffer.writeMessage(FrontendType.bind) {
            $0.writeImmutableBuffer(beforeFormats)
            $0.writeInteger(UInt16(resultFormats.count))
            for format in resultFormats { $0.writeInteger(format) }
        }
        return buffer
    }

    /// PostgreSQL reads these counts as unsigned since version 14 and bounds them by 65,535.
    private static func count(_ body: inout ByteBuffer) throws(WireError) -> Int { Int(try body.need(UInt16.self)) }

    private static func format(_ body: inout ByteBuffer) throws(WireError) -> Int16 {
        let format = try body.need(Int16.self)
        guard format == 0 || format == 1 else { throw WireError("invalid format code \(format)") }
        return format
    }
}

/// Describe and Close: a statement or a portal by name.
public struct NamedObjectMessage: Sendable {
    public let isPortal: Bool
    public let name: String
    public init(_ frame: Frame) throws(WireError) {
        var body = frame.body
        switch try body.need(UInt8.self) {
        case UInt8(ascii: "P"): isPortal = true
        case UInt8(ascii: "S"): isPortal = false
        default: throw WireError("neither a statement nor a portal")
        }
        name = try body.readObjectName()
        try body.finish()
    }
}

/// Execute.
public struct ExecuteMessage: Sendable {
    public let portal: String
    /// Rows at most; 0: all.
    public let rowLimit: Int32
    public init(_ frame: Frame) throws(WireError) {
        var body = frame.body
        portal = try body.readObjectName()
        rowLimit = try body.need(Int32.self)
        try body.finish()
    }
}

/// SASLInitialResponse.
public struct SASLInitialResponse: Sendable {
    public let mechanism: String
    public let data: [UInt8]
    public init(_ frame: Frame) throws(WireError) {
        var body = frame.body
        mechanism = try body.readCString()
        let length = try body.need(Int32.self)
        guard length >= 0 else { throw WireError("SASL response is missing") }
        data = [UInt8](try body.need(bytes: Int(length)).readableBytesView)
        try body.finish()
    }
}

/// Messages that Sluice sends to a target.
public enum FrontendEncoder {
    public static func sslRequest() -> ByteBuffer {
        var buffer = ByteBuffer()
        buffer.writeInteger(Int32(8))
        buffer.writeInteger(Int32(80_877_103))
        return buffer
    }

    public static func startup(_ parameters: [(name: String, value: String)]) -> ByteBuffer {
        var buffer = ByteBuffer()
        buffer.writeInteger(Int32(0))
        buffer.writeInteger(Int32(196_608))
        for (name, value) in parameters {
            buffer.writeCString(name)
            buffer.writeCString(value)
        }
        buffer.writeInteger(UInt8(0))
        buffer.setInteger(Int32(buffer.writerIndex), at: 0)
        return buffer
    }

    public static func cancel(processID: Int32, key: [UInt8]) -> ByteBuffer {
        var buffer = ByteBuffer()
        buffer.writeInteger(Int32(12 + key.count))
        buffer.writeInteger(Int32(80_877_102))
        buffer.writeInteger(processID)
        buffer.writeBytes(key)
        return buffer
    }

    public static func query(_ text: String) -> ByteBuffer {
        message(FrontendType.query) { $0.writeCString(text) }
    }

    public static func parse(name: String, text: String) -> ByteBuffer {
        message(FrontendType.parse) {
            $0.writeCString(name)
            $0.writeCString(text)
            $0.writeInteger(Int16(0))
        }
    }

    /// A statement without parameters from Parse to Execute, in a named statement and portal that are closed before, since
    /// they may have been left, and after.
    public static func execution(of text: String, as name: String) -> ByteBuffer {
        let closing = [close("S", name), close("P", name)]
        var messages = ByteBuffer()
        for message in closing { messages.writeImmutableBuffer(message) }
        messages.writeImmutableBuffer(parse(name: name, text: text))
        messages.writeImmutableBuffer(
            message(FrontendType.bind) {
                $0.writeCString(name)
                $0.writeCString(name)
                for _ in 0..<3 { $0.writeInteger(Int16(0)) }
            })
        messages.writeImmutableBuffer(
            message(FrontendType.execute) {
                $0.writeCString(name)
                $0.writeInteger(Int32(0))
            })
        for message in closing { messages.writeImmutableBuffer(message) }
        return messages
    }

    /// Replies to ``execution(of:as:)``.
    public static let executionReplies = 7

    private static func close(_ kind: Unicode.Scalar, _ name: String) -> ByteBuffer {
        message(FrontendType.close) {
            $0.writeInteger(UInt8(ascii: kind))
            $0.writeCString(name)
        }
    }

    /// Parse, unnamed. `types`: Int16 count and the parameter type OIDs.
    public static func parse(text: [UInt8], types: ByteBuffer) -> ByteBuffer {
        message(FrontendType.parse) {
            $0.writeCString("")
            $0.writeBytes(text)
            $0.writeInteger(UInt8(0))
            $0.writeImmutableBuffer(types)
        }
    }

    /// Bind of the unnamed statement to the unnamed portal, with results as text.
    public static func bind(_ parameters: [(format: Int16, value: ByteBuffer?)]) -> ByteBuffer {
        message(FrontendType.bind) {
            $0.writeCString("")
            $0.writeCString("")
            $0.writeInteger(UInt16(parameters.count))
            for parameter in parameters { $0.writeInteger(parameter.format) }
            $0.writeInteger(UInt16(parameters.count))
            for parameter in parameters {
                guard let value = parameter.value else {
                    $0.writeInteger(Int32(-1))
                    continue
                }
                $0.writeInteger(Int32(value.readableBytes))
                $0.writeImmutableBuffer(value)
            }
            $0.writeInteger(Int16(0))
        }
    }

    /// Execute of the unnamed portal, all rows.
    public static func execute() -> ByteBuffer {
        message(FrontendType.execute) {
            $0.writeCString("")
            $0.writeInteger(Int32(0))
        }
    }

    public static func describePortal(_ name: String) -> ByteBuffer {
        message(FrontendType.describe) {
            $0.writeInteger(UInt8(ascii: "P"))
            $0.writeCString(name)
        }
    }

    public static func describeStatement(_ name: String) -> ByteBuffer {
        message(FrontendType.describe) {
            $0.writeInteger(UInt8(ascii: "S"))
            $0.writeCString(name)
        }
    }

    public static func sync() -> ByteBuffer { message(FrontendType.sync) { _ in } }
    public static func flush() -> ByteBuffer { message(FrontendType.flush) { _ in } }
    public static func terminate() -> ByteBuffer { message(FrontendType.terminate) { _ in } }

    public static func password(_ text: String) -> ByteBuffer {
        message(FrontendType.password) { $0.writeCString(text) }
    }

    public static func saslInitialResponse(mechanism: String, data: [UInt8]) -> ByteBuffer {
        message(FrontendType.password) {
            $0.writeCString(mechanism)
            $0.writeInteger(Int32(data.count))
            $0.writeBytes(data)
        }
    }

    public static func saslResponse(_ data: [UInt8]) -> ByteBuffer {
        message(FrontendType.password) { $0.writeBytes(data) }
    }

    private static func message(_ type: UInt8, _ body: (inout ByteBuffer) -> Void) -> ByteBuffer {
        var buffer = ByteBuffer()
        buffer.writeMessage(type, body)
        return buffer
    }
}
