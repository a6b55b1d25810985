import NIOCore

/// One field of a RowDescription.
public struct FieldDescription: Sendable, Equatable {
    public let name: String
    /// 0: not a table's column.
    public let tableOID: UInt32
    /// Attribute number, from 1; 0 or less: not a user column.
    public let attribute: Int16
    public let typeOID: UInt32
    /// 0 text, 1 binary.
    public let format: Int16
}

public enum BackendDecoder {
    public static func rowDescription(_ frame: Frame) throws(WireError) -> [FieldDescription] {
        var body = frame.body
        let count = try body.need(Int16.self)
        guard count >= 0 else { throw WireError("negative count of fields") }
        var fields: [FieldDescription] = []
        fields.reserveCapacity(Int(count))
        for _ in 0..<count {
            let nameBytes = try body.readCBytes()
            let table = try body.need(UInt32.self)
            let attribute = try body.need(Int16.self)
            let type = try body.need(UInt32.self)
            _ = try body.need(Int16.self)
            _ = try body.need(Int32.self)
            let format = try body.need(Int16.self)
            guard format == 0 || format == 1 else { throw WireError("invalid format code \(format)") }
            fields.append(
                FieldDescription(
                    name: String(decoding: nameBytes.readableBytesView, as: UTF8.self), tableOID: table,
                    attribute: attribute, typeOID: type, format: format))
        }
        try body.finish()
        return fields
    }

    /// Values of a DataRow; nil is NULL.
    public static func dataRow(_ frame: Frame) throws(WireError) -> [ByteBuffer?] {
        var body = frame.body
        let count = try body.need(Int16.self)
        guard count >= 0 else { throw WireError("negative count of values") }
        var values: [ByteBuffer?] = []
        for _ in 0..<count {
            let length = try body.need(Int32.self)
            guard length >= -1 else { throw WireError("invalid value length \(length)") }
            values.append(length < 0 ? nil : try body.need(bytes: Int(length)))
        }
        try body.finish()
        return values
    }

    /// Fields of an ErrorResponse or NoticeResponse by their code.
    public static func errorFields(_ frame: Frame) throws(WireError) -> [UInt8: String] {
        var body = frame.body
        var fields: [UInt8: String] = [:]
        while true {
            let code = try body.need(UInt8.self)
            if code == 0 { break }
            let text = try body.readCBytes()
            fields[code] = String(decoding: text.readableBytesView, as: UTF8.self)
        }
        try body.finish()
        return fields
    }

    /// Tag of a CommandComplete.
    public static func commandTag(_ frame: Frame) throws(WireError) -> String {
        var body = frame.body
        let tag = try body.readCString()
        try body.finish()
        return tag
    }

    public static func parameterStatus(_ frame: Frame) throws(WireError) -> (name: String, value: String) {
        var body = frame.body
        let name = try body.readCString()
        let value = try body.readCBytes()
        try body.finish()
        return (name, String(decoding: value.readableBytesView, as: UTF8.self))
    }

    public static func readyForQuery(_ frame: Frame) throws(WireError) -> TransactionStatus {
        var body = frame.body
        guard let status = TransactionStatus(rawValue: try body.need(UInt8.self)) else {
            throw WireError("unknown transaction status")
        }
        try body.finish()
        return status
    }

    public static func backendKeyData(_ frame: Frame) throws(WireError) -> (processID: Int32, key: [UInt8]) {
        var body = frame.body
        let processID = try body.need(Int32.self)
        guard (1...WireLimit.cancelKey).contains(body.readableBytes) else { throw WireError("invalid cancel key") }
        return (processID, [UInt8](body.readableBytesView))
    }

    /// Authentication request: its code and what follows.
    public static func authentication(_ frame: Frame) throws(WireError) -> (code: Int32, rest: ByteBuffer) {
        var body = frame.body
        return (try body.need(Int32.self), body)
    }

    /// Mechanism names of an AuthenticationSASL.
    public static func mechanisms(_ rest: ByteBuffer) throws(WireError) -> [String] {
        var rest = rest
        var names: [String] = []
        while true {
            let name = try rest.readCString()
            if name.isEmpty { break }
            names.append(name)
        }
        try rest.finish()
        return names
    }
}
