import TestKit

/// A value in both formats, made by itself: nothing of the code under test takes part.
struct TypedValue {
    let text: [UInt8]
    let binary: [UInt8]

    init(_ text: String, _ binary: [UInt8]) { (self.text, self.binary) = (Array(text.utf8), binary) }

    /// Of types whose binary form is their text.
    init(_ text: String) { self.init(text, Array(text.utf8)) }

    var shown: String { String(decoding: text, as: UTF8.self) }
}

/// How the values of a column are made.
indirect enum Shape {
    case leaf(Leaf)
    case array(Leaf)
    case record([Shape])
    /// int8range and numrange.
    case range(Leaf)
    case multirange

    enum Leaf: UInt32, CaseIterable {
        case text = 25, varchar = 1043, xml = 142, json = 114, jsonb = 3802, bytea = 17
        case int4 = 23, int8 = 20, numeric = 1700, float8 = 701, money = 790, boolean = 16
        case date = 1082, uuid = 2950, point = 600, bits = 1562, tsvector = 3614
        /// An enumeration, and hstore.
        case word = 16_999
        case pairs = 17_001

        /// Types of extensions and users have no fixed array types.
        var arrayType: UInt32? {
            switch self {
            case .text: 1009
            case .varchar: 1015
            case .xml: 143
            case .json: 199
            case .jsonb: 3807
            case .bytea: 1001
            case .int4: 1007
            case .int8: 1016
            case .numeric: 1231
            case .float8: 1022
            case .money: 791
            case .boolean: 1000
            case .date: 1182
            case .uuid: 2951
            case .point: 1017
            case .bits: 1563
            case .tsvector: 3643
            case .word, .pairs: nil
            }
        }
    }

    static func random(_ seed: inout Seed, depth: Int = 0) -> Shape {
        func leaf() -> Leaf { Leaf.allCases.randomElement(using: &seed)! }
        switch Int.random(in: 0..<(depth < 3 ? 10 : 6), using: &seed) {
        case 0..<5: return .leaf(leaf())
        case 5:
            let element = leaf()
            return element.arrayType == nil ? .leaf(element) : .array(element)
        case 6: return .range([Leaf.int8, .numeric].randomElement(using: &seed)!)
        case 7: return .multirange
        case _:
            return .record((0..<Int.random(in: 1...3, using: &seed)).map { _ in random(&seed, depth: depth + 1) })
        }
    }

    var type: UInt32 {
        switch self {
        case .leaf(let leaf): leaf.rawValue
        case .array(let leaf): leaf.arrayType!
        case .record: 2249
        case .range(let leaf): leaf == .int8 ? 3926 : 3906
        case .multirange: 4536
        }
    }

    func value(_ seed: inout Seed, _ secret: Sensitive?) -> TypedValue {
        switch self {
        case .leaf(let leaf): return leaf.value(&seed, secret)
        case .array(let leaf):
            let place = Int.random(in: 0..<3, using: &seed)
            let elements = (0..<3).map { leaf.value(&seed, $0 == place ? secret : nil) }
            return TypedValue(
                "{" + (elements.map { quoted($0.shown, backslash: true) } + ["NULL"]).joined(separator: ",") + "}",
                Wire.int32(1) + Wire.int32(1) + Wire.int32(Int(leaf.rawValue)) + Wire.int32(4) + Wire.int32(1)
                    + elements.flatMap { Wire.int32($0.binary.count) + $0.binary } + Wire.int32(-1))
        case .record(let fields):
            let place = Int.random(in: 0..<fields.count, using: &seed)
            let values = fields.enumerated().map { ($1.type, $1.value(&seed, $0 == place ? secret : nil)) }
            return TypedValue(
                "(" + values.map { quoted($0.1.shown, backslash: false) }.joined(separator: ",") + ",)",
                Wire.int32(values.count + 1)
                    + values.flatMap { Wire.int32(Int($0)) + Wire.int32($1.binary.count) + $1.binary }
                    + Wire.int32(25) + Wire.int32(-1))
        case .range(let leaf):
            let bound = leaf.value(&seed, secret)
            return TypedValue("[\(bound.shown),)", [0x12] + Wire.int32(bound.binary.count) + bound.binary)
        case .multirange:
            let range = Shape.range(.int8).value(&seed, secret)
            return TypedValue("{\(range.shown)}", Wire.int32(1) + Wire.int32(range.binary.count) + range.binary)
        }
    }

    /// Whether the type can hold the secret at all: numbers hold cards alone.
    func holds(_ secret: Sensitive) -> Bool {
        switch self {
        case .leaf(let leaf), .array(let leaf), .range(let leaf): leaf.holds(secret)
        case .record(let fields): fields.allSatisfy { $0.holds(secret) }
        case .multirange: Leaf.int8.holds(secret)
        }
    }

    private func quoted(_ text: String, backslash: Bool) -> String {
        let (quote, slash) = backslash ? ("\\\"", "\\\\") : ("\"\"", "\\\\")
        return "\"" + text.replacing("\\", with: slash).replacing("\"", with: quote) + "\""
    }
}

