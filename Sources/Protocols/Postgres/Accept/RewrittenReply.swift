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
        var settings: [Range<Int>] = []
        let found: String? = sent.withUnsafeReadableBytes { sent in
            rewritten.withUnsafeReadableBytes { difference(of: Messages($0), to: Messages(sent), fields, &settings) }
        }
        if let found { return found }
        for range in settings {
            guard let bytes = rewritten.getSlice(at: rewritten.readerIndex + range.lowerBound, length: range.count)
            else { return "the reply came back cut off" }
            let status = try BackendDecoder.parameterStatus(Frame(type: BackendType.parameterStatus, bytes: bytes))
            if StartupRules.objection(toSetting: status.name, value: status.value) != nil {
                return "the reply came back with a setting that the target did not report"
            }
        }
        return nil
    }

    /// - Parameter settings: where parameters are reported.
    private static func difference(
        of after: Messages, to before: Messages, _ fields: Int?, _ settings: inout [Range<Int>]
    ) -> String? {
        var (before, after) = (before, after)
        while true {
            let expected = before.nextFixed()
            let found = after.nextFixed()
            guard expected?.type == found?.type else {
                return "the reply came back with other messages than a reply may be rewritten to"
            }
            guard let found else { return after.isAtEnd ? nil : "the reply came back cut off" }
            if let fields, found.type == BackendType.dataRow, after.fields(ofRow: found.range) != fields {
                return "a row came back with other columns than the client was told of"
            }
            if found.type == BackendType.parameterStatus { settings.append(found.range) }
        }
    }

    private struct Messages {
        /// A type byte and an Int32 length that counts itself.
        private static let headerBytes = 5
        private let bytes: UnsafeRawBufferPointer
        private var index = 0

        init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

        var isAtEnd: Bool { index == bytes.count }

        /// How many fields the row in `range` says that it has; nil when it says nothing.
        func fields(ofRow range: Range<Int>) -> Int? {
            guard range.count >= Messages.headerBytes + 2 else { return nil }
            let place = range.lowerBound + Messages.headerBytes
            return Int(UInt16(bigEndian: bytes.loadUnaligned(fromByteOffset: place, as: UInt16.self)))
        }

        /// The next message that must stay; nil at the end, or where a message is cut off.
        mutating func nextFixed() -> (type: UInt8, range: Range<Int>)? {
            while bytes.count - index >= Messages.headerBytes {
                let length = Int(Int32(bigEndian: bytes.loadUnaligned(fromByteOffset: index + 1, as: Int32.self)))
                guard length >= 4, length < bytes.count - index else { return nil }
                let range = index..<index + 1 + length
                index = range.upperBound
                switch bytes[range.lowerBound] {
                case BackendType.copyData, BackendType.noticeResponse: continue
                case let type: return (type, range)
                }
            }
            return nil
        }
    }
}
