import CPgQuery

/// The node types whose meaning the classifier knows by hand; all others are walked generically.
enum NodeKind: String, CaseIterable {
    case aConst = "AConst"
    case aExpr = "AExpr"
    case aIndirection = "AIndirection"
    case aStar = "AStar"
    case alias = "Alias"
    case boolean = "Boolean"
    case booleanTest = "BooleanTest"
    case boolExpr = "BoolExpr"
    case caseExpr = "CaseExpr"
    case caseWhen = "CaseWhen"
    case columnRef = "ColumnRef"
    case commonTableExpr = "CommonTableExpr"
    case currentOfExpr = "CurrentOfExpr"
    case defElem = "DefElem"
    case float = "Float"
    case funcCall = "FuncCall"
    case integer = "Integer"
    case intoClause = "IntoClause"
    case joinExpr = "JoinExpr"
    case list = "List"
    case lockingClause = "LockingClause"
    case mergeWhenClause = "MergeWhenClause"
    case node = "Node"
    case nullTest = "NullTest"
    case objectWithArgs = "ObjectWithArgs"
    case rangeFunction = "RangeFunction"
    case rangeSubselect = "RangeSubselect"
    case rangeTableFunc = "RangeTableFunc"
    case rangeTableSample = "RangeTableSample"
    case rangeVar = "RangeVar"
    case resTarget = "ResTarget"
    case rowExpr = "RowExpr"
    case string = "String"
    case subLink = "SubLink"
    case typeCast = "TypeCast"
    case withClause = "WithClause"

    case alterTableStmt = "AlterTableStmt"
    case callStmt = "CallStmt"
    case copyStmt = "CopyStmt"
    case createTableAsStmt = "CreateTableAsStmt"
    case declareCursorStmt = "DeclareCursorStmt"
    case deleteStmt = "DeleteStmt"
    case deallocateStmt = "DeallocateStmt"
    case discardStmt = "DiscardStmt"
    case dropStmt = "DropStmt"
    case executeStmt = "ExecuteStmt"
    case explainStmt = "ExplainStmt"
    case fetchStmt = "FetchStmt"
    case insertStmt = "InsertStmt"
    case lockStmt = "LockStmt"
    case mergeStmt = "MergeStmt"
    case prepareStmt = "PrepareStmt"
    case selectStmt = "SelectStmt"
    case transactionStmt = "TransactionStmt"
    case updateStmt = "UpdateStmt"
    case vacuumStmt = "VacuumStmt"
    case variableSetStmt = "VariableSetStmt"
    case variableShowStmt = "VariableShowStmt"
    case createFunctionStmt = "CreateFunctionStmt"
    case other = ""
}

/// What the protobuf-c descriptor of one message type says, prepared for walking: which fields hold messages
/// (so that nothing is missed, whatever the type) and which hold values (for comparing two expressions).
final class Shape: Sendable {
    struct Field: Sendable {
        enum Occurrence: Sendable { case single, repeated, choice(UInt32) }
        let offset: Int
        let quantifier: Int
        let occurrence: Occurrence
        let isText: Bool
        let isRepeatedValue: Bool
        let size: Int
    }

    let kind: NodeKind
    let lineage: LineageNode
    /// PostgreSQL's own name of the node type: `SelectStmt`.
    let name: String
    let isStatement: Bool
    /// What a statement of this type does; nil for other nodes, and for types that are not known.
    let effect: StatementEffect?
    /// A short name of the statement's kind.
    let tag: String
    let children: [Field]
    let values: [Field]

