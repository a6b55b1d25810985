import NIOCore

/// Type bytes of what a server sends.
public enum BackendType {
    public static let authentication = UInt8(ascii: "R")
    public static let backendKeyData = UInt8(ascii: "K")
    public static let bindComplete = UInt8(ascii: "2")
    public static let closeComplete = UInt8(ascii: "3")
    public static let commandComplete = UInt8(ascii: "C")
    public static let copyBothResponse = UInt8(ascii: "W")
    public static let copyData = UInt8(ascii: "d")
    public static let copyDone = UInt8(ascii: "c")
    public static let copyInResponse = UInt8(ascii: "G")
    public static let copyOutResponse = UInt8(ascii: "H")
    public static let dataRow = UInt8(ascii: "D")
    public static let emptyQueryResponse = UInt8(ascii: "I")
    public static let errorResponse = UInt8(ascii: "E")
    public static let functionCallResponse = UInt8(ascii: "V")
    public static let negotiateProtocolVersion = UInt8(ascii: "v")
    public static let noData = UInt8(ascii: "n")
    public static let noticeResponse = UInt8(ascii: "N")
    public static let notificationResponse = UInt8(ascii: "A")
    public static let parameterDescription = UInt8(ascii: "t")
    public static let parameterStatus = UInt8(ascii: "S")
    public static let parseComplete = UInt8(ascii: "1")
    public static let portalSuspended = UInt8(ascii: "s")
    public static let readyForQuery = UInt8(ascii: "Z")
    public static let rowDescription = UInt8(ascii: "T")
}

/// Where a session stands in a transaction, as ReadyForQuery says it.
public enum TransactionStatus: UInt8, Sendable {
    case idle = 0x49  // I
    case inTransaction = 0x54  // T
    case failed = 0x45  // E
}

/// An error or notice that Sluice itself sends.
public struct WireNotice: Sendable, Equatable {
    public enum Severity: String, Sendable { case error = "ERROR", fatal = "FATAL", notice = "NOTICE" }
    public var severity: Severity
    public var sqlState: String
    public var message: String
    public var detail: String?
    public var hint: String?

    public init(
        severity: Severity = .error, sqlState: String, message: String, detail: String? = nil, hint: String? = nil
    ) {
        self.severity = severity
        self.sqlState = sqlState
        self.message = message
        self.detail = detail
        self.hint = hint
    }
}

/// Messages that Sluice sends to a client.
public enum BackendEncoder {
    public static func notice(_ notice: WireNotice) -> ByteBuffer {
        let type = notice.severity == .notice ? BackendType.noticeResponse : BackendType.errorResponse
        return message(type) { buffer in
            func field(_ code: Character, _ text: String?) {
                guard let text, let byte = code.asciiValue else { return }
                buffer.writeInteger(byte)
                // A NUL would end the field early.
                buffer.writeBytes(text.utf8.filter { $0 != 0 })
                buffer.writeInteger(UInt8(0))
            }
            field("S", notice.severity.rawValue)
            field("V", notice.severity.rawValue)
            field("C", notice.sqlState)
            field("M", notice.message)
            field("D", notice.detail)
            field("H", notice.hint)
            buffer.writeInteger(UInt8(0))
        }
    }

    public static func authenticationOk() -> ByteBuffer { authentication(0) { _ in } }
    public static func authenticationCleartextPassword() -> ByteBuffer { authentication(3) { _ in } }
    public static func authenticationSASL(mechanisms: [String]) -> ByteBuffer {
        authentication(10) { buffer in
            for mechanism in mechanisms { buffer.writeCString(mechanism) }
            buffer.writeInteger(UInt8(0))
        }
    }
    public static func authenticationSASLContinue(_ data: [UInt8]) -> ByteBuffer {
        authentication(11) { $0.writeBytes(data) }
    }
    public static func authenticationSASLFinal(_ data: [UInt8]) -> ByteBuffer {
        authentication(12) { $0.writeBytes(data) }
    }

    private static func authentication(_ code: Int32, _ body: (inout ByteBuffer) -> Void) -> ByteBuffer {
        message(BackendType.authentication) {
            $0.writeInteger(code)
            body(&$0)
        }
    }

    public static func parameterStatus(_ name: String, _ value: String) -> ByteBuffer {
        message(BackendType.parameterStatus) {
            $0.writeCString(name)
            $0.writeCString(value)
        }
    }

    public static func backendKeyData(processID: Int32, key: [UInt8]) -> ByteBuffer {
        message(BackendType.backendKeyData) {
            $0.writeInteger(processID)
            $0.writeBytes(key)
        }
    }

    public static func readyForQuery(_ status: TransactionStatus) -> ByteBuffer {
        message(BackendType.readyForQuery) { $0.writeInteger(status.rawValue) }
    }

    /// Columns of type text, in text.
    public static func textColumns(_ names: [String]) -> ByteBuffer {
        message(BackendType.rowDescription) {
            $0.writeInteger(Int16(names.count))
            for name in names {
                $0.writeCString(name)
                $0.writeInteger(Int32(0))
                $0.writeInteger(Int16(0))
                $0.writeInteger(Int32(25))
                $0.writeInteger(Int16(-1))
                $0.writeInteger(Int32(-1))
                $0.writeInteger(Int16(0))
            }
        }
    }

    /// nil: NULL.
    public static func dataRow(_ values: [[UInt8]?]) -> ByteBuffer {
        message(BackendType.dataRow) {
            $0.writeInteger(Int16(values.count))
            for value in values {
                $0.writeInteger(Int32(value?.count ?? -1))
                if let value { $0.writeBytes(value) }
            }
        }
    }

    public static func commandComplete(tag: String) -> ByteBuffer {
        message(BackendType.commandComplete) { $0.writeCString(tag) }
    }

    /// `newestMinor`: the newest 3.x that Sluice speaks; `unknown`: the `_pq_.` options that it does not.
    public static func negotiateProtocolVersion(newestMinor: Int32, unknown: [String]) -> ByteBuffer {
        message(BackendType.negotiateProtocolVersion) {
            $0.writeInteger(Int32(3) << 16 | newestMinor)
            $0.writeInteger(Int32(unknown.count))
            for name in unknown { $0.writeCString(name) }
        }
    }

    private static func message(_ type: UInt8, _ body: (inout ByteBuffer) -> Void) -> ByteBuffer {
        var buffer = ByteBuffer()
        buffer.writeMessage(type, body)
        return buffer
    }
}
