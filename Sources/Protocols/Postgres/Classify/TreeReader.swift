import CPgQuery

/// Reads libpg_query's JSON tree into the same structs that its protobuf tree unpacks to, in a quarter of the time.
///
/// Anything that is not as expected gives nil, and the caller takes the protobuf tree. JSON loses what negative integers
/// are (libpg_query 15-4.0.0, `_outInteger`): they are read from the text again.
struct TreeReader {
    private let source: UnsafeRawBufferPointer
    private let json: UnsafeRawPointer
    private let end: UnsafeRawPointer
    private var at: UnsafeRawPointer
    private let arena: TreeArena
    private var pending: [UnsafeMutableRawPointer] = []

    private let schemas = TreeSchema.all

    /// The tree in `json`, which must end with a zero byte after `length` bytes; it lives as long as `arena`.
    static func read(
        _ json: UnsafePointer<CChar>, _ length: Int, of source: UnsafeRawBufferPointer, arena: TreeArena
    ) -> UnsafeMutablePointer<PgQuery__ParseResult>? {
        var root = PgQuery__ParseResult()
        pg_query__parse_result__init(&root)
        var reader = TreeReader(json, length, source, arena)
        guard let place = TreeSchema.places[UInt(bitPattern: root.base.descriptor)],
            let tree = reader.message(place), reader.at == reader.end
        else { return nil }
        return tree.assumingMemoryBound(to: PgQuery__ParseResult.self)
    }

    private init(_ json: UnsafePointer<CChar>, _ length: Int, _ source: UnsafeRawBufferPointer, _ arena: TreeArena) {
        self.source = source
        self.json = UnsafeRawPointer(json)
        self.arena = arena
        at = self.json
        end = self.json + length
    }

    // MARK: bytes

    /// The text ends with a zero byte, which is none of those that are asked for.
    private var byte: UInt8 { at.load(as: UInt8.self) }

    private mutating func take(_ expected: UInt8) -> Bool {
        guard byte == expected else { return false }
        at += 1
        return true
    }

    /// A string without escapes, as keys and names of enum values are.
    private mutating func name() -> HashedName? {
        guard take(UInt8(ascii: "\"")) else { return nil }
        let start = at
        var place = at
        var hash: UInt32 = 0
        while true {
            let byte = place.load(as: UInt8.self)
            if byte == UInt8(ascii: "\"") { break }
            guard byte != 0, byte != UInt8(ascii: "\\") else { return nil }
            HashedName.add(byte, to: &hash)
            place += 1
        }
        at = place + 1
        return HashedName(bytes: UnsafeRawBufferPointer(start: start, count: place - start), hash: hash)
    }