    init(_ descriptor: UnsafePointer<ProtobufCMessageDescriptor>) {
        name = String(cString: descriptor.pointee.short_name)
        // The descriptors drop the underscore of A_Const and its like, the .proto file keeps it.
        let bare = String(name.filter { $0 != "_" })
        kind = NodeKind(rawValue: bare) ?? .other
        lineage = LineageNode(rawValue: bare) ?? .other
        isStatement = name.hasSuffix("Stmt") && name != "RawStmt"
        effect = isStatement ? StatementEffect.byType[name] : nil
        tag = isStatement ? StatementTag.of(name) : ""
        var children: [Field] = []
        var values: [Field] = []
        for index in 0..<Int(descriptor.pointee.n_fields) {
            let field = descriptor.pointee.fields[index]
            let occurrence: Field.Occurrence
            if field.flags & UInt32(PROTOBUF_C_FIELD_FLAG_ONEOF.rawValue) != 0 {
                occurrence = .choice(field.id)
            } else if field.label == PROTOBUF_C_LABEL_REPEATED {
                occurrence = .repeated
            } else {
                occurrence = .single
            }
            let isMessage = field.type == PROTOBUF_C_TYPE_MESSAGE
            let isText = field.type == PROTOBUF_C_TYPE_STRING
            let wide =
                field.type == PROTOBUF_C_TYPE_INT64 || field.type == PROTOBUF_C_TYPE_UINT64
                || field.type == PROTOBUF_C_TYPE_DOUBLE
            let shape = Field(
                offset: Int(field.offset), quantifier: Int(field.quantifier_offset), occurrence: occurrence,
                isText: isText, isRepeatedValue: field.label == PROTOBUF_C_LABEL_REPEATED, size: wide ? 8 : 4)
            if isMessage {
                children.append(shape)
            } else if String(cString: field.name) != "location" {
                values.append(shape)
            }
        }
        self.children = children
        self.values = values
    }
}

/// All message types that can occur in a parse tree, by the address of their descriptor.
enum Shapes {
    static let all: [UInt: Shape] = {
        var root = PgQuery__ParseResult()
        pg_query__parse_result__init(&root)
        var found: [UInt: Shape] = [:]
        var pending: [UnsafePointer<ProtobufCMessageDescriptor>] = [root.base.descriptor]
        while let descriptor = pending.popLast() {
            let key = UInt(bitPattern: UnsafeRawPointer(descriptor))
            guard found[key] == nil else { continue }
            found[key] = Shape(descriptor)
            for index in 0..<Int(descriptor.pointee.n_fields) {
                let field = descriptor.pointee.fields[index]
                guard field.type == PROTOBUF_C_TYPE_MESSAGE, let next = field.descriptor else { continue }
                pending.append(next.assumingMemoryBound(to: ProtobufCMessageDescriptor.self))
            }
        }
        return found
    }()

    /// The same to be found fast: a power of two of slots, by the address's bits.
    private static let slots: ContiguousArray<(key: UInt, shape: Shape?)> = {
        var size = 16
        while size < all.count * 4 { size *= 2 }
        var slots = ContiguousArray<(key: UInt, shape: Shape?)>(repeating: (0, nil), count: size)
        for (key, shape) in all {
            var slot = place(of: key, in: size)
            while slots[slot].key != 0 { slot = (slot + 1) & (size - 1) }
            slots[slot] = (key, shape)
        }
        return slots
    }()

    private static func place(of key: UInt, in size: Int) -> Int {
        Int(truncatingIfNeeded: (key &* 0x9e37_79b9_7f4a_7c15) >> 40) & (size - 1)
    }

    static func shape(at key: UInt) -> Shape? {
        let slots = slots
        var slot = place(of: key, in: slots.count)
        while slots[slot].key != key {
            if slots[slot].key == 0 { return nil }
            slot = (slot + 1) & (slots.count - 1)
        }
        return slots[slot].shape
    }
}

/// One node of a parse tree; `Node` wrappers are looked through. Valid while the tree it belongs to is.
struct Message {
    let raw: UnsafeRawPointer
    /// Shapes live as long as the process.
    unowned(unsafe) let shape: Shape

    var kind: NodeKind { shape.kind }
    var lineage: LineageNode { shape.lineage }

    /// nil for a null pointer and for an empty `Node`.
    init?(_ pointer: UnsafeRawPointer?) {
        guard var raw = pointer, var shape = Self.shape(of: raw) else { return nil }
        while shape.kind == .node {
            guard let field = shape.children.first,
                raw.load(fromByteOffset: field.quantifier, as: UInt32.self) != 0,
                let inner = raw.load(fromByteOffset: field.offset, as: UnsafeRawPointer?.self),
                let innerShape = Self.shape(of: inner)
            else { return nil }
            raw = inner
            shape = innerShape
        }
        self.raw = raw
        self.shape = shape
    }

