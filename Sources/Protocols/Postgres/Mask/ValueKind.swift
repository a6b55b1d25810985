import Detection

/// How the detectors read a value. Binary values are read as the text that PostgreSQL would show, so that both formats
/// come to the same.
indirect enum ValueKind: Equatable {
    /// Shows no entity.
    case skip
    /// Text that may be edited in place.
    case text
    case xml
    case json
    /// Binary jsonb: a version byte, then JSON text.
    case jsonb
    /// Bytes, which are scanned as they are, and the text that bytea shows.
    case bytes, byteaText
    /// Text of another type, as the others below: a finding makes the value NULL.
    case shown
    /// A whole or decimal number.
    case decimal
    /// Numbers that may have exponents, with anything between them.
    case floats
    case money
    /// A date, perhaps with a time.
    case moment
    /// Words in single quotes: tsvector, tsquery.
    case lexemes
    /// What may hold other values: composites, ranges, documents of extensions.
    case nested
    /// Text of a type that is not known: text is edited in place, anything else that holds something becomes NULL.
    case anyText
    /// An array's text; elements are of this kind.
    case arrayText(ValueKind, delimiter: UInt8)
    case arrayBinary
    /// Binary of a type, whose text is read as this kind.
    case rendered(ValueType, ValueKind)
    /// Neither type nor format is known, or it is binary of a type that is not known here.
    case unknown

    /// - Parameter isTold: the column's name speaks of what is looked for, or every value is to be looked at.
    init(_ type: ValueType, binary: Bool, isTold: Bool) {
        switch type {
        case .text: self = .text
        case .xml: self = .xml
        case .json: self = .json
        case .jsonb: self = binary ? .jsonb : .json
        case .bytea: self = binary ? .bytes : .byteaText
        case .scalar(let scalar):
            let kind = scalar.saysNothingAlone(binary: binary) && !isTold ? .skip : scalar.kind
            self = binary && kind != .skip ? .rendered(type, kind) : kind
        case .array(let element, let delimiter):
            if binary {
                self = .arrayBinary
            } else {
                self = .arrayText(ValueKind(element, binary: false, isTold: isTold), delimiter: delimiter)
            }
        case .range(let bound), .multirange(let bound):
            let isQuiet = ValueKind(bound, binary: false, isTold: isTold) == .skip
            self = isQuiet ? .skip : binary ? .rendered(type, .nested) : .nested
        case .vector: self = binary ? .rendered(type, .shown) : .shown
        case .record: self = binary ? .rendered(type, .nested) : .nested
        case .unknown: self = binary ? .unknown : .nested
        }
    }

    /// Whether the candidates of a scan over the wire bytes say where to look.
    var readsWireText: Bool {
        switch self {
        case .text, .xml, .json, .jsonb, .bytes, .byteaText, .shown, .decimal, .floats, .money, .moment, .lexemes,
            .nested, .anyText, .arrayText, .unknown:
            true
        case .skip, .arrayBinary, .rendered: false
        }
    }

    /// Whether there is nothing to find where a scan over the wire bytes proposes nothing.
    var showsOnWire: Bool {
        switch self {
        case .text, .shown, .decimal, .moment: true
        case .skip, .xml, .json, .jsonb, .bytes, .byteaText, .floats, .money, .lexemes, .nested, .anyText, .arrayText,
            .arrayBinary, .rendered, .unknown:
            false
        }
    }
}

extension ScalarType {
    /// What shows is too short or too regular to be an entity, unless something else says so.
    fileprivate func saysNothingAlone(binary: Bool) -> Bool {
        switch self {
        case .objectName: binary
        case .boolean, .character, .void, .int2, .int4, .oid, .date, .time, .timetz, .timestamp, .timestamptz,
            .interval, .tid, .lsn:
            true
        case .int8, .xid8, .numeric, .float4, .float8, .money, .inet, .macaddr, .uuid, .bits, .point, .lseg, .path,
            .box,
            .polygon, .line, .circle, .snapshot, .tsvector, .tsquery, .jsonpath, .string:
            false
        }
    }

    fileprivate var kind: ValueKind {
        switch self {
        case .int2, .int4, .int8, .xid8, .numeric: .decimal
        case .float4, .float8, .point, .lseg, .path, .box, .polygon, .line, .circle: .floats
        case .money: .money
        case .date, .timestamp, .timestamptz: .moment
        case .tsvector, .tsquery: .lexemes
        case .boolean, .character, .void, .oid, .objectName, .time, .timetz, .interval, .inet, .macaddr, .uuid, .bits,
            .lsn,
            .tid, .snapshot, .jsonpath, .string:
            .shown
        }
    }
}

/// What may stand for a whole value without breaking its type for the client.
enum Substitute {
    case text, json, jsonb
    /// Text that stays XML.
    case xml
    /// Only NULL.
    case none

    init(type: UInt32, binary: Bool) {
        switch ValueType(type) {
        case .text: self = .text
        case .xml: self = .xml
        case .json: self = .json
        case .jsonb: self = binary ? .jsonb : .json
        case .bytea, .scalar, .array, .vector, .range, .multirange, .record, .unknown: self = .none
        }
    }
}
