import CPgQuery

/// How one message type is read from libpg_query's JSON: its fields by their keys.
///
/// JSON keys differ from the descriptors' names in underscores and letter case only; both are left out here.
final class TreeSchema: Sendable {
    enum Value: Sendable {
        case message(UInt)
        case text
        case boolean
        case int32
        case int64
        case choice(NameTable)
        /// Of no type that a raw parse tree has.
        case unread
    }

    struct Field: Sendable {
        let value: Value
        let offset: Int
        let quantifier: Int
        let isRepeated: Bool
        /// The number that a `oneof` notes; 0 for other fields.
        let choice: UInt32
    }

    let size: Int
    let isConstant: Bool
    let isInteger: Bool
    private let fields: [Field]
    private let table: NameTable

    init(_ descriptor: UnsafePointer<ProtobufCMessageDescriptor>) {
        size = descriptor.pointee.sizeof_message
        let name = String(cString: descriptor.pointee.short_name)
        isConstant = name == "AConst"
        isInteger = name == "Integer"
        var fields: [Field] = []
        var names: [(String, Int32)] = []
        for index in 0..<Int(descriptor.pointee.n_fields) {
            let field = descriptor.pointee.fields[index]
            let name = String(cString: field.name)
            // The one field whose key is not its name.
            names.append((name == "base_stmt" ? "base" : name, Int32(index)))
            fields.append(
                Field(
                    value: Self.value(of: field), offset: Int(field.offset), quantifier: Int(field.quantifier_offset),
                    isRepeated: field.label == PROTOBUF_C_LABEL_REPEATED,
                    choice: field.flags & UInt32(PROTOBUF_C_FIELD_FLAG_ONEOF.rawValue) != 0 ? field.id : 0))
        }
        self.fields = fields
        table = NameTable(names)
    }

    func field(_ key: UnsafeRawBufferPointer) -> Field? {
        table.find(key).map { fields[Int($0)] }
    }

    private static func value(of field: ProtobufCFieldDescriptor) -> Value {
        switch field.type {
        case PROTOBUF_C_TYPE_MESSAGE:
            return .message(UInt(bitPattern: field.descriptor))
        case PROTOBUF_C_TYPE_STRING:
            return .text
        case PROTOBUF_C_TYPE_BOOL:
            return .boolean
        case PROTOBUF_C_TYPE_INT32, PROTOBUF_C_TYPE_UINT32:
            return .int32
        case PROTOBUF_C_TYPE_INT64, PROTOBUF_C_TYPE_UINT64:
            return .int64
        case PROTOBUF_C_TYPE_ENUM:
            guard let descriptor = field.descriptor?.assumingMemoryBound(to: ProtobufCEnumDescriptor.self) else {
                return .unread
            }
            return .choice(
                NameTable(
                    (0..<Int(descriptor.pointee.n_values)).map {
                        let value = descriptor.pointee.values[$0]
                        return (String(cString: value.name), value.value)
                    }))
        default:
            return .unread
        }
    }
}

/// Numbers by names, found without making a `String`.
struct NameTable: Sendable {
    private struct Entry: Sendable {
        let name: [UInt8]
        let value: Int32
    }
    private let slots: [Entry?]
    private let mask: Int

    init(_ names: [(String, Int32)]) {
        var size = 4
        while size < names.count * 3 { size *= 2 }
        mask = size - 1
        var slots = [Entry?](repeating: nil, count: size)
        for (name, value) in names {
            let folded = name.utf8.filter { $0 != UInt8(ascii: "_") }.map { $0 | 0x20 }
            var slot = folded.withUnsafeBytes { Self.hash($0) } & mask
            while slots[slot] != nil { slot = (slot + 1) & mask }
            slots[slot] = Entry(name: folded, value: value)
        }
        self.slots = slots
    }

    func find(_ name: UnsafeRawBufferPointer) -> Int32? {
        var slot = Self.hash(name) & mask
        while let entry = slots[slot] {
            if Self.isSame(entry.name, name) { return entry.value }
            slot = (slot + 1) & mask
        }
        return nil
    }

    /// FNV-1a over what is compared.
    private static func hash(_ name: UnsafeRawBufferPointer) -> Int {
        var hash: UInt32 = 2_166_136_261
        for byte in name where byte != UInt8(ascii: "_") {
            hash = (hash ^ UInt32(byte | 0x20)) &* 16_777_619
        }
        return Int(hash ^ hash >> 15)
    }

    private static func isSame(_ folded: [UInt8], _ name: UnsafeRawBufferPointer) -> Bool {
        var at = 0
        for byte in name where byte != UInt8(ascii: "_") {
            guard at < folded.count, folded[at] == byte | 0x20 else { return false }
            at += 1
        }
        return at == folded.count
    }
}
