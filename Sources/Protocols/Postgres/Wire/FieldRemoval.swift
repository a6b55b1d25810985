import NIOCore

/// Messages that say which columns come, without some of them.
public enum FieldRemoval {
    /// RowDescription.
    /// - Parameter places: from 0, ascending. None of them may be behind the last field.
    public static func rowDescription(_ frame: Frame, without places: [Int]) throws(WireError) -> ByteBuffer {
        try rewrite(frame, places, head: 0) { body throws(WireError) in
            _ = try body.readCBytes()
            // Table, attribute, type, its length and modifier, format.
            _ = try body.need(bytes: 18)
        }
    }

    /// CopyOutResponse.
    public static func copyOutResponse(_ frame: Frame, without places: [Int]) throws(WireError) -> ByteBuffer {
        try rewrite(frame, places, head: 1) { body throws(WireError) in _ = try body.need(Int16.self) }
    }

    /// - Parameters:
    ///   - head: bytes before the count of fields.
    ///   - skip: reads one field.
    private static func rewrite(
        _ frame: Frame, _ places: [Int], head: Int, _ skip: (inout ByteBuffer) throws(WireError) -> Void
    ) throws(WireError) -> ByteBuffer {
        var body = frame.body
        let front = try body.need(bytes: head)
        let count = Int(try body.need(Int16.self))
        guard count >= 0, places.allSatisfy((0..<count).contains) else {
            throw WireError("a description has other columns than were looked up")
        }
        var kept: [ByteBuffer] = []
        for place in 0..<count {
            var field = body
            try skip(&body)
            let bytes = try field.need(bytes: field.readableBytes - body.readableBytes)
            if !places.contains(place) { kept.append(bytes) }
        }
        try body.finish()
        var buffer = ByteBuffer()
        buffer.writeMessage(frame.type) {
            $0.writeImmutableBuffer(front)
            $0.writeInteger(Int16(kept.count))
            for field in kept { $0.writeImmutableBuffer(field) }
        }
        return buffer
    }
}