extension Shape.Leaf {
    func holds(_ secret: Sensitive) -> Bool {
        switch self {
        case .text, .varchar, .xml, .json, .jsonb, .bytea, .word, .pairs: true
        case .int8, .numeric, .float8, .money: secret.number != nil
        case .tsvector:
            if case .email = secret { true } else { false }
        case .int4, .boolean, .date, .uuid, .point, .bits: false
        }
    }

    func value(_ seed: inout Seed, _ secret: Sensitive?) -> TypedValue {
        let secret = secret.flatMap { holds($0) ? $0 : nil }
        let small = Int.random(in: 0...99_999, using: &seed)
        let written = secret?.text ?? ["plain words", "", "ä \"q\" \\ b", "x,y", "NULL"].randomElement(using: &seed)!
        switch self {
        case .text, .varchar: return TypedValue("to \(written)!")
        case .word: return TypedValue(secret?.text ?? "happy")
        case .xml:
            guard let secret else { return TypedValue("<a b=\"c\">d &amp; e</a>") }
            let isEscaped = Bool.random(using: &seed)
            return TypedValue("<a>\(isEscaped ? secret.xmlEscaped : secret.text)</a>")
        case .json, .jsonb:
            let isEscaped = Bool.random(using: &seed)
            let inside = secret.map { isEscaped ? $0.jsonEscaped : $0.text } ?? "caf\\u00e9"
            let text = "{\"a\": [\(small), \"\(inside)\"]}"
            return TypedValue(text, (self == .jsonb ? [1] : []) + Array(text.utf8))
        case .bytea:
            let bytes = Bool.random(using: &seed) ? Array(written.utf8) : secret?.utf16 ?? [0, 0xff, 0x41]
            let text = bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
            return TypedValue("\\x" + text, bytes)
        case .int4: return TypedValue("\(small)", Wire.int32(small))
        case .int8:
            let number = secret?.number ?? Int64(small)
            return TypedValue("\(number)", Wire.int64(number))
        case .numeric:
            let number = secret?.number ?? Int64(small) + 1
            let groups = numericGroups(number)
            return TypedValue(
                "\(number).00",
                Wire.int16(groups.count / 2) + Wire.int16((groups.count - 1) / 2) + Wire.int16(0) + Wire.int16(2)
                    + groups)
        case .float8:
            guard let number = secret?.number else {
                return TypedValue("\(small).5", Wire.int64(Int64(bitPattern: (Double(small) + 0.5).bitPattern)))
            }
            return TypedValue(exponent(number), Wire.int64(Int64(bitPattern: Double(number).bitPattern)))
        case .money:
            let number = secret?.number ?? Int64(small)
            return TypedValue(moneyText(number), Wire.int64(number * 100))
        case .boolean: return TypedValue(small % 2 == 0 ? "t" : "f", [small % 2 == 0 ? 1 : 0])
        case .date: return TypedValue("1980-05-17", Wire.int32(-7168))
        case .uuid: return TypedValue("aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa", [UInt8](repeating: 0xaa, count: 16))
        case .point:
            return TypedValue(
                "(\(small).5,1)",
                Wire.int64(Int64(bitPattern: (Double(small) + 0.5).bitPattern))
                    + Wire.int64(Int64(bitPattern: 1.0.bitPattern)))
        case .bits: return TypedValue("101", Wire.int32(3) + [0xa0])
        case .tsvector:
            let word = secret?.text ?? "fat"
            return TypedValue("'\(word)':1", Wire.int32(1) + Array(word.utf8) + [0] + Wire.int16(1) + Wire.int16(1))
        case .pairs:
            let value = written.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
            return TypedValue(
                "\"k\"=>\"\(value)\"",
                Wire.int32(1) + Wire.int32(1) + Array("k".utf8) + Wire.int32(written.utf8.count) + Array(written.utf8))
        }
    }
}
