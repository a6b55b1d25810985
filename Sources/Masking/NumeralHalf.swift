/// One half of a numeral string as a number, in words: its numerals are put together to as few places as there can be, so that
/// a step costs some words' arithmetic, and nothing is allocated.
struct NumeralHalf {
    static let maximumNumerals = 32
    static let maximumRadix = 256

    /// Little-endian, each below the base of its place; so many numerals of no radix take more than eight.
    private var places = InlineArray<8, UInt32>(repeating: 0)
    private let shape: Shape

    /// How numerals are put together.
    struct Shape {
        let radix: UInt64
        let numerals: Int
        /// In each place but the last, which has the rest.
        let numeralsOfPlace: Int
        let base: UInt64
        let places: Int
        let lastBase: UInt64

        /// - Parameters:
        ///   - numerals: 1 to ``NumeralHalf/maximumNumerals``.
        ///   - radix: 2 to ``NumeralHalf/maximumRadix``.
        init(numerals: Int, radix: Int) {
            self.numerals = numerals
            self.radix = UInt64(radix)
            var base = UInt64(radix)
            var count = 1
            while base * self.radix <= 1 << 32, count < numerals {
                base *= self.radix
                count += 1
            }
            self.base = base
            numeralsOfPlace = count
            places = (numerals + count - 1) / count
            var last: UInt64 = 1
            for _ in 0..<numerals - (places - 1) * count { last *= self.radix }
            lastBase = last
        }

        func base(_ place: Int) -> UInt64 { place == places - 1 ? lastBase : base }
    }

    private init(_ shape: Shape) { self.shape = shape }

    /// - Parameter numerals: as many as the shape has, the most significant first.
    init(_ numerals: ArraySlice<UInt8>, _ shape: Shape) {
        self.init(shape)
        var place = shape.places - 1
        var rest = shape.numerals - place * shape.numeralsOfPlace
        for numeral in numerals {
            if rest == 0 {
                place -= 1
                rest = shape.numeralsOfPlace
            }
            places[place] = UInt32(UInt64(places[place]) * shape.radix + UInt64(numeral))
            rest -= 1
        }
    }

    /// The largest number of the shape.
    static func largest(_ shape: Shape) -> NumeralHalf {
        var half = NumeralHalf(shape)
        for place in 0..<shape.places { half.places[place] = UInt32(shape.base(place) - 1) }
        return half
    }

    func append(to out: inout [UInt8]) {
        for place in (0..<shape.places).reversed() {
            var divisor = shape.base(place) / shape.radix
            var rest = UInt64(places[place])
            while divisor > 0 {
                out.append(UInt8(rest / divisor))
                rest %= divisor
                divisor /= shape.radix
            }
        }
    }

    /// NUM, little-endian.
    var words: Words {
        var words = Words()
        for place in (0..<shape.places).reversed() {
            var carry = UInt64(places[place])
            var index = 0
            while index < words.count || carry > 0 {
                if index == words.count { words.append(0) }
                carry += UInt64(words[index]) * shape.base
                words[index] = UInt32(truncatingIfNeeded: carry)
                carry >>= 32
                index += 1
            }
        }
        return words
    }

    /// STR of a number modulo the radix to the power of the shape's numerals.
    private static func modulo(_ number: Words, _ shape: Shape) -> NumeralHalf {
        var number = number
        var half = NumeralHalf(shape)
        for place in 0..<shape.places {
            half.places[place] = UInt32(number.divide(by: shape.base(place)))
        }
        return half
    }

    func adding(_ code: Words) -> NumeralHalf {
        var sum = NumeralHalf.modulo(code, shape)
        var carry: UInt64 = 0
        for place in 0..<shape.places {
            carry += UInt64(places[place]) + UInt64(sum.places[place])
            let base = shape.base(place)
            let isOver = carry >= base
            sum.places[place] = UInt32(isOver ? carry - base : carry)
            carry = isOver ? 1 : 0
        }
        return sum
    }

    func subtracting(_ code: Words) -> NumeralHalf {
        var difference = NumeralHalf.modulo(code, shape)
        var borrow: UInt64 = 0
        for place in 0..<shape.places {
            let taken = UInt64(difference.places[place]) + borrow
            let isUnder = UInt64(places[place]) < taken
            difference.places[place] = UInt32(UInt64(places[place]) + (isUnder ? shape.base(place) : 0) - taken)
            borrow = isUnder ? 1 : 0
        }
        return difference
    }

    /// A number of 32-bit words, the least significant first.
    struct Words {
        private(set) var count = 0
        /// Eight for the largest number, and one more for FF1's codes.
        private var words = InlineArray<9, UInt32>(repeating: 0)

        init(zeros count: Int = 0) { self.count = count }

        subscript(index: Int) -> UInt32 {
            get { words[index] }
            set { words[index] = newValue }
        }

        mutating func append(_ word: UInt32) {
            words[count] = word
            count += 1
        }

        var byteCount: Int {
            guard let highest = (0..<count).last(where: { words[$0] != 0 }) else { return 0 }
            return 4 * highest + (39 - words[highest].leadingZeroBitCount) / 8
        }

        /// The byte that counts for 256 to the power of `place`.
        func byte(_ place: Int) -> UInt8 {
            place >> 2 < count ? UInt8(truncatingIfNeeded: words[place >> 2] >> UInt32(8 * (place & 3))) : 0
        }

        /// Leaves the quotient and returns the remainder.
        fileprivate mutating func divide(by divisor: UInt64) -> UInt64 {
            while count > 0, words[count - 1] == 0 { count -= 1 }
            var remainder: UInt64 = 0
            for index in (0..<count).reversed() {
                let part = remainder << 32 | UInt64(words[index])
                let quotient = part / divisor
                words[index] = UInt32(truncatingIfNeeded: quotient)
                remainder = part - quotient * divisor
            }
            return remainder
        }
    }
}
