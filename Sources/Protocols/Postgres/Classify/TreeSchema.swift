import CPgQuery

/// How one message type is read from libpg_query's JSON: its fields by their keys.
///
/// JSON keys differ from the descriptors' names in underscores and letter case only; both are left out here.
final class TreeSchema: Sendable {
    enum Value: Sendable {
        /// A message whose schema is at this place in ``all``.
        case message(Int)
        case text
        case boolean
        case int32
        case int64
        /// An enum whose names are at this place in ``choices``.
        case choice(Int)
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

    /// The schemas of all message types of a tree.
    static let all: ContiguousArray<TreeSchema> = {
        var schemas = ContiguousArray<TreeSchema>()
        for key in places.keys.sorted(by: { places[$0, default: 0] < places[$1, default: 0] }) {
            guard let raw = UnsafeRawPointer(bitPattern: key) else { continue }
            schemas.append(TreeSchema(raw.assumingMemoryBound(to: ProtobufCMessageDescriptor.self)))
        }
        return schemas
    }()

    /// Places in ``all`` by the addresses of their descriptors.
    static let places: [UInt: Int] = Dictionary(
        uniqueKeysWithValues: zip(Shapes.all.keys.filter { $0 != 0 }, 0...))

    let size: Int
    let initialize: ProtobufCMessageInit
    let isConstant: Bool
    let isInteger: Bool
    private let fields: [Field]
    private let table: NameTable
    /// The names of the enums among its fields; apart from these, which are copied for each key.
    private let choices: [NameTable]

    init(_ descriptor: UnsafePointer<ProtobufCMessageDescriptor>) {
        size = descriptor.pointee.sizeof_message
        initialize = descriptor.pointee.message_init
        let name = String(cString: descriptor.pointee.short_name)
        isConstant = name == "AConst"
        isInteger = name == "Integer"
        var fields: [Field] = []
        var names: [(String, Int32)] = []
        var choices: [NameTable] = []
        for index in 0..<Int(descriptor.pointee.n_fields) {
            let field = descriptor.pointee.fields[index]
            let name = String(cString: field.name)
            // The one field whose key is not its name.
            names.append((name == "base_stmt" ? "base" : name, Int32(index)))
            fields.append(
                Field(
                    value: Self.value(of: field, &choices), offset: Int(field.offset),
                    quantifier: Int(field.quantifier_offset),
                    isRepeated: field.label == PROTOBUF_C_LABEL_REPEATED,
                    choice: field.flags & UInt32(PROTOBUF_C_FIELD_FLAG_ONEOF.rawValue) != 0 ? field.id : 0))
        }
        self.fields = fields
        self.choices = choices
        table = NameTable(names)
    }

    func field(_ key: HashedName) -> Field? {
        table.find(key).map { fields[Int($0)] }
    }

    func choice(_ place: Int, _ name: HashedName) -> Int32? { choices[place].find(name) }

    private static func value(of field: ProtobufCFieldDescriptor, _ choices: inout [NameTable]) -> Value {
        switch field.type {
        case PROTOBUF_C_TYPE_MESSAGE:
            return places[UInt(bitPattern: field.descriptor)].map { .message($0) } ?? .unread
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
            choices.append(
                NameTable(
                    (0..<Int(descriptor.pointee.n_values)).map {
                        let value = descriptor.pointee.values[$0]
                        return (String(cString: value.name), value.value)
                    }))
            return .choice(choices.count - 1)
        default:
            return .unread
        }
    }
}

/// A key or an enum value's name in the JSON, with its hash.
struct HashedName {
    let bytes: UnsafeRawBufferPointer
    let hash: UInt32

    /// What is compared of a byte; nil: nothing.
    @inline(__always)
    static func folded(_ byte: UInt8) -> UInt8? { byte == UInt8(ascii: "_") ? nil : byte | 0x20 }

    /// Takes in a byte; quick, since it runs over every byte of every name.
    @inline(__always)
    static func add(_ byte: UInt8, to hash: inout UInt32) {
        guard let byte = folded(byte) else { return }
        hash = (hash << 5 | hash >> 27) ^ UInt32(byte)
    }
}

/// Numbers by names, found without making a `String`.
struct NameTable: Sendable {
    private struct Slot: Sendable {
        var start: Int32 = 0
        /// Negative: the slot is empty.
        var count: Int32 = -1
        var value: Int32 = 0
    }
    private let slots: ContiguousArray<Slot>
    private let names: ContiguousArray<UInt8>
    private let shift: UInt32

    init(_ entries: [(String, Int32)]) {
        var bits: UInt32 = 2
        while 1 << bits < entries.count * 3 { bits += 1 }
        shift = 32 - bits
        var slots = ContiguousArray(repeating: Slot(), count: 1 << bits)
        var names = ContiguousArray<UInt8>()
        for (name, value) in entries {
            let folded = name.utf8.compactMap(HashedName.folded)
            var hash: UInt32 = 0
            for byte in folded { HashedName.add(byte, to: &hash) }
            var slot = Self.place(hash, shift)
            while slots[slot].count >= 0 { slot = (slot + 1) & (slots.count - 1) }
            slots[slot] = Slot(start: Int32(names.count), count: Int32(folded.count), value: value)
            names += folded
        }
        self.slots = slots
        self.names = names
    }

    func find(_ name: HashedName) -> Int32? {
        var place = Self.place(name.hash, shift)
        while true {
            let slot = slots[place]
            if slot.count < 0 { return nil }
            if isSame(slot, name.bytes) { return slot.value }
            place = (place + 1) & (slots.count - 1)
        }
    }

    @inline(__always)
    private static func place(_ hash: UInt32, _ shift: UInt32) -> Int { Int((hash &* 0x9e37_79b1) >> shift) }

    private func isSame(_ slot: Slot, _ name: UnsafeRawBufferPointer) -> Bool {
        var at = Int(slot.start)
        let end = at + Int(slot.count)
        for byte in name {
            guard let folded = HashedName.folded(byte) else { continue }
            guard at < end, names[at] == folded else { return false }
            at += 1
        }
        return at == end
    }
}
