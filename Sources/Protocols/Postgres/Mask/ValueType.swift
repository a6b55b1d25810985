/// What the values of a PostgreSQL type are made of, as far as masking needs it.
indirect enum ValueType: Equatable {
    /// Text that may be any text.
    case text, xml
    case json, jsonb
    case bytea
    case scalar(ScalarType)
    case array(ValueType, delimiter: UInt8)
    /// int2vector, oidvector: in binary arrays, in text words.
    case vector
    case range(ValueType)
    case multirange(ValueType)
    case record
    /// A type of an extension, or made by a user: its number says nothing.
    case unknown
}

/// Types whose values have a form of their own.
enum ScalarType: Equatable {
    case boolean, character, void
    case int2, int4, int8, numeric, float4, float8, money
    /// Unsigned numbers of four and eight bytes.
    case oid, xid8
    /// In binary as ``oid``; in text the name of what has the number (`regclass`, `regrole`).
    case objectName
    case date, time, timetz, timestamp, timestamptz, interval
    case inet, macaddr, uuid, bits
    case point, lseg, path, box, polygon, line, circle
    case lsn, tid, snapshot
    case tsvector, tsquery, jsonpath
    /// What shows in binary is what shows in text.
    case string
}

extension ValueType {
    /// - Parameter number: of `pg_type`; those of built-in types never change.
    init(_ number: UInt32) {
        if let element = ValueType.element(ofArray: number) {
            self = .array(ValueType(element), delimiter: element == 603 ? 0x3b : 0x2c)
        } else {
            self = ValueType.single(number)
        }
    }

    private static func single(_ number: UInt32) -> ValueType {
        switch number {
        case 19, 25, 705, 1042, 1043, 1790, 2275: .text
        case 142: .xml
        case 114: .json
        case 3802: .jsonb
        // Statistics leave in binary as the bytes of what they show; those with values show as bytea.
        case 17, 4600, 4601, 5017: .bytea
        case 22, 30: .vector
        case 2249: .record
        case 3904: .range(.scalar(.int4))
        case 3906: .range(.scalar(.numeric))
        case 3908: .range(.scalar(.timestamp))
        case 3910: .range(.scalar(.timestamptz))
        case 3912: .range(.scalar(.date))
        case 3926: .range(.scalar(.int8))
        case 4451: .multirange(.scalar(.int4))
        case 4532: .multirange(.scalar(.numeric))
        case 4533: .multirange(.scalar(.timestamp))
        case 4534: .multirange(.scalar(.timestamptz))
        case 4535: .multirange(.scalar(.date))
        case 4536: .multirange(.scalar(.int8))
        case _: ScalarType(number).map(ValueType.scalar) ?? .unknown
        }
    }

    private static func element(ofArray number: UInt32) -> UInt32? {
        arrays[number]
    }

    /// Array types and their elements' (`pg_type.typarray`).
    private static let arrays: [UInt32: UInt32] = [
        143: 142, 199: 114, 271: 5069, 629: 628, 651: 650, 719: 718, 775: 774, 791: 790, 1000: 16, 1001: 17, 1002: 18,
        1003: 19, 1005: 21, 1006: 22, 1007: 23, 1008: 24, 1009: 25, 1010: 27, 1011: 28, 1012: 29, 1013: 30, 1014: 1042,
        1015: 1043, 1016: 20, 1017: 600, 1018: 601, 1019: 602, 1020: 603, 1021: 700, 1022: 701, 1027: 604, 1028: 26,
        1034: 1033, 1040: 829, 1041: 869, 1115: 1114, 1182: 1082, 1183: 1083, 1185: 1184, 1187: 1186, 1231: 1700,
        1263: 2275, 1270: 1266, 1561: 1560, 1563: 1562, 2201: 1790, 2207: 2202, 2208: 2203, 2209: 2204, 2210: 2205,
        2211: 2206, 2287: 2249, 2949: 2970, 2951: 2950, 3221: 3220, 3643: 3614, 3644: 3642, 3645: 3615, 3735: 3734,
        3770: 3769, 3807: 3802, 3905: 3904, 3907: 3906, 3909: 3908, 3911: 3910, 3913: 3912, 3927: 3926, 4073: 4072,
        4090: 4089, 4097: 4096, 4192: 4191, 5039: 5038, 6150: 4451, 6151: 4532, 6152: 4533, 6153: 4534, 6155: 4535,
        6157: 4536,
    ]
}

extension ScalarType {
    fileprivate init?(_ number: UInt32) {
        switch number {
        case 16: self = .boolean
        case 18: self = .character
        case 20: self = .int8
        case 21: self = .int2
        case 23: self = .int4
        case 26, 28, 29: self = .oid
        case 24, 2202...2206, 3734, 3769, 4089, 4096, 4191: self = .objectName
        case 27: self = .tid
        case 194, 1033, 3361, 3402, 3642: self = .string
        case 600: self = .point
        case 601: self = .lseg
        case 602: self = .path
        case 603: self = .box
        case 604: self = .polygon
        case 628: self = .line
        case 650, 869: self = .inet
        case 700: self = .float4
        case 701: self = .float8
        case 718: self = .circle
        case 774, 829: self = .macaddr
        case 790: self = .money
        case 1082: self = .date
        case 1083: self = .time
        case 1114: self = .timestamp
        case 1184: self = .timestamptz
        case 1186: self = .interval
        case 1266: self = .timetz
        case 1560, 1562: self = .bits
        case 1700: self = .numeric
        case 2278: self = .void
        case 2950: self = .uuid
        case 2970, 5038: self = .snapshot
        case 3220: self = .lsn
        case 3614: self = .tsvector
        case 3615: self = .tsquery
        case 4072: self = .jsonpath
        case 5069: self = .xid8
        case _: return nil
        }
    }
}
