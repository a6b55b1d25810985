/// An exact decimal number of a literal's size. What does not fit, or has no end, is nil.
struct Number: Equatable {
    /// Digits before and after the point, and after it alone: two numbers can then be brought to one scale in 128 bits.
    private static let maximumDigits = 20
    private static let maximumScale = 18
    /// Digits after the point that a division may add.
    private static let maximumQuotientDigits = 6
    /// PostgreSQL manual, 8.1: the ranges of integer and bigint.
    static let least = [Number(Int64(Int32.min)), Number(.min)]
    static let greatest = [Number(Int64(Int32.max)), Number(.max)]
    static let zero = Number(0)
    static let one = Number(1)

    /// Without trailing zeros after the point, so that equal numbers are the same.
    private let coefficient: Int128
    private let scale: Int
    private let kind: Kind

    /// Of two numbers, the result has the later one.
    enum Kind: Int {
        /// Its division cuts.
        case integer
        case exact
        /// Of double precision, which only numbers with an end in base two are worked out of.
        case float
    }

    var isInteger: Bool { kind == .integer }

    init(_ value: Int64) {
        coefficient = Int128(value)
        scale = 0
        kind = .integer
    }

    private init?(_ coefficient: Int128, scale: Int, kind: Kind = .exact) {
        var coefficient = coefficient
        var scale = scale
        while scale > 0, coefficient % 10 == 0 {
            coefficient /= 10
            scale -= 1
        }
        guard scale <= Self.maximumScale, coefficient.magnitude < Self.powers[Self.maximumDigits].magnitude else {
            return nil
        }
        guard kind != .float || Self.isFloat(coefficient, scale: scale) else { return nil }
        self.coefficient = coefficient
        self.scale = scale
        self.kind = kind
    }

    /// Whether double precision has exactly this number, which has no zeros at its end.
    private static func isFloat(_ coefficient: Int128, scale: Int) -> Bool {
        coefficient.magnitude < 1 << 53 && coefficient % (powers[scale] >> Int128(scale)) == 0
    }

    /// The number as a result of that type, or of its own when that is the later; nil where it changes by it.
    func of(_ kind: Kind) -> Number? { Number(coefficient, scale: scale, kind: Self.kind(self.kind, kind)) }

    /// The type of both in a list.
    func kind(beside other: Kind?) -> Kind { Self.kind(kind, other ?? .integer) }

    private static func kind(_ a: Kind, _ b: Kind) -> Kind { a.rawValue < b.rawValue ? b : a }

    /// Whether PostgreSQL compares them as they are.
    func isComparable(with other: Number) -> Bool {
        let kind = Self.kind(kind, other.kind)
        return of(kind) != nil && other.of(kind) != nil
    }

    /// Both as numbers of the same type.
    private static func alike(_ a: Number, _ b: Number) -> (a: Number, b: Number, kind: Kind)? {
        let kind = kind(a.kind, b.kind)
        guard let a = a.of(kind), let b = b.of(kind) else { return nil }
        return (a, b, kind)
    }

