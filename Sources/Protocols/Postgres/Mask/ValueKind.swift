import Detection

/// How a value of a type in a format is read by the detectors.
///
/// Type numbers are those of `pg_type.dat`; they never change for built-in types.
indirect enum ValueKind: Equatable {
    /// Too short or too regular to show an entity.
    case skip
    /// Text that may be edited in place.
    case text
    case json
    /// Binary jsonb: a version byte, then JSON text.
    case jsonb
    /// The text of another type: a finding makes the value NULL.
    case shownText
    /// The text of a floating-point number, perhaps with an exponent.
    case floatText
    case byteaText
    /// Bytes, which are scanned as they are.
    case bytes
    case integer
    case numeric
    case float
    /// Days since 2000-01-01, read in a column whose name speaks of births.
    case date
    case uuid
    /// An array's text; elements are of this kind.
    case arrayText(ValueKind)
    case arrayBinary
    case composite
    /// Binary of a type that is not known here.
    case unknownBinary
    /// Neither type nor format is known.
    case unknown

    init(type: UInt32, binary: Bool, near: FieldContext = .none) {
        switch type {
        case 25, 1043, 1042, 19, 705, 142: self = .text
        case 114: self = .json
        case 3802: self = binary ? .jsonb : .json
        case 16, 18, 21, 26, 27, 28, 29, 650, 774, 829, 869, 1083, 1114, 1184, 1186, 1266, 2278, 3220, 5069:
            self = .skip
        case 23: self = !near.isEmpty ? (binary ? .integer : .shownText) : .skip
        case 1082: self = near.isEmpty ? .skip : binary ? .date : .shownText
        case 20: self = binary ? .integer : .shownText
        case 1700: self = binary ? .numeric : .shownText
        case 700, 701: self = binary ? .float : .floatText
        case 17: self = binary ? .bytes : .byteaText
        case 2950: self = binary ? .uuid : .shownText
        case 2249: self = binary ? .composite : .shownText
        case _:
            if let element = ValueKind.elementType(ofArray: type) {
                self =
                    binary
                    ? .arrayBinary : .arrayText(ValueKind(type: element, binary: false, near: near))
            } else {
                self = binary ? .unknownBinary : .shownText
            }
        }
    }

    /// Whether the candidates of a scan over the wire bytes say where to look.
    var readsWireText: Bool {
        switch self {
        case .text, .json, .jsonb, .shownText, .floatText, .byteaText, .bytes, .arrayText, .unknownBinary, .unknown:
            true
        case .skip, .integer, .numeric, .float, .date, .uuid, .arrayBinary, .composite: false
        }
    }

    private static func elementType(ofArray type: UInt32) -> UInt32? {
        switch type {
        case 1000: 16
        case 1001: 17
        case 1002: 18
        case 1003: 19
        case 1005: 21
        case 1007: 23
        case 1009: 25
        case 1014: 1042
        case 1015: 1043
        case 1016: 20
        case 1021: 700
        case 1022: 701
        case 1028: 26
        case 1040: 829
        case 1041: 869
        case 1115: 1114
        case 1182: 1082
        case 1183: 1083
        case 1185: 1184
        case 1187: 1186
        case 1231: 1700
        case 1270: 1266
        case 143: 142
        case 199: 114
        case 3807: 3802
        case 651: 650
        case 775: 774
        case 2287: 2249
        case 2951: 2950
        case _: nil
        }
    }
}

/// What may stand for a whole value without breaking its type for the client.
enum Substitute {
    case text, json, jsonb
    /// Only NULL.
    case none

    init(type: UInt32, binary: Bool) {
        switch type {
        case 25, 1043, 1042, 19, 705, 142: self = .text
        case 114: self = .json
        case 3802: self = binary ? .jsonb : .json
        case _: self = .none
        }
    }
}