    private mutating func number() -> Int64? {
        let isNegative = take(UInt8(ascii: "-"))
        var value: Int64 = 0
        var digits = 0
        while byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") {
            let (tens, isLarge) = value.multipliedReportingOverflow(by: 10)
            let (sum, isLarger) = tens.addingReportingOverflow(Int64(byte - UInt8(ascii: "0")))
            guard !isLarge, !isLarger else { return nil }
            value = sum
            digits += 1
            at += 1
        }
        guard digits > 0 else { return nil }
        return isNegative ? -value : value
    }

    private mutating func literal(_ text: StaticString) -> Bool {
        for index in 0..<text.utf8CodeUnitCount where !take(text.utf8Start[index]) { return false }
        return true
    }

    /// A string's value with a zero byte behind it.
    private mutating func text() -> UnsafeMutablePointer<CChar>? {
        guard take(UInt8(ascii: "\"")) else { return nil }
        var closing = at
        while closing.load(as: UInt8.self) != UInt8(ascii: "\"") {
            let byte = closing.load(as: UInt8.self)
            guard byte != 0 else { return nil }
            closing += byte == UInt8(ascii: "\\") && closing + 1 < end ? 2 : 1
        }
        let result = arena.allocate(closing - at + 1).assumingMemoryBound(to: CChar.self)
        var length = 0
        while at < closing {
            var value = byte
            at += 1
            if value == UInt8(ascii: "\\") {
                guard let unescaped = escape() else { return nil }
                value = unescaped
            }
            result[length] = CChar(bitPattern: value)
            length += 1
        }
        result[length] = 0
        at += 1
        return result
    }

    private mutating func escape() -> UInt8? {
        let kind = byte
        at += 1
        switch kind {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return kind
        case UInt8(ascii: "n"): return 0x0A
        case UInt8(ascii: "t"): return 0x09
        case UInt8(ascii: "r"): return 0x0D
        case UInt8(ascii: "b"): return 0x08
        case UInt8(ascii: "f"): return 0x0C
        case UInt8(ascii: "u"):
            var value: UInt32 = 0
            for _ in 0..<4 {
                guard let digit = Character(UnicodeScalar(byte)).hexDigitValue else { return nil }
                value = value << 4 | UInt32(digit)
                at += 1
            }
            // Only control characters and brackets are written so.
            return value > 0 && value < 0x80 ? UInt8(value) : nil
        default: return nil
        }
    }

    // MARK: nodes

    private mutating func message(_ place: Int) -> UnsafeMutableRawPointer? {
        let schema = schemas[place]
        let message = arena.allocate(schema.size)
        schema.initialize(message.assumingMemoryBound(to: ProtobufCMessage.self))
        guard take(UInt8(ascii: "{")) else { return nil }
        if take(UInt8(ascii: "}")) {
            // Zero or a negative number: only a constant tells where its text is.
            return schema.isInteger && !isInConstant ? nil : message
        }
        isInConstant = schema.isConstant
        repeat {
            guard let name = name(), let field = schema.field(name), take(UInt8(ascii: ":")),
                read(field, of: schema, into: message)
            else { return nil }
        } while take(UInt8(ascii: ","))
        isInConstant = false
        guard take(UInt8(ascii: "}")) else { return nil }
        if schema.isConstant, !rereadInteger(of: message) { return nil }
        return message
    }

    /// Whether the message that is read is a constant's value.
    private var isInConstant = false

    private mutating func read(
        _ field: TreeSchema.Field, of schema: TreeSchema, into message: UnsafeMutableRawPointer
    ) -> Bool {
        if field.isRepeated { return readList(field, into: message) }
        if field.choice != 0 { message.storeBytes(of: field.choice, toByteOffset: field.quantifier, as: UInt32.self) }
        let address = message + field.offset
        switch field.value {
        case .message(let type):
            guard let child = self.message(type) else { return false }
            address.storeBytes(of: child, as: UnsafeMutableRawPointer.self)
        case .text:
            guard let text = text() else { return false }
            address.storeBytes(of: text, as: UnsafeMutablePointer<CChar>.self)
        case .boolean:
            let isTrue = byte == UInt8(ascii: "t")
            guard isTrue ? literal("true") : literal("false") else { return false }
            address.storeBytes(of: isTrue ? 1 : 0, as: Int32.self)
        case .int32:
            guard let value = number() else { return false }
            address.storeBytes(of: UInt32(truncatingIfNeeded: value), as: UInt32.self)
        case .int64:
            guard let value = number() else { return false }
            address.storeBytes(of: value, as: Int64.self)
        case .choice(let place):
            guard let name = name(), let value = schema.choice(place, name) else { return false }
            address.storeBytes(of: value, as: Int32.self)
        case .unread:
            return false
        }
        return true
    }

    private mutating func readList(_ field: TreeSchema.Field, into message: UnsafeMutableRawPointer) -> Bool {
        guard case .message(let type) = field.value, take(UInt8(ascii: "[")) else { return false }
        let start = pending.count
        if !take(UInt8(ascii: "]")) {
            repeat {
                guard let item = self.message(type) else { return false }
                pending.append(item)
            } while take(UInt8(ascii: ","))
            guard take(UInt8(ascii: "]")) else { return false }
        }
        let count = pending.count - start
        guard count > 0 else { return true }
        let items = arena.allocate(count * MemoryLayout<UnsafeMutableRawPointer>.stride)
            .assumingMemoryBound(to: UnsafeMutableRawPointer.self)
        for index in 0..<count { items[index] = pending[start + index] }
        pending.removeLast(count)
        message.storeBytes(of: count, toByteOffset: field.quantifier, as: Int.self)
        (message + field.offset).storeBytes(of: items, as: UnsafeMutablePointer<UnsafeMutableRawPointer>.self)
        return true
    }

    /// Takes an integer's value from the text where JSON says nothing.
    private func rereadInteger(of message: UnsafeMutableRawPointer) -> Bool {
        let constant = message.assumingMemoryBound(to: PgQuery__AConst.self)
        guard constant.pointee.val_case == PG_QUERY__A__CONST__VAL_IVAL, let integer = constant.pointee.ival,
            integer.pointee.ival == 0
        else { return true }
        var place = Int(constant.pointee.location)
        guard place >= 0, place < source.count else { return false }
        let isNegative = source[place] == UInt8(ascii: "-")
        if isNegative { place += 1 }
        while place < source.count, source[place] == UInt8(ascii: " ") { place += 1 }
        let start = place
        var value: Int64 = 0
        while place < source.count, source[place] >= UInt8(ascii: "0"), source[place] <= UInt8(ascii: "9") {
            value = value * 10 + Int64(source[place] - UInt8(ascii: "0"))
            guard value <= Int64(Int32.max) else { return false }
            place += 1
        }
        guard place > start, isNegative || value == 0 else { return false }
        integer.pointee.ival = Int32(isNegative ? -value : value)
        return true
    }
}