    private static func shape(of raw: UnsafeRawPointer) -> Shape? {
        Shapes.shape(at: raw.load(as: UInt.self))
    }

    /// The node as its generated C struct; the caller has checked `kind`.
    func unpacked<Struct>(as type: Struct.Type) -> Struct {
        raw.assumingMemoryBound(to: type).pointee
    }

    /// Visits every direct child message, in field order.
    func forEachChild(_ body: (Message) -> Void) {
        for field in shape.children {
            switch field.occurrence {
            case .single:
                if let child = Message(raw.load(fromByteOffset: field.offset, as: UnsafeRawPointer?.self)) {
                    body(child)
                }
            case .choice(let id):
                guard raw.load(fromByteOffset: field.quantifier, as: UInt32.self) == id else { continue }
                if let child = Message(raw.load(fromByteOffset: field.offset, as: UnsafeRawPointer?.self)) {
                    body(child)
                }
            case .repeated:
                let count = raw.load(fromByteOffset: field.quantifier, as: Int.self)
                guard count > 0,
                    let items = raw.load(
                        fromByteOffset: field.offset, as: UnsafePointer<UnsafeRawPointer?>?.self)
                else { continue }
                for index in 0..<count {
                    if let child = Message(items[index]) { body(child) }
                }
            }
        }
    }

    var children: [Message] {
        var result: [Message] = []
        forEachChild { result.append($0) }
        return result
    }

    /// The text of a `String` node.
    var text: String? {
        kind == .string ? String(cString: unpacked(as: PgQuery__String.self).sval) : nil
    }

    /// The value of a text constant.
    var textConstant: String? {
        guard kind == .aConst else { return nil }
        return children.first?.text
    }
}

/// A repeated field's messages.
func messages(
    _ count: Int, _ items: UnsafeMutablePointer<UnsafeMutablePointer<PgQuery__Node>?>?
) -> [Message] {
    guard count > 0, let items else { return [] }
    var result: [Message] = []
    result.reserveCapacity(count)
    for index in 0..<count {
        if let message = Message(items[index]) { result.append(message) }
    }
    return result
}

/// A repeated field's `String` nodes: a qualified name.
func names(_ count: Int, _ items: UnsafeMutablePointer<UnsafeMutablePointer<PgQuery__Node>?>?) -> [String] {
    messages(count, items).compactMap(\.text)
}

extension PgQuery__AExpr {
    /// Without its schema.
    var operatorName: String { lastName(n_name, name) }
}

extension PgQuery__TypeName {
    /// Without its schema.
    var lastName: String { PostgresClassify.lastName(n_names, names) }
}

/// The last part of a qualified name; empty when there is none.
private func lastName(_ count: Int, _ items: UnsafeMutablePointer<UnsafeMutablePointer<PgQuery__Node>?>?) -> String {
    guard count > 0, let items else { return "" }
    return Message(items[count - 1])?.text ?? ""
}

/// Whether two nodes of one type have the same values, their children aside.
func sameValues(_ a: Message, _ b: Message) -> Bool {
    for field in a.shape.values {
        guard !field.isRepeatedValue else { return false }
        if field.isText {
            let left = a.raw.load(fromByteOffset: field.offset, as: UnsafePointer<CChar>?.self)
            let right = b.raw.load(fromByteOffset: field.offset, as: UnsafePointer<CChar>?.self)
            guard left.map({ String(cString: $0) }) == right.map({ String(cString: $0) }) else { return false }
        } else if field.size == 8 {
            guard
                a.raw.load(fromByteOffset: field.offset, as: UInt64.self)
                    == b.raw.load(fromByteOffset: field.offset, as: UInt64.self)
            else { return false }
        } else {
            guard
                a.raw.load(fromByteOffset: field.offset, as: UInt32.self)
                    == b.raw.load(fromByteOffset: field.offset, as: UInt32.self)
            else { return false }
        }
    }
    return true
}
