import NIOCore
import PostgresWire

/// What the response lane may make of a reply batch: whole messages, of the same types in the same order, but for copy
/// data, which may be cut elsewhere, and notices. Anything else would have the client take one command's answer for
/// another's.
enum RewrittenReply {
    /// Why `rewritten` cannot stand for `sent`, which is whole messages; nil when it can. Public: it carries no data.
    /// - Parameter fields: how many each row must have, where the client was told of less than the target sent.
    static func objection(
        to rewritten: ByteBuffer, for sent: ByteBuffer, fields: Int? = nil
    ) throws(WireError) -> String? {
        var before = Messages(sent)
        var after = Messages(rewritten)
        while true {
            let expected = try before.nextFixed()
            let found = try after.nextFixed()
            guard expected?.type == found?.type else {
                return "the reply came back with other messages than a reply may be rewritten to"
            }
            guard let found else { return after.isAtEnd ? nil : "the reply came back cut off" }
            if let fields, found.type == BackendType.dataRow,
                found.body.getInteger(at: found.body.readerIndex, as: UInt16.self) != UInt16(fields)
            {
                return "a row came back with other columns than the client was told of"
            }
            if found.type == BackendType.parameterStatus {
                let status = try BackendDecoder.parameterStatus(found)
                if StartupRules.objection(toSetting: status.name, value: status.value) != nil {
                    return "the reply came back with a setting that the target did not report"
                }
            }
        }
    }

    private struct Messages {
        private var rest: ByteBuffer

        init(_ bytes: ByteBuffer) { rest = bytes }

        var isAtEnd: Bool { rest.readableBytes == 0 }

        /// The next message that must stay; nil at the end, or where a message is cut off.
        mutating func nextFixed() throws(WireError) -> Frame? {
            while let type = rest.getInteger(at: rest.readerIndex, as: UInt8.self),
                let length = rest.getInteger(at: rest.readerIndex + 1, as: Int32.self), length >= 4,
                let bytes = rest.readSlice(length: Int(length) + 1)
            {
                switch type {
                case BackendType.copyData, BackendType.noticeResponse: continue
                default: return Frame(type: type, bytes: bytes)
                }
            }
            return nil
        }
    }
}