    /// PostgreSQL manual, 4.1.2.6: digits with an optional sign, point and exponent.
    init?(_ text: String) {
        var coefficient: Int128 = 0
        var scale = 0
        var exponent = 0
        var digits = 0
        var isNegative = false
        var exponentIsNegative = false
        var part = Part.sign
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "-") where part == .sign, UInt8(ascii: "+") where part == .sign:
                isNegative = byte == UInt8(ascii: "-")
                part = .whole
            case UInt8(ascii: "-") where part == .exponentSign, UInt8(ascii: "+") where part == .exponentSign:
                exponentIsNegative = byte == UInt8(ascii: "-")
                part = .exponentDigits
            case UInt8(ascii: ".") where part == .sign || part == .whole: part = .fraction
            case UInt8(ascii: "e") where digits > 0 && part < .exponentSign,
                UInt8(ascii: "E") where digits > 0 && part < .exponentSign:
                part = .exponentSign
            case UInt8(ascii: "0")...UInt8(ascii: "9"):
                let digit = Int128(byte - UInt8(ascii: "0"))
                if part >= .exponentSign {
                    part = .exponent
                    exponent = exponent * 10 + Int(digit)
                    guard exponent <= Self.maximumDigits else { return nil }
                } else {
                    if part == .sign { part = .whole }
                    digits += 1
                    guard digits < Self.powers.count - 1 else { return nil }
                    coefficient = coefficient * 10 + digit
                    if part == .fraction { scale += 1 }
                }
            default: return nil
            }
        }
        guard digits > 0, part != .exponentSign, part != .exponentDigits else { return nil }
        let isInteger = part <= .whole
        scale -= exponentIsNegative ? -exponent : exponent
        if scale < 0 {
            guard -scale < Self.powers.count else { return nil }
            let (product, isTooLarge) = coefficient.multipliedReportingOverflow(by: Self.powers[-scale])
            guard !isTooLarge else { return nil }
            coefficient = product
            scale = 0
        }
        // What bigint does not hold is numeric.
        let fits = coefficient <= Int128(Int64.max) + (isNegative ? 1 : 0)
        self.init(
            isNegative ? -coefficient : coefficient, scale: scale, kind: isInteger && fits ? .integer : .exact)
    }

    private enum Part: Int, Comparable {
        case sign, whole, fraction, exponentSign, exponentDigits, exponent
        static func < (a: Part, b: Part) -> Bool { a.rawValue < b.rawValue }
    }

    private static let powers: [Int128] = (0...38).map { (0..<$0).reduce(Int128(1)) { power, _ in power * 10 } }

    static func == (a: Number, b: Number) -> Bool { a.coefficient == b.coefficient && a.scale == b.scale }

    static func < (a: Number, b: Number) -> Bool {
        let scale = max(a.scale, b.scale)
        return a.scaled(to: scale) < b.scaled(to: scale)
    }

    private func scaled(to scale: Int) -> Int128 { coefficient * Self.powers[scale - self.scale] }

    var isWhole: Bool { scale == 0 }
    var isZero: Bool { coefficient == 0 }
    var isNegative: Bool { coefficient < 0 }
    /// As an Int, where it is one and small.
    var small: Int? { scale == 0 && coefficient.magnitude <= 1 << 16 ? Int(coefficient) : nil }
    /// The least step at its last digit.
    var step: Number { Number(1, scale: scale) ?? .one }

    static prefix func - (number: Number) -> Number? {
        Number(-number.coefficient, scale: number.scale, kind: number.kind)
    }

    static func + (a: Number, b: Number) -> Number? {
        guard let (a, b, kind) = alike(a, b) else { return nil }
        let scale = max(a.scale, b.scale)
        return Number(a.scaled(to: scale) + b.scaled(to: scale), scale: scale, kind: kind)
    }

    static func - (a: Number, b: Number) -> Number? { (-b).flatMap { a + $0 } }

    static func * (a: Number, b: Number) -> Number? {
        guard let (a, b, kind) = alike(a, b) else { return nil }
        let (product, isTooLarge) = a.coefficient.multipliedReportingOverflow(by: b.coefficient)
        return isTooLarge ? nil : Number(product, scale: a.scale + b.scale, kind: kind)
    }

    /// As PostgreSQL divides: whole numbers are cut towards zero.
    static func / (a: Number, b: Number) -> Number? {
        guard let (a, b, kind) = alike(a, b) else { return nil }
        guard kind == .integer else { return a.exactly(dividedBy: b)?.of(kind) }
        return b.isZero ? nil : Number(a.coefficient / b.coefficient, scale: 0, kind: .integer)
    }

    static func % (a: Number, b: Number) -> Number? {
        guard let (a, b, kind) = alike(a, b), !b.isZero else { return nil }
        let scale = max(a.scale, b.scale)
        return Number(a.scaled(to: scale) % b.scaled(to: scale), scale: scale, kind: kind)
    }

    /// The quotient where it has an end.
    func exactly(dividedBy divisor: Number) -> Number? {
        guard !divisor.isZero else { return nil }
        let common = max(scale, divisor.scale)
        let below = divisor.scaled(to: common)
        var above = scaled(to: common)
        for digits in 0...Self.maximumQuotientDigits {
            if above % below == 0 { return Number(above / below, scale: digits) }
            let (next, isTooLarge) = above.multipliedReportingOverflow(by: 10)
            guard !isTooLarge else { return nil }
            above = next
        }
        return nil
    }

    enum Rounding { case down, up, nearest, towardsZero }

    /// - Parameter toInteger: by a cast; functions that round make double precision of integers.
    func rounded(_ rounding: Rounding, toInteger: Bool = false) -> Number? {
        let unit = Self.powers[scale]
        let rest = coefficient % unit
        var whole = coefficient / unit
        switch rounding {
        case .down: whole -= rest < 0 ? 1 : 0
        case .up: whole += rest > 0 ? 1 : 0
        // Away from zero at the half, as numeric is.
        case .nearest: whole += rest.magnitude * 2 < unit.magnitude ? 0 : coefficient.signum()
        case .towardsZero: break
        }
        return Number(whole, scale: 0, kind: toInteger ? .integer : isInteger ? .float : kind)
    }
}
